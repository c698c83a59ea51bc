//! A worker inside its memory limit.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;
use testkit::app::{self, App};
use testkit::cgroup::Group;
use testkit::process::{children, resident_kib};
use testkit::ws::{self, Ws};
use testkit::{http, random, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SOON: Duration = Duration::from_secs(20);
const MIB: u64 = 1_024 * 1_024;

/// A pod with one worker and a memory limit: a real one if this user can make a control group, else the flag, and then
/// resident memory is what has to stay below it.
struct Pod {
    app: App,
    group: Option<Group>,
    worker: i32,
    limit: u64,
}

impl Pod {
    async fn start(limit_mib: u64, flags: &[&str]) -> Result<Self> {
        // Each connection of an attack is a file of this process too.
        sticky_app::open_files::raise_limit();
        let limit = limit_mib * MIB;
        let group = Group::with_memory(limit);
        let app = match &group {
            Some(group) => App::from_command(&mut group.command(&app::command(flags)?)).await?,
            None => App::from_command(app::command(flags)?.args(["--memory-limit", &format!("{limit_mib}MiB")])).await?,
        };
        app.ready().await?;
        let worker = *children(app.process.pid()).first().context("no worker")?;
        Ok(Self { app, group, worker, limit })
    }

    fn resident(&self) -> u64 {
        [self.app.process.pid(), self.worker].into_iter().filter_map(resident_kib).sum::<u64>() * 1_024
    }

    /// Checks that the same worker still serves, with its old socket, inside the limit.
    async fn survived(&self, old: &mut Ws) -> Result<()> {
        ensure!(children(self.app.process.pid()) == [self.worker], "the worker was killed: {}", self.app.process.stderr.text());
        assert!(old.echo("still here").await?["text"].is_string(), "the old socket lives on");
        let most = self.group.as_ref().map_or(Ok(self.resident()), Group::most_used)?;
        eprintln!("{} MiB of {} MiB used at most, {} MiB resident", most / MIB, self.limit / MIB, self.resident() / MIB);
        assert!(most < self.limit);
        let metrics = self.app.metrics().await?;
        assert!(metrics.sum("sticky_memory_used_bytes") <= metrics.sum("sticky_memory_budget_bytes"));
        assert!(metrics.sum("sticky_memory_budget_bytes") < self.limit as f64);
        assert!(metrics.counter("memory_refusals") + metrics.counter("connections_refused") > 0.0);
        Ok(())
    }

    /// Checks that everything was given back: new work is served again.
    async fn recovers(&self) -> Result<()> {
        wait::until("the budget is free again", SOON, async || {
            let used = self.app.metrics().await.ok()?.sum("sticky_memory_used_bytes");
            (used < 128.0 * 1_024.0).then_some(())
        })
        .await?;
        assert_eq!(http::get(self.app.at("/whoami")).send().await?.status, 200);
        ws::socket(&self.app.url, &random::client_id()).open().await?.close().await
    }

    async fn end(self) -> Result<()> {
        drop(self.app);
        match self.group {
            Some(group) => group.remove().await,
            None => Ok(()),
        }
    }
}

/// What a client got for one attempt.
enum Got {
    Kept(TcpStream),
    Refused(String),
}

/// Sends `bytes` on a fresh connection and reads the start of an answer.
async fn attempt(app: &App, bytes: &[u8]) -> Result<Got> {
    let mut stream = http::connect(&app.url).await?;
    stream.write_all(bytes).await?;
    let mut answer = vec![0; 1_024];
    let read = wait::within("an answer", SOON, stream.read(&mut answer)).await??;
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    let kept = text.starts_with("HTTP/1.1 200") || text.starts_with("HTTP/1.1 101");
    Ok(if kept { Got::Kept(stream) } else { Got::Refused(text) })
}

fn upgrade() -> String {
    format!(
        "GET /ws/{} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        random::client_id()
    )
}

fn assert_busy(refusals: &[String]) {
    let first = refusals.first().expect("something was refused");
    for refusal in refusals {
        assert!(refusal.starts_with("HTTP/1.1 503") && refusal.to_ascii_lowercase().contains("retry-after: "), "{refusal}");
    }
    assert!(first.contains(r#""error""#), "{first}");
}

/// Idle connections, of which as few as 4,000 would fill the limit.
#[tokio::test]
async fn idle_connections_beyond_the_budget_are_refused() -> Result<()> {
    let pod = Pod::start(64, &[]).await?;
    let mut old = ws::socket(&pod.app.url, &random::client_id()).open().await?;
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..4_500 {
        match attempt(&pod.app, b"GET /whoami HTTP/1.1\r\nhost: localhost\r\n\r\n").await? {
            Got::Kept(stream) => kept.push(stream),
            Got::Refused(answer) => refused.push(answer),
        }
    }
    assert_busy(&refused);
    assert!(kept.len() > 200, "{} were served", kept.len());
    pod.survived(&mut old).await?;
    let mut late = ws::socket(&pod.app.url, &random::client_id()).open().await?;
    assert!(late.echo("x").await?["text"].is_string(), "a part is kept for upgrades");
    drop((kept, late));
    pod.recovers().await?;
    pod.end().await
}

/// Sockets that each hold an unfinished frame of 16 KiB, of which as few as 3,200 would fill the limit.
#[tokio::test]
async fn unfinished_frames_beyond_the_budget_are_refused() -> Result<()> {
    let pod = Pod::start(64, &[]).await?;
    let mut old = ws::socket(&pod.app.url, &random::client_id()).open().await?;
    // A masked text frame of 16 KiB (RFC 6455 section 5.2) whose last bytes never come.
    let mut frame = vec![0x81, 0x80 | 126, 0x40, 0, 0, 0, 0, 0];
    frame.resize(16_000, b'x');
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..3_500 {
        match attempt(&pod.app, upgrade().as_bytes()).await? {
            // It may be closed while it sends.
            Got::Kept(mut stream) => {
                let _ = stream.write_all(&frame).await;
                kept.push(stream);
            }
            Got::Refused(answer) => refused.push(answer),
        }
    }
    if let Some(full) = refused.first() {
        assert!(full.starts_with("HTTP/1.1 503"), "{full}");
    }
    assert!(kept.len() > 200, "{} were opened", kept.len());
    // Common messages still pass, even while nothing is left for long ones.
    pod.survived(&mut old).await?;
    drop(kept);
    pod.recovers().await?;
    pod.end().await
}

#[tokio::test]
async fn a_long_message_without_room_closes_its_socket_with_1013() -> Result<()> {
    let app = App::start(&["--memory-limit", "16MiB", "--max-frame", "2MiB"]).await?;
    let mut socket = ws::socket(&app.url, &random::client_id()).open().await?;
    let sent = socket.send_text("x".repeat(1_500 * 1_024)).await;
    let end = socket.end(SOON).await?;
    assert!(matches!(end, ws::End::Closed(1013, _)), "{sent:?} {end:?}");
    assert!(ws::socket(&app.url, &random::client_id()).open().await?.echo("x").await?["text"].is_string());
    Ok(())
}

/// Bodies count from their announcement on.
#[tokio::test]
async fn bodies_beyond_the_budget_are_refused() -> Result<()> {
    let app = App::start(&["--memory-limit", "16MiB", "--max-body", "256KiB"]).await?;
    let head = format!(
        "POST /submit/{} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n{{",
        random::client_id()
    );
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (url, head) = (app.url.clone(), head.clone());
        asking.spawn(async move { http::raw(&url, head.as_bytes()).await });
    }
    // Those with room wait for the rest of their body.
    let first = wait::within("a body is refused", SOON, asking.join_next()).await?.context("none asked")???;
    assert_busy(&[first]);
    assert_eq!(http::post(app.at(&format!("/submit/{}", random::client_id())), &json!({"text": "x"})).send().await?.status, 200, "small ones fit");
    Ok(())
}

/// glibc keeps what many connections used, unless it is asked to give it back.
#[cfg(target_env = "gnu")]
#[tokio::test]
async fn memory_of_closed_connections_is_returned() -> Result<()> {
    let pod = Pod::start(256, &[]).await?;
    let before = pod.resident();
    for _ in 0..2 {
        let mut kept = Vec::new();
        for _ in 0..2_000 {
            match attempt(&pod.app, b"GET /whoami HTTP/1.1\r\nhost: localhost\r\n\r\n").await? {
                Got::Kept(stream) => kept.push(stream),
                Got::Refused(answer) => anyhow::bail!("{answer}"),
            }
        }
        let held = pod.resident();
        ensure!(held > before + 15 * MIB, "2,000 connections use memory: {held}");
    }
    wait::until("the memory is returned", SOON, async || (pod.resident() < before + 8 * MIB).then_some(())).await?;
    eprintln!("{} MiB before, {} MiB after", before / MIB, pod.resident() / MIB);
    pod.end().await
}
