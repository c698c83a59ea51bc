//! What one client can take from the others.

use anyhow::{Context, Result};
use serde_json::json;
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::app::{self, App};
use testkit::http::{self, Answer, Kept};
use testkit::{random, wait, ws};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(20);

/// A POST of which only the first byte of the body is sent.
async fn one_byte(app: &App, headers: &str) -> Result<TcpStream> {
    let mut stream = http::connect(&app.url).await?;
    let head = format!(
        "POST /submit/{} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 12\r\n{headers}\r\n{{",
        random::client_id()
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

async fn to_the_end(stream: &mut TcpStream) -> Result<String> {
    let mut answer = Vec::new();
    wait::within("the end of a connection", SOON, stream.read_to_end(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn submit(app: &App) -> Result<Answer> {
    http::post(app.at(&format!("/submit/{}", random::client_id())), &json!({"text": "x"})).send().await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.error_code().unwrap().as_str()), (status, code), "{}", answer.text());
    assert_eq!(answer.header("retry-after"), "1");
}

/// Far more slow bodies than messages may be in progress.
#[tokio::test]
async fn slow_bodies_lock_nobody_out() -> Result<()> {
    let app = App::start(&["--max-requests", "8"]).await?;
    let start = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..200 {
        slow.push(one_byte(&app, "").await?);
    }
    // A later connection is accepted after them, so by now they are all being read.
    for _ in 0..20 {
        assert_eq!(submit(&app).await?.status, 200);
        ws::socket(&app.url, &random::client_id()).open().await?.close().await?;
    }
    // They don't hold on for the whole time of a request, either.
    for stream in &mut slow {
        let answer = to_the_end(stream).await?;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains(r#""code":"slow-body""#), "{answer}");
    }
    assert!(start.elapsed() >= Duration::from_secs(4), "a client has some time: {:?}", start.elapsed());
    Ok(())
}

/// A body that moves fast enough may take longer than the grace.
#[tokio::test]
async fn a_steady_body_is_read_to_its_end() -> Result<()> {
    let app = App::start(&["--request-timeout", "30s"]).await?;
    let text = format!("{:<12288}", r#"{"text":"x"}"#);
    let mut stream = http::connect(&app.url).await?;
    let head = format!(
        "POST /submit/{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 12288\r\n\r\n",
        random::client_id()
    );
    stream.write_all(head.as_bytes()).await?;
    // 2 KiB a second for 6 s, which is more than the grace of 5 s.
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    for part in text.as_bytes().chunks(1_024) {
        tick.tick().await;
        stream.write_all(part).await?;
    }
    let answer = to_the_end(&mut stream).await?;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Ok(())
}

/// Sockets and requests in progress of one client, whose address a trusted proxy names with a port.
#[tokio::test]
async fn an_address_holds_only_so_much() -> Result<()> {
    let app = App::start(&["--trusted-proxy", "127.0.0.0/8", "--connections-per-address", "3"]).await?;
    let open = |from: &str| ws::socket(&app.url, &random::client_id()).header("x-forwarded-for", from).open();
    let ask = |from: &str| http::upgrade(app.at(&format!("/ws/{}", random::client_id()))).header("x-forwarded-for", from).send();
    let mut held = vec![open("203.0.113.7:1111").await?, open("203.0.113.7:2222").await?];
    let slow = one_byte(&app, "x-forwarded-for: 203.0.113.7:3333\r\n").await?;
    let full = wait::until("the address is full", SOON, async || ask("203.0.113.7").await.ok().filter(|answer| answer.status != 101)).await?;
    refused(&full, 429, "too-many-connections");
    refused(&http::get(app.at("/whoami")).header("x-forwarded-for", "203.0.113.7:4444").send().await?, 429, "too-many-connections");
    assert_eq!(ask("6.6.6.6, 203.0.113.7:5555").await?.status, 429, "what a client claims stands left of it");
    assert_eq!(ask("203.0.113.8").await?.status, 101, "each address has its own");
    assert_eq!(submit(&app).await?.status, 200, "so has loopback, without a limit");
    drop(slow);
    held.pop().context("a socket")?.close().await?;
    let again = wait::until("there is room again", SOON, async || open("203.0.113.7").await.ok()).await?;
    assert!(app.metrics().await?.counter("address_refusals") >= 3.0);
    drop((held, again));

    // A client can choose any address of its IPv6 network.
    let mut network = Vec::new();
    for last in 1..=3 {
        network.push(open(&format!("[2001:db8:1:2::{last}]:443")).await?);
    }
    refused(&ask("2001:db8:1:2:aaaa::1").await?, 429, "too-many-connections");
    assert_eq!(ask("2001:db8:1:3::1").await?.status, 101);
    Ok(())
}

/// Without a trusted proxy, `X-Forwarded-For` counts for nothing.
#[tokio::test]
async fn a_forged_address_locks_nobody_out() -> Result<()> {
    let app = App::start(&["--connections-per-address", "2"]).await?;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(ws::socket(&app.url, &random::client_id()).header("x-forwarded-for", "203.0.113.7").open().await?);
    }
    Ok(())
}

/// The same command with a limit of open files.
fn with_files(most: u32, inner: &Command) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!(r#"ulimit -n {most} && exec "$0" "$@""#)]).arg(inner.get_program()).args(inner.get_args());
    for (name, _) in inner.get_envs() {
        command.env_remove(name);
    }
    command
}

/// 128 files make 64 connections, of which the last 8 are kept for upgrades.
#[tokio::test]
async fn idle_connections_keep_no_socket_and_no_probe_out() -> Result<()> {
    let app = App::from_command(&mut with_files(128, &app::command(&[])?)).await?;
    app.ready().await?;
    let mut idle = Vec::new();
    for _ in 0..56 {
        let mut kept = Kept::open(&app.url).await?;
        assert_eq!(kept.send(http::get(app.at("/whoami"))).await?.status, 200);
        idle.push(kept);
    }
    for _ in 0..20 {
        let answer = http::get(app.at("/whoami")).send().await?;
        refused(&answer, 503, "busy");
        assert_eq!(answer.header("connection"), "close");
    }
    let mut socket = ws::socket(&app.url, &random::client_id()).open().await?;
    assert!(socket.echo("x").await?["text"].is_string());
    assert_eq!(http::get(format!("{}/healthz", app.admin)).send().await?.status, 200);

    // Silent connections in the last places go soon.
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(http::connect(&app.url).await?);
    }
    assert_eq!(http::get(format!("{}/healthz", app.admin)).send().await?.status, 200);
    let other = wait::until("an upgrade has room again", SOON, async || ws::socket(&app.url, &random::client_id()).open().await.ok()).await?;
    assert!(socket.echo("x").await?["text"].is_string(), "the old socket lives on");
    assert!(app.metrics().await?.counter("connections_refused") >= 20.0);
    drop((idle, silent, other));
    wait::until("there is room again", SOON, async || http::get(app.at("/whoami")).send().await.ok().filter(|a| a.status == 200)).await?;
    Ok(())
}

/// A connection that says nothing owes a head.
#[tokio::test]
async fn a_silent_connection_gets_the_time_of_a_head() -> Result<()> {
    let app = App::start(&["--header-timeout", "500ms", "--keep-alive", "60s"]).await?;
    let start = Instant::now();
    to_the_end(&mut http::connect(&app.url).await?).await?;
    assert!(start.elapsed() >= Duration::from_millis(400), "{:?}", start.elapsed());
    Ok(())
}

/// Refused upgrades: each closes its connection, whatever the reason.
#[tokio::test]
async fn a_refused_upgrade_closes_its_connection() -> Result<()> {
    let app = App::start(&["--sockets-per-session", "1"]).await?;
    let id = random::client_id();
    let held = ws::socket(&app.url, &id).open().await?;
    let handshake = "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (path, headers, status) in [
        (format!("/ws/{id}"), handshake.to_owned(), 429),
        (format!("/ws/{}", random::client_id()), format!("{handshake}origin: https://evil.example\r\n"), 403),
        ("/ws/nonsense".to_owned(), handshake.to_owned(), 400),
        (format!("/ws/{}", random::client_id()), String::new(), 426),
    ] {
        let answer = http::raw(&app.url, format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes()).await?;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    }
    drop(held);
    Ok(())
}
