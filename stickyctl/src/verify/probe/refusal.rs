//! Why a certificate was refused, and what to do about it.

use super::trust::is_an_authority;
use rustls::{CertificateError, Error};
use std::io;

/// The most names of a certificate that are listed.
const NAMES: usize = 3;

/// Why TLS failed.
pub(super) fn failure(why: &io::Error) -> String {
    why.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).map_or_else(|| why.to_string(), refusal)
}

/// Why TLS failed: for a certificate in plain words, with the flags that help.
pub(super) fn refusal(why: &Error) -> String {
    let Error::InvalidCertificate(why) = why else { return why.to_string() };
    match why {
        CertificateError::UnknownIssuer => {
            "the certificate comes from an authority that is not trusted: trust it with --ca FILE, or accept any certificate with --insecure"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "the certificate is not signed by the authority that it names, but by another one of the same name: trust that one with --ca FILE, or \
             accept any certificate with --insecure"
                .to_owned()
        }
        CertificateError::Other(other) if is_an_authority(other) => {
            "the certificate is self-signed and marked as an authority's: trust it with --ca FILE, or accept any certificate with --insecure"
                .to_owned()
        }
        CertificateError::Other(other) if other.to_string().contains("UnsupportedCertVersion") => {
            "the certificate is of X.509 version 1, which browsers refuse: issue one of version 3, or accept any with --insecure".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired: renew it, or accept any certificate with --insecure".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet: check this machine's clock, or accept any certificate with --insecure".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| name.split('"').nth(1).unwrap_or(name)).collect();
            let more = if names.len() > NAMES { format!(" and {} more", names.len() - NAMES) } else { String::new() };
            let names = if names.is_empty() { "no name".to_owned() } else { names[..names.len().min(NAMES)].join(", ") + &more };
            format!("the certificate is for {names}, not for {}: use --host NAME, or accept any certificate with --insecure", expected.to_str())
        }
        CertificateError::NotValidForName => {
            "the certificate is for another name: use --host NAME, or accept any certificate with --insecure".to_owned()
        }
        other => format!("the certificate was refused ({other}): accept any certificate with --insecure"),
    }
}
