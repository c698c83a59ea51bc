//! Autobahn's testsuite, strictly: only `OK` passes where it tells `OK` from `NON-STRICT`.
//!
//! Its cases want their frames echoed unchanged, which no route of the app does. A server of ten lines does, on the app's own handshake,
//! checks and close frames. `websocket.rs` beside this file has the same rules at a worker and through the local door.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use sticky_app::websocket::{Handshake, WebSocket, goodbye};
use testkit::{pip, tools, wait};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

const LIMIT: Duration = Duration::from_secs(120);
/// Cases without a right and a wrong: what is read after a close frame, and codes that RFC 6455 leaves open.
const INFORMATIONAL: [&str; 3] = ["7.1.6", "7.13.1", "7.13.2"];

async fn echo(mut socket: WebSocket) {
    while let Some(received) = socket.next().await {
        let (answer, is_last) = match received {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => (message, false),
            Ok(_) => continue,
            Err(error) => match goodbye(&error) {
                Some(close) => (Message::Close(Some(close)), true),
                None => return,
            },
        };
        if socket.send(answer).await.is_err() || is_last {
            return;
        }
    }
}

async fn upgrade(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match Handshake::of(&mut request) {
        Ok(handshake) => handshake.accept(WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0), echo),
        Err(bad) => Response::new(Full::from(bad.to_string())),
    })
}

#[tokio::test]
async fn every_case() -> Result<()> {
    let Some(folder) = pip::installed("tests/hostile/requirements.txt", "tools/autobahn")? else { return Ok(()) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(upgrade)).with_upgrades());
        }
    });
    let reports = tempfile::tempdir()?;
    let mut suite = tokio::process::Command::new(tools::find("python3").context("no python3")?);
    suite.args(["-c", "from kosoku._cli import main; main()", &url, "--parallelism", "16", "--outdir"]).arg(reports.path());
    // Compression is not offered.
    suite.args(["--exclude", "12.*", "--exclude", "13.*"]);
    let ran = wait::within("the end of the testsuite", LIMIT, suite.env("PYTHONPATH", folder).kill_on_drop(true).output()).await??;
    server.abort();
    let index = std::fs::read(reports.path().join("index.json"))
        .with_context(|| format!("no report\n{}\n{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)))?;
    let index: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_slice(&index)?;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (case, result) in index.values().flatten() {
        seen += 1;
        let expected = if INFORMATIONAL.contains(&case.as_str()) { "INFORMATIONAL" } else { "OK" };
        if result["behavior"] != expected || result["behaviorClose"] != expected {
            wrong.push(format!("{case}: {} {}", result["behavior"], result["behaviorClose"]));
        }
    }
    ensure!(wrong.is_empty(), "{} of {seen} cases:\n{}", wrong.len(), wrong.join("\n"));
    ensure!(seen > 290, "only {seen} cases");
    Ok(())
}
