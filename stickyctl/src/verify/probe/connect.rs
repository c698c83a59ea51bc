//! A new connection to a site, with TLS if the site has it.

use super::error::ProbeError;
use super::target::Target;
use super::tls::Tls;
use super::way::Way;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

/// A connection to a site.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens a new connection.
pub(super) async fn connect(target: &Target, way: Way, http2: bool) -> Result<Box<dyn Stream>, ProbeError> {
    let address = target.address(way);
    let stream = tcp(address, way.from).await?;
    let _ = stream.set_nodelay(true);
    let Some(tls) = &target.tls else { return Ok(Box::new(stream)) };
    let no_http2 = || ProbeError::NoHttp2 { address: address.to_owned() };
    let stream = TlsConnector::from(tls.config(http2)).connect(Tls::name(&target.host)?, stream).await.map_err(|source| {
        // Some sites send an alert, others continue without it (RFC 7301 section 3.2).
        let refused = http2 && source.to_string().contains("NoApplicationProtocol");
        if refused { no_http2() } else { ProbeError::Tls { address: address.to_owned(), source } }
    })?;
    if http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(no_http2());
    }
    Ok(Box::new(stream))
}

async fn tcp(address: &str, from: Option<IpAddr>) -> Result<TcpStream, ProbeError> {
    let failed = |source: io::Error| ProbeError::Connect { address: address.to_owned(), source };
    let Some(from) = from else { return TcpStream::connect(address).await.map_err(failed) };
    let mut last = None;
    for to in lookup_host(address).await.map_err(failed)?.filter(|to| to.is_ipv4() == from.is_ipv4()) {
        match bound(from, to).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| ProbeError::Family { address: address.to_owned(), from }, failed))
}

async fn bound(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}
