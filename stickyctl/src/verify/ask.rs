//! One request on a connection of its own: a connection that is kept leads to one pod with many proxies, cookie or not.

use super::target::{Socket, Target};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{CACHE_CONTROL, COOKIE, HOST, ORIGIN, PRAGMA, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// The most of a body that is read: an identity stands in its beginning.
const MOST_BODY: usize = 256 << 10;
/// What every request calls itself.
const AGENT: &str = concat!("stickyctl-verify/", env!("CARGO_PKG_VERSION"));

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, up to what is read.
    pub body: Bytes,
}

/// A stream to a site.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Asks a path with or without cookies, and reads the answer.
///
/// # Errors
/// Why there was none, as a sentence.
pub async fn get(target: &Target, path: &str, cookies: Option<&str>) -> Result<Answer, String> {
    tokio::time::timeout(target.timeout, exchange(target, path, cookies))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {:?}", target.timeout)))
}

async fn exchange(target: &Target, path: &str, cookies: Option<&str>) -> Result<Answer, String> {
    let stream = connect(target).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| format!("talking to {}: {e}", target.address))?;
    let driven = tokio::spawn(connection);
    let mut request = Request::get(path).header(HOST, &target.authority).body(Empty::<Bytes>::new()).map_err(|e| format!("{path}: {e}"))?;
    dress(request.headers_mut(), target, cookies)?;
    let answer = sender.send_request(request).await.map_err(|e| format!("asking {}: {}", target.address, sentence(&e)))?;
    let (head, mut body) = answer.into_parts();
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| format!("reading the answer of {}: {}", target.address, sentence(&e)))?;
        let Some(data) = frame.data_ref() else { continue };
        read.extend_from_slice(&data[..data.len().min(MOST_BODY - read.len())]);
        if read.len() == MOST_BODY {
            break;
        }
    }
    // The connection is not kept.
    driven.abort();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: read.into() })
}

/// Puts on what every request has.
fn dress(headers: &mut HeaderMap, target: &Target, cookies: Option<&str>) -> Result<(), String> {
    headers.extend(target.headers.clone());
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    // A cache in between is asked to let it through (RFC 9111 section 5.2.1.4), and an old one too.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.entry(PRAGMA).or_insert(HeaderValue::from_static("no-cache"));
    if let Some(cookies) = cookies {
        headers.append(COOKIE, HeaderValue::from_str(cookies).map_err(|_| "a cookie holds characters that a header can't carry".to_owned())?);
    }
    Ok(())
}

/// Opens a WebSocket on a connection of its own and closes it again. The answer has the headers of the 101, and as its body the first text
/// that came, where `wants_text`; a refusal has its own status.
///
/// # Errors
/// Why there was none, as a sentence.
pub async fn socket(socket: &Socket, path: &str, cookies: Option<&str>, wants_text: impl Fn(&HeaderMap) -> bool) -> Result<Answer, String> {
    let limit = socket.target.timeout;
    let opened = open(socket, path, cookies, wants_text);
    tokio::time::timeout(limit, opened).await.unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
}

async fn open(socket: &Socket, path: &str, cookies: Option<&str>, wants_text: impl Fn(&HeaderMap) -> bool) -> Result<Answer, String> {
    let target = &socket.target;
    let stream = connect(target).await?;
    let failed = |e: &dyn std::error::Error| format!("opening a socket at {}: {}", target.address, sentence(e));
    let mut request = format!("ws://{}{path}", target.authority).into_client_request().map_err(|e| failed(&e))?;
    dress(request.headers_mut(), target, cookies)?;
    let origin =
        socket.origin.clone().or_else(|| format!("{}://{}", if target.tls.is_some() { "https" } else { "http" }, target.authority).parse().ok());
    request.headers_mut().extend(origin.map(|origin| (ORIGIN, origin)));
    request.headers_mut().extend(socket.subprotocol.clone().map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol)));
    let limits = WebSocketConfig::default().max_message_size(Some(MOST_BODY)).max_frame_size(Some(MOST_BODY));
    let (mut stream, head) = match client_async_with_config(request, stream, Some(limits)).await {
        Ok((stream, answer)) => (stream, answer.into_parts().0),
        Err(Error::Http(answer)) => {
            let (head, body) = answer.into_parts();
            return Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.unwrap_or_default().into() });
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut body = Bytes::new();
    if wants_text(&head.headers) {
        if let Some(text) = &socket.send {
            stream.send(Message::text(text.clone())).await.map_err(|e| failed(&e))?;
        }
        while let Some(message) = stream.next().await {
            if let Message::Text(text) = message.map_err(|e| failed(&e))? {
                body = text.into();
                break;
            }
        }
    }
    // A peer that does not answer the goodbye is no trouble of the site's.
    let _ = stream.close(None).await;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

/// A fresh connection, with TLS where the site has it.
///
/// # Errors
/// It did not come about.
pub async fn connect(target: &Target) -> Result<Box<dyn Stream>, String> {
    let address = &target.address;
    let stream = TcpStream::connect(address).await.map_err(|e| format!("connecting to {address}: {e}"))?;
    let _ = stream.set_nodelay(true);
    let Some(tls) = &target.tls else { return Ok(Box::new(stream)) };
    let name = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|_| format!("{} can't be the name of a certificate", target.host))?;
    let stream = TlsConnector::from(tls.0.clone()).connect(name, stream).await.map_err(|e| format!("TLS with {address}: {e}"))?;
    Ok(Box::new(stream))
}

/// An error with its causes, which hyper's own text leaves out.
fn sentence(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source()).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
