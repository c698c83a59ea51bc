//! Which certificates of a site are accepted, apart from those that lead to one of the system's authorities.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Accepts certificates that lead to one of its own, and each of its own itself: a self-signed one is often marked as an authority's, as
/// `openssl req -x509` does it, and then no path leads from it to itself (RFC 5280 section 6.1.4). Its name and its dates have to fit all the
/// same.
#[derive(Debug)]
pub(super) struct Own {
    certificates: Vec<CertificateDer<'static>>,
    paths: Arc<WebPkiServerVerifier>,
}

impl Own {
    /// Fails if a certificate cannot be read, or if there is none.
    pub(super) fn new(certificates: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone())?;
        }
        let paths = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { certificates, paths: paths.map_err(|why| Error::General(why.to_string()))? })
    }

    /// Whether an error means that only the way to an authority is missing. Dates are checked before it.
    fn is_about_its_authority(why: &Error) -> bool {
        match why {
            // Another one may have its authority's name.
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => true,
            Error::InvalidCertificate(CertificateError::Other(other)) => is_an_authority(other),
            _ => false,
        }
    }
}

/// Whether a certificate was refused because it is marked as an authority's.
pub(super) fn is_an_authority(other: &rustls::OtherError) -> bool {
    // The error's type is not part of the library's interface, its name is.
    other.to_string().contains("CaUsedAsEndEntity")
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let why = match self.paths.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(why) if Self::is_about_its_authority(&why) => why,
            known => return known,
        };
        if !self.certificates.iter().any(|own| own.as_ref() == certificate.as_ref()) {
            return Err(why);
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.paths.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.paths.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.paths.supported_verify_schemes()
    }
}

/// Accepts any certificate; signatures are still verified.
#[derive(Debug)]
pub(super) struct Unchecked(pub(super) Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::refusal::refusal;
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
    use std::time::Duration;

    fn params(name: &str, is_authority: bool) -> CertificateParams {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = if is_authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn self_signed(params: &CertificateParams) -> CertificateDer<'static> {
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// What becomes of a site's certificate if these are in the file.
    fn checked(file: &[&CertificateDer<'static>], site: &CertificateDer<'static>, name: &str) -> Result<(), String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own = Own::new(file.iter().map(|one| (*one).clone()).collect(), provider).unwrap();
        // 2026-06-01.
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));
        own.verify_server_cert(site, &[], &ServerName::try_from(name.to_owned()).unwrap(), &[], now).map(|_| ()).map_err(|why| refusal(&why))
    }

    #[test]
    fn a_certificate_in_the_file_is_trusted_for_its_name_and_its_dates() {
        let (site, other) = (self_signed(&params("shop.example", true)), self_signed(&params("shop.example", true)));
        let plain = self_signed(&params("shop.example", false));
        let authority = Issuer::new(params("Authority", true), KeyPair::generate().unwrap());
        let issued = params("shop.example", false).signed_by(&KeyPair::generate().unwrap(), &authority).unwrap().der().clone();
        let (mut old, mut early) = (params("shop.example", true), params("shop.example", true));
        old.not_after = date_time_ymd(2026, 1, 1);
        early.not_before = date_time_ymd(2027, 1, 1);
        let (old, early) = (self_signed(&old), self_signed(&early));
        for (file, site, name, says) in [
            (&[&site][..], &site, "shop.example", ""),
            (&[&other, &site], &site, "shop.example", ""),
            (&[&plain], &plain, "shop.example", ""),
            // By somebody whose own certificate is not there, as `curl --cacert` accepts it.
            (&[&issued], &issued, "shop.example", ""),
            (&[&site], &site, "other.example", "is for shop.example, not for other.example"),
            (&[&issued], &issued, "other.example", "is for shop.example, not for other.example"),
            (&[&old], &old, "shop.example", "has expired"),
            (&[&early], &early, "shop.example", "not valid yet"),
            (&[&other], &site, "shop.example", "--ca FILE"),
            (&[&other], &plain, "shop.example", "--ca FILE"),
            (&[&other], &issued, "shop.example", "--ca FILE"),
        ] {
            let seen = checked(file, site, name);
            let fits = if says.is_empty() { seen.is_ok() } else { seen.as_ref().is_err_and(|why| why.contains(says) && why.contains("--insecure")) };
            assert!(fits, "{says:?}: {seen:?}");
        }
    }
}
