//! `sticky-app probe`: one round trip by HTTP and one by WebSocket, for an image without a shell.

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use tokio::net::TcpStream;
use tungstenite::{Error, Message};

/// A probe that was answered.
pub(crate) struct Answered {
    session_by: String,
    socket_on: String,
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ok: session by {}, socket on {}", self.session_by, self.socket_on)
    }
}

/// Why a probe failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("starting the runtime: {0}")]
    Runtime(std::io::Error),
    #[error("no answer from {url} within {timeout:?}")]
    Timeout { url: String, timeout: Duration },
    #[error("invalid URL `{0}`: the probe needs a plain http:// URL of a pod or a Service")]
    BadUrl(String),
    #[error("connecting to {address}: {error}")]
    Connect { address: String, error: std::io::Error },
    #[error("GET {url}: {why}")]
    Get { url: String, why: String },
    #[error("{0} has no client_id: is this sticky-app?")]
    NoSession(String),
    #[error("{doing}: {error}")]
    Socket { doing: String, error: Box<Error> },
    #[error("the socket sent {0} instead of a JSON text frame")]
    BadFrame(String),
    #[error("the socket closed before it answered")]
    Closed,
    #[error("{0} did not echo the frame")]
    NoEcho(String),
}

/// Probes `url`: one session by HTTP, one echo by WebSocket.
pub(crate) fn run(url: &str, timeout: Duration) -> Result<Answered, ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProbeError::Runtime)?;
    runtime.block_on(async {
        let late = |_| ProbeError::Timeout { url: url.to_owned(), timeout };
        tokio::time::timeout(timeout, probe(url)).await.map_err(late)?
    })
}

async fn probe(url: &str) -> Result<Answered, ProbeError> {
    let authority = url.strip_prefix("http://").ok_or_else(|| ProbeError::BadUrl(url.to_owned()))?;
    let authority = authority.trim_end_matches('/');
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let session = get(&address, authority, "/session").await?;
    let (id, by) = (session["client_id"].as_str().unwrap_or_default(), session["page_by"].as_str().unwrap_or_default());
    if id.is_empty() {
        return Err(ProbeError::NoSession(format!("http://{authority}/session")));
    }
    let failed = |doing: &str| {
        let doing = format!("{doing} {authority}");
        move |error| ProbeError::Socket { doing, error: Box::new(error) }
    };
    let stream = connect(&address).await?;
    let (mut socket, _) =
        tokio_tungstenite::client_async(format!("ws://{authority}/ws/{id}"), stream).await.map_err(failed("opening a socket at"))?;
    let hello = frame(&mut socket).await?;
    socket.send(Message::text(r#"{"text":"probe"}"#)).await.map_err(failed("sending a frame to"))?;
    let echo = frame(&mut socket).await?;
    if !echo["text"].as_str().is_some_and(|t| t.ends_with("  probe")) {
        return Err(ProbeError::NoEcho(authority.to_owned()));
    }
    let _ = socket.close(None).await;
    Ok(Answered { session_by: by.to_owned(), socket_on: hello["websocket_pid"].as_str().unwrap_or("?").to_owned() })
}

async fn connect(address: &str) -> Result<TcpStream, ProbeError> {
    TcpStream::connect(address).await.map_err(|error| ProbeError::Connect { address: address.to_owned(), error })
}

async fn get(address: &str, authority: &str, path: &str) -> Result<Value, ProbeError> {
    let failed = |why: String| ProbeError::Get { url: format!("http://{authority}{path}"), why };
    let stream = TokioIo::new(connect(address).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(|e| failed(e.to_string()))?;
    tokio::spawn(connection);
    let request = http::Request::get(path).header("host", authority).body(Full::<bytes::Bytes>::default()).map_err(|e| failed(e.to_string()))?;
    let answer = sender.send_request(request).await.map_err(|e| failed(e.to_string()))?;
    if !answer.status().is_success() {
        return Err(failed(answer.status().to_string()));
    }
    let body = http_body_util::Limited::new(answer.into_body(), 64 * 1_024).collect().await.map_err(|e| failed(e.to_string()))?;
    serde_json::from_slice(&body.to_bytes()).map_err(|e| failed(format!("the answer is not JSON: {e}")))
}

async fn frame<S>(socket: &mut S) -> Result<Value, ProbeError>
where
    S: StreamExt<Item = Result<Message, Error>> + Unpin,
{
    match socket.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).map_err(|_| ProbeError::BadFrame(text.chars().take(80).collect())),
        Some(Ok(other)) => Err(ProbeError::BadFrame(format!("{other:?}"))),
        Some(Err(error)) => Err(ProbeError::Socket { doing: "reading a frame".to_owned(), error: Box::new(error) }),
        None => Err(ProbeError::Closed),
    }
}
