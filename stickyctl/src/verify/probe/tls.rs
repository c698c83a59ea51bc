//! TLS with the system's certificate authorities, with those in a file, or without any verification.

use crate::exit::{Exit, Explained};
use crate::patience;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
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
    #[error("reading CA certificates from {}: {source}", path.display())]
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
    /// Trusts the system's authorities, or only those in a file (PEM), or, if `unchecked`, any certificate.
    pub(crate) fn new(ca: Option<&Path>, unchecked: bool) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().map_err(TlsError::Provider)?;
        let mut config = if unchecked {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider))).with_no_client_auth()
        } else {
            builder.with_root_certificates(roots(ca)?).with_no_client_auth()
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
    pub(super) fn config(&self, http2: bool) -> Arc<ClientConfig> {
        Arc::clone(if http2 { &self.http2 } else { &self.plain })
    }
}

/// The most that is read of a file with certificates, in bytes: all authorities of a system together take a quarter of it.
const LARGEST: u64 = 1 << 20;

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else {
        // Unreadable ones are left out; without any, every handshake fails and says so.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let file = path.to_owned();
    let text = patience::read(move || {
        let mut text = Vec::new();
        File::open(file)?.take(LARGEST).read_to_end(&mut text).map(|_| text)
    });
    for certificate in CertificateDer::pem_slice_iter(&text.map_err(|source| unreadable(pem::Error::Io(source)))?) {
        roots.add(certificate.map_err(unreadable)?).map_err(|source| TlsError::Malformed { path: path.to_owned(), source })?;
    }
    if roots.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(roots) }
}

/// Accepts any certificate; signatures are still verified.
#[derive(Debug)]
struct Unchecked(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
