//! TLS with the system's certificate authorities, with those in a file, or without any verification.

use super::refusal::refusal;
use super::trust::{Own, Unchecked};
use crate::exit::{Exit, Explained};
use crate::patience;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, pem};
use rustls::{ClientConfig, RootCertStore};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How certificates are verified.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    plain: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("setting up TLS: {0}")]
    Provider(rustls::Error),
    #[error("reading CA certificates from {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: pem::Error },
    #[error("reading CA certificates from {}: {}", path.display(), refusal(.source))]
    Malformed { path: PathBuf, source: rustls::Error },
    #[error("reading CA certificates from {}: there is no certificate in PEM format", .0.display())]
    Empty(PathBuf),
}

impl Explained for TlsError {
    fn exit(&self) -> Exit {
        match self {
            Self::Provider(_) => Exit::Failed,
            Self::Unreadable { .. } | Self::Malformed { .. } | Self::Empty(_) => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Provider(_) => Vec::new(),
            _ => vec!["--ca FILE     certificates in PEM format".to_owned(), "--insecure    accept any certificate".to_owned()],
        }
    }
}

/// No certificate can be issued for this host.
#[derive(Debug, thiserror::Error)]
#[error("no certificate can have the name `{0}`")]
pub(crate) struct NameError(String);

impl Explained for NameError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        vec!["--host NAME    the name in the site's certificate".to_owned()]
    }
}

impl Tls {
    /// Trusts the system's authorities, or only those in a file (PEM) and the very certificates in it, or, if `unchecked`, any certificate.
    pub(crate) fn new(ca: Option<&Path>, unchecked: bool) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().map_err(TlsError::Provider)?;
        let mut config = match ca {
            _ if unchecked => builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider))).with_no_client_auth(),
            None => builder.with_root_certificates(system()).with_no_client_auth(),
            Some(path) => {
                let own = Own::new(certificates(path)?, provider).map_err(|source| TlsError::Malformed { path: path.to_owned(), source })?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(own)).with_no_client_auth()
            }
        };
        // A proxy may keep a resumed TLS session on one pod; a new connection has to be new in this respect, too.
        config.resumption = Resumption::disabled();
        let mut http2 = config.clone();
        http2.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { plain: Arc::new(config), http2: Arc::new(http2) })
    }

    /// A host as certificates have it; an IPv6 address may have brackets.
    pub(crate) fn name(host: &str) -> Result<ServerName<'static>, NameError> {
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        ServerName::try_from(name).map_err(|_| NameError(host.to_owned()))
    }

    /// For HTTP/1.1, or for HTTP/2, which TLS has to negotiate (RFC 9113 section 3.2).
    pub(crate) fn config(&self, http2: bool) -> Arc<ClientConfig> {
        Arc::clone(if http2 { &self.http2 } else { &self.plain })
    }
}

/// The most that is read of a file with certificates, in bytes: all authorities of a system together take a quarter of it.
const LARGEST: u64 = 1 << 20;

fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Unreadable ones are left out; without any, every handshake fails and says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The certificates in a file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let file = path.to_owned();
    let text = patience::read(move || {
        let mut text = Vec::new();
        File::open(file)?.take(LARGEST).read_to_end(&mut text).map(|_| text)
    });
    let text = text.map_err(|source| unreadable(pem::Error::Io(source)))?;
    let all = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if all.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(all) }
}
