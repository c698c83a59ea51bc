//! `sticky-app probe`: one round trip by HTTP and one by WebSocket, for an image that has no shell.

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Probes `url`, prints one line, and returns 0 or 1.
pub fn run(url: &str, timeout: Duration) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return say(Err(format!("starting the runtime: {error}"))),
    };
    let probed = runtime.block_on(async {
        tokio::time::timeout(timeout, probe(url)).await.unwrap_or_else(|_| Err(format!("no answer from {url} within {timeout:?}")))
    });
    say(probed)
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place where the probe speaks")]
fn say(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn probe(url: &str) -> Result<String, String> {
    let authority = url.strip_prefix("http://").ok_or_else(|| format!("{url}: the probe speaks plain http:// only, to a pod or a service"))?;
    let authority = authority.trim_end_matches('/');
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let session = get(&address, authority, "/session").await?;
    let (id, by) = (session["client_id"].as_str().unwrap_or_default(), session["page_by"].as_str().unwrap_or_default());
    if id.is_empty() {
        return Err(format!("http://{authority}/session has no client_id: is this sticky-app?"));
    }
    let stream = connect(&address).await?;
    let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://{authority}/ws/{id}"), stream)
        .await
        .map_err(|e| format!("opening a socket at {authority}: {e}"))?;
    let hello = frame(&mut socket).await?;
    socket.send(Message::text(r#"{"text":"probe"}"#)).await.map_err(|e| format!("sending a frame to {authority}: {e}"))?;
    let echo = frame(&mut socket).await?;
    if !echo["text"].as_str().is_some_and(|t| t.ends_with("  probe")) {
        return Err(format!("{authority} did not echo the frame"));
    }
    let _ = socket.close(None).await;
    Ok(format!("ok: session by {by}, socket on {}", hello["websocket_pid"].as_str().unwrap_or("?")))
}

async fn connect(address: &str) -> Result<TcpStream, String> {
    TcpStream::connect(address).await.map_err(|e| format!("connecting to {address}: {e}"))
}

async fn get(address: &str, authority: &str, path: &str) -> Result<Value, String> {
    let failed = |e: hyper::Error| format!("GET http://{authority}{path}: {e}");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(connect(address).await?)).await.map_err(failed)?;
    tokio::spawn(connection);
    let request = http::Request::get(path).header("host", authority).body(Full::<bytes::Bytes>::default()).map_err(|e| e.to_string())?;
    let answer = sender.send_request(request).await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("GET http://{authority}{path}: {}", answer.status()));
    }
    let body =
        http_body_util::Limited::new(answer.into_body(), 64 * 1_024).collect().await.map_err(|e| format!("GET http://{authority}{path}: {e}"))?;
    serde_json::from_slice(&body.to_bytes()).map_err(|e| format!("GET http://{authority}{path} is not JSON: {e}"))
}

async fn frame<S>(socket: &mut S) -> Result<Value, String>
where
    S: StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    match socket.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).map_err(|e| format!("a frame is not JSON: {e}")),
        Some(Ok(other)) => Err(format!("expected a text frame, got {other:?}")),
        Some(Err(error)) => Err(format!("reading a frame: {error}")),
        None => Err("the socket closed before it answered".to_owned()),
    }
}
