//! Serves a site over HTTP/1.1 or HTTP/2, with or without TLS.

use super::choose::Way;
use super::relay::relay;
use super::{Proxies, Site, State, Tls, Trust};
use crate::stub::Running;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The host that certificates are for.
const HOST: &str = "shop.example";

/// A site that is served until this value is dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    /// The flags to reach it.
    pub(crate) flags: Vec<String>,
    pub(crate) state: Arc<State>,
    _tasks: JoinSet<()>,
    _certificates: Option<TempDir>,
}

impl Site {
    /// Starts serving.
    pub(crate) async fn serve(self) -> Served {
        let (state, mut tasks, mut addresses) = (State::new(&self), JoinSet::new(), Vec::new());
        let site = Arc::new(self);
        let (acceptor, certificates, mut flags) = site.tls.map_or((None, None, Vec::new()), certified);
        for proxy in 0..if site.proxies == Proxies::One { 1 } else { 2 } {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            tasks.spawn(accept(Arc::clone(&site), Arc::clone(&state), listener, proxy, acceptor.clone()));
        }
        if let Some(breaks_at) = site.tunnel {
            let (address, serve) = relay(addresses[0], breaks_at).await;
            tasks.spawn(serve);
            addresses = vec![address];
        }
        let named = site.host.or(site.tls.map(|_| HOST));
        if named.is_some() || addresses.len() > 1 {
            flags.extend(addresses.iter().map(|address| format!("--connect={address}")));
        }
        let (scheme, host) = (if site.tls.is_some() { "https" } else { "http" }, named.unwrap_or("127.0.0.1"));
        Served { url: format!("{scheme}://{host}:{}/", addresses[0].port()), flags, state, _tasks: tasks, _certificates: certificates }
    }
}

impl Served {
    /// Serves a stub over HTTP/1.1.
    pub(crate) async fn stub(tls: Option<Tls>, stub: Running) -> Self {
        let (state, stub, mut tasks) = (State::new(&Site::default()), Arc::new(stub), JoinSet::new());
        let (acceptor, certificates, mut flags) = tls.map_or((None, None, Vec::new()), certified);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (scheme, host) = if tls.is_some() { ("https", HOST) } else { ("http", "127.0.0.1") };
        if tls.is_some() {
            flags.push(format!("--connect={address}"));
        }
        let counted = Arc::clone(&state);
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                while open.try_join_next().is_some() {}
                let (stub, state, acceptor) = (Arc::clone(&stub), Arc::clone(&counted), acceptor.clone());
                let connection = stub.connection();
                open.spawn(async move {
                    let serve = service_fn(move |request| Arc::clone(&stub).answer(state.count(), connection, request));
                    // The client reports how a connection ends.
                    match acceptor {
                        None => drop(http1::Builder::new().serve_connection(TokioIo::new(stream), serve).with_upgrades().await),
                        Some(acceptor) => {
                            let Ok(stream) = acceptor.accept(stream).await else { return };
                            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), serve).with_upgrades().await);
                        }
                    }
                });
            }
        });
        Self { url: format!("{scheme}://{host}:{}/", address.port()), flags, state, _tasks: tasks, _certificates: certificates }
    }
}

async fn accept(site: Arc<Site>, state: Arc<State>, listener: TcpListener, proxy: u64, acceptor: Option<TlsAcceptor>) {
    let mut open = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        while open.try_join_next().is_some() {}
        let (site, state, acceptor) = (Arc::clone(&site), Arc::clone(&state), acceptor.clone());
        // What the connection is bound to if no other rule applies.
        let connection = if site.affinity == super::Affinity::Connection { site.balanced(&state) } else { 0 };
        let way = Way { proxy, connection, from: peer.ip() };
        open.spawn(async move {
            match acceptor {
                None => {
                    let two = site.http2 && is_http2(&stream).await;
                    talk(site, state, way, stream, two).await;
                }
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                        talk(site, state, way, stream, two).await;
                    }
                }
            }
        });
    }
}

/// Whether a connection starts with the HTTP/2 preface (RFC 9113 section 3.4).
async fn is_http2(stream: &TcpStream) -> bool {
    let mut first = [0];
    // The only method here that begins with a P is POST, which no HTTP/2 test uses.
    stream.peek(&mut first).await.is_ok_and(|read| read == 1) && first == *b"P"
}

async fn talk(site: Arc<Site>, state: Arc<State>, way: Way, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, two: bool) {
    let serve = service_fn(move |request| Arc::clone(&site).answer(Arc::clone(&state), way, request));
    // The client reports how a connection ends.
    if two {
        let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve).await;
    } else {
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).with_upgrades().await;
    }
}

/// A certificate of the host, which may be marked as an authority's.
fn self_signed(is_authority: bool) -> CertifiedKey<KeyPair> {
    let mut params = CertificateParams::new([HOST.to_owned()]).unwrap();
    params.is_ca = if is_authority { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
    let signing_key = KeyPair::generate().unwrap();
    CertifiedKey { cert: params.self_signed(&signing_key).unwrap(), signing_key }
}

/// A certificate, and the flags by which the command trusts it or not.
fn certified(tls: Tls) -> (Option<TlsAcceptor>, Option<TempDir>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (self_signed(tls.trust == Trust::ItsOwnAuthority), self_signed(false));
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, if tls.trust == Trust::Wrong { other.cert.pem() } else { own.cert.pem() }).unwrap();
    let flags = if tls.trust == Trust::Everybody { vec!["--insecure".to_owned()] } else { vec![format!("--ca={}", ca.display())] };
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    config.alpn_protocols = if tls.http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    (Some(TlsAcceptor::from(Arc::new(config))), Some(folder), flags)
}
