//! Every limit: what happens at it and beyond it, and that other clients aren't affected.

use anyhow::Result;
use futures_util::future::join_all;
use hyper::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::http::{self, Answer, Kept};
use testkit::redis::Redis;
use testkit::ws::{self, End, Ws};
use testkit::{random, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const SOON: Duration = Duration::from_secs(10);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.error_code().unwrap().as_str()), (status, code), "{}", answer.text());
}

fn submit(app: &App, body: &serde_json::Value) -> http::Ask {
    http::post(app.at(&format!("/submit/{}", random::client_id())), body)
}

/// A request whose body is one byte short.
async fn held(app: &App) -> Result<TcpStream> {
    let mut stream = http::connect(&app.url).await?;
    let head = format!(
        "POST /submit/{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{{\"text\":\"x\"",
        random::client_id()
    );
    stream.write_all(head.as_bytes()).await?;
    Ok(stream)
}

async fn rest(stream: &mut TcpStream) -> Result<String> {
    let mut answer = String::new();
    wait::within("the rest of an answer", SOON, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

/// A socket opened by hand, whose frames are never read.
async fn unread(app: &App, id: &str) -> Result<TcpStream> {
    let mut stream = http::connect(&app.url).await?;
    let head = format!(
        "GET /ws/{id} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut first = [0; 12];
    wait::within("the 101", SOON, stream.read_exact(&mut first)).await??;
    assert_eq!(&first, b"HTTP/1.1 101");
    Ok(stream)
}

#[tokio::test]
async fn body_text_and_frame() -> Result<()> {
    let app = App::start(&["--max-body", "1KiB", "--max-text", "16", "--max-frame", "256"]).await?;
    let padded = |len: usize| format!("{:<1$}", r#"{"text":"x"}"#, len);
    let post = |body: String| {
        http::ask(Method::POST, app.at(&format!("/submit/{}", random::client_id()))).header("content-type", "application/json").body(body).send()
    };
    assert_eq!(post(padded(1_024)).await?.status, 200);
    refused(&post(padded(1_025)).await?, 413, "too-large");
    assert_eq!(submit(&app, &json!({"text": "x".repeat(16)})).send().await?.status, 200);
    refused(&submit(&app, &json!({"text": "x".repeat(17)})).send().await?, 413, "too-large");

    let mut socket = ws::socket(&app.url, &random::client_id()).open().await?;
    socket.send_text(padded(256)).await?;
    assert!(socket.next_json().await?["text"].is_string());
    assert!(socket.echo(&"x".repeat(16)).await?["text"].is_string());
    assert_eq!(socket.echo(&"x".repeat(17)).await?["error"]["code"], "too-large");
    socket.send_text(padded(257)).await?;
    let end = socket.end(SOON).await?;
    assert!(matches!(end, End::Closed(1009, _)), "{end:?}");
    Ok(())
}

/// A head that never ends, sent at once or byte by byte, holds a connection no longer than the limit.
#[tokio::test]
async fn slow_headers() -> Result<()> {
    let app = App::start(&["--header-timeout", "500ms"]).await?;
    let mut other = Kept::open(&app.url).await?;
    assert_eq!(other.send(http::get(app.at("/whoami"))).await?.status, 200);

    let start = Instant::now();
    let mut stalled = http::connect(&app.url).await?;
    stalled.write_all(b"GET /whoami HTTP/1.1\r\nhost: loc").await?;
    rest(&mut stalled).await?;
    assert!((ms(400)..SOON).contains(&start.elapsed()), "{:?}", start.elapsed());

    let start = Instant::now();
    let (mut reading, mut writing) = http::connect(&app.url).await?.into_split();
    writing.write_all(b"GET /whoami HTTP/1.1\r\nx: ").await?;
    let dripping = async {
        // One byte per poll, until the server no longer accepts them.
        let _ = wait::until("the drip ends", SOON, async || writing.write_all(b"y").await.is_err().then_some(())).await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = dripping => {}
        _ = reading.read_to_end(&mut answer) => {}
    }
    assert!((ms(400)..ms(4_000)).contains(&start.elapsed()), "each byte began the time anew: {:?}", start.elapsed());
    // The timeout for a head doesn't apply between requests: this connection was idle for longer.
    assert_eq!(other.send(http::get(app.at("/whoami"))).await?.status, 200);
    Ok(())
}

/// Between requests a connection may be idle for longer than a head may take.
#[tokio::test]
async fn idle_connections() -> Result<()> {
    let app = App::start(&["--keep-alive", "1500ms", "--header-timeout", "500ms"]).await?;
    let mut kept = Kept::open(&app.url).await?;
    for _ in 0..3 {
        assert_eq!(kept.send(http::get(app.at("/whoami"))).await?.status, 200);
    }
    let start = Instant::now();
    wait::until("the idle connection is closed", SOON, async || kept.closed().then_some(())).await?;
    assert!(start.elapsed() >= ms(1_200), "closed after {:?}", start.elapsed());
    Ok(())
}

#[tokio::test]
async fn idle_sockets() -> Result<()> {
    let app = App::start(&["--idle-socket", "1s", "--ping-interval", "200ms"]).await?;
    let mut quiet = ws::socket(&app.url, &random::client_id()).open().await?;
    let mut busy = ws::socket(&app.url, &random::client_id()).open().await?;
    let start = Instant::now();
    let ended = async { (quiet.end(SOON).await, start.elapsed()) };
    let talked = async { wait::stays("the busy socket is open", ms(2_500), async || busy.echo("x").await.is_ok()).await };
    let ((end, after), talked) = tokio::join!(ended, talked);
    assert_eq!(end?, End::Closed(1000, "idle".to_owned()), "pings are no messages");
    assert!((ms(900)..ms(5_000)).contains(&after), "{after:?}");
    talked
}

#[tokio::test]
async fn sockets_of_a_session() -> Result<()> {
    let app = App::start(&["--sockets-per-session", "2"]).await?;
    let id = random::client_id();
    let first = ws::socket(&app.url, &id).open().await?;
    let mut second = ws::socket(&app.url, &id).open().await?;
    refused(&http::upgrade(app.at(&format!("/ws/{id}"))).send().await?, 429, "too-many-sockets");
    ws::socket(&app.url, &random::client_id()).open().await?.close().await?;
    first.close().await?;
    let again = wait::until("there is room again", SOON, async || ws::socket(&app.url, &id).open().await.ok()).await?;
    assert!(second.echo("x").await?["text"].is_string());
    drop(again);
    Ok(())
}

#[tokio::test]
async fn sockets_of_a_worker() -> Result<()> {
    let app = App::start(&["--max-sockets", "5"]).await?;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(ws::socket(&app.url, &random::client_id()).open().await?);
    }
    refused(&http::upgrade(app.at(&format!("/ws/{}", random::client_id()))).send().await?, 503, "too-many-sockets");
    assert_eq!(submit(&app, &json!({})).send().await?.status, 200, "requests have their own limit");
    // A connection that breaks without a close frame makes room too.
    drop(all.pop());
    wait::until("there is room again", SOON, async || ws::socket(&app.url, &random::client_id()).open().await.ok()).await?;
    Ok(())
}

/// One client that doesn't read, among nine that do: the nine get every message, and the one is closed with a reason.
#[tokio::test]
async fn a_slow_reader() -> Result<()> {
    // Enough to fill the kernel's largest send buffer (4 MiB), the queue, and the receive buffer on the reader's side.
    const MESSAGES: usize = 1_400;
    let app = App::start(&["--sockets-per-session", "10"]).await?;
    let id = random::client_id();
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    let address = app.url.trim_start_matches("http://").parse()?;
    let mut stalled = ws::socket(&app.url, &id).open_over(socket.connect(address).await?).await?;
    let mut good: Vec<Ws> = Vec::new();
    for _ in 0..9 {
        good.push(ws::socket(&app.url, &id).open().await?);
    }
    let text = "x".repeat(4_000);
    let expected = format!("[{}]  {text}", stalled.identity());
    for n in 0..MESSAGES {
        good[0].send(&json!({"text": text})).await?;
        for (who, frame) in join_all(good.iter_mut().map(Ws::next_json)).await.into_iter().enumerate() {
            assert_eq!(frame?["text"], expected.as_str(), "message {n} at reader {who}");
        }
    }
    let start = Instant::now();
    let end = stalled.end(SOON).await?;
    assert!(matches!(end, End::Closed(1008, _)), "{end:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(app.metrics().await?.counter("slow_readers"), 1.0);
    assert!(good[8].echo("x").await?["text"].is_string());
    Ok(())
}

/// Messages are in progress for as long as Redis takes. Other requests don't depend on it.
#[tokio::test]
async fn messages_in_progress() -> Result<()> {
    let redis = Redis::start().await?;
    let app = App::start(&["--max-requests", "4", "--redis-url", &redis.url()]).await?;
    let publish = || http::post(app.at(&format!("/with-redis/{}", random::client_id())), &json!({})).send();
    redis.freeze()?;
    let busy = wait::until("a fifth one is refused", SOON, async || {
        let all = join_all((0..5).map(|_| publish())).await;
        all.into_iter().filter_map(Result::ok).find(|answer| answer.error_code().is_ok_and(|code| code == "busy"))
    });
    let meanwhile = async {
        assert_eq!(http::get(app.at("/whoami")).send().await?.status, 200, "only messages are counted");
        assert_eq!(http::get(format!("{}/healthz", app.admin)).send().await?.status, 200, "busy is alive");
        ws::socket(&app.url, &random::client_id()).open().await.map(drop)
    };
    let (busy, meanwhile) = tokio::join!(busy, meanwhile);
    meanwhile?;
    refused(&busy?, 503, "busy");
    redis.thaw()?;
    wait::until("messages are published again", SOON, async || publish().await.ok().filter(|answer| answer.status == 200)).await?;
    Ok(())
}

#[tokio::test]
async fn a_request_s_time() -> Result<()> {
    let app = App::start(&["--request-timeout", "500ms"]).await?;
    let start = Instant::now();
    let answer = rest(&mut held(&app).await?).await?;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains(r#""code":"timeout""#), "{answer}");
    assert!((ms(400)..ms(5_000)).contains(&start.elapsed()), "{:?}", start.elapsed());
    // A socket counts as an answered request, so it stays open.
    let mut socket = ws::socket(&app.url, &random::client_id()).open().await?;
    wait::stays("the socket is open", ms(1_200), async || socket.echo("x").await.is_ok()).await
}

#[tokio::test]
async fn new_sessions_of_an_address() -> Result<()> {
    let app = App::start(&["--trusted-proxy", "127.0.0.0/8", "--new-sessions-per-minute", "3"]).await?;
    let ask = |path: &str, from: &str| {
        let ask = http::get(app.at(path));
        if from.is_empty() { ask.send() } else { ask.header("x-forwarded-for", from).send() }
    };
    for path in ["/", "/session", "/"] {
        assert_eq!(ask(path, "203.0.113.7").await?.status, 200);
    }
    for path in ["/", "/session"] {
        let answer = ask(path, "203.0.113.7").await?;
        refused(&answer, 429, "too-many-sessions");
        let wait: u64 = answer.header("retry-after").parse()?;
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(ask("/", "6.6.6.6, 203.0.113.7").await?.status, 429, "what a client claims stands left of it");
    assert_eq!(ask("/", "203.0.113.8").await?.status, 200, "each address has its own");
    assert_eq!(ask("/whoami", "203.0.113.7").await?.status, 200, "no session, no limit");
    for _ in 0..20 {
        assert_eq!(ask("/", "").await?.status, 200, "loopback has none");
        assert_eq!(ask("/", "127.0.0.9").await?.status, 200);
    }
    // Without a trusted proxy, any client could forge the header.
    let open = App::start(&["--new-sessions-per-minute", "3"]).await?;
    for _ in 0..20 {
        assert_eq!(http::get(open.at("/")).header("x-forwarded-for", "203.0.113.7").send().await?.status, 200);
    }
    Ok(())
}

/// A client that vanishes keeps its TCP connection open and answers no pings.
#[tokio::test]
async fn a_client_without_pongs() -> Result<()> {
    let app = App::start(&["--ping-interval", "500ms"]).await?;
    let mut good = ws::socket(&app.url, &random::client_id()).open().await?;
    let dead = unread(&app, &random::client_id()).await?;
    let start = Instant::now();
    wait::until("both sockets count", SOON, async || (app.metrics().await.ok()?.sockets() == 2.0).then_some(())).await?;
    // Reading answers pings.
    let reading = async {
        while start.elapsed() < Duration::from_secs(30) {
            let _ = good.next(ms(100)).await;
        }
    };
    let gone = wait::until("the dead one is gone", SOON, async || (app.metrics().await.ok()?.sockets() == 1.0).then_some(()));
    tokio::select! {
        () = reading => unreachable!(),
        gone = gone => gone?,
    }
    let after = start.elapsed();
    assert!((ms(900)..ms(3_000)).contains(&after), "two intervals and a bit, not {after:?}");
    assert_eq!(app.metrics().await?.counter("dead_peers"), 1.0);
    assert!(good.echo("x").await?["text"].is_string());
    drop((dead, good));
    wait::until("the gauge is back at 0", SOON, async || (app.metrics().await.ok()?.sockets() == 0.0).then_some(())).await
}

/// Ids and paths that clients make up add no series.
#[tokio::test]
async fn no_label_grows_with_clients() -> Result<()> {
    let app = App::start(&[]).await?;
    let all_kinds = async |n: usize| -> Result<()> {
        for _ in 0..n {
            submit(&app, &json!({"text": random::word()})).send().await?;
            http::get(app.at(&format!("/{}", random::word()))).send().await?;
            http::ask(Method::from_bytes(format!("X{}", random::word()).as_bytes())?, app.at("/")).send().await?;
            ws::socket(&app.url, &random::client_id()).open().await?.close().await?;
        }
        Ok(())
    };
    all_kinds(2).await?;
    let before = app.metrics().await?.series();
    all_kinds(30).await?;
    assert_eq!(app.metrics().await?.series(), before);
    Ok(())
}

/// `--help` names every limit and its default.
#[tokio::test]
async fn help_names_the_limits() -> Result<()> {
    let mut command = std::process::Command::new(testkit::bin::sticky_app()?);
    command.arg("--help");
    let ran = testkit::local::run(command).await?;
    assert_eq!(ran.code, 0);
    let defaults = [
        ("--max-body", "16KiB"),
        ("--max-text", "4096"),
        ("--max-frame", "16KiB"),
        ("--header-timeout", "10s"),
        ("--keep-alive", "120s"),
        ("--request-timeout", "10s"),
        ("--idle-socket", "1h"),
        ("--sockets-per-session", "8"),
        ("--socket-queue", "64"),
        ("--max-requests", "1024"),
        ("--new-sessions-per-minute", "60"),
        ("--connections-per-address", "256"),
        ("--ping-interval", "20s"),
    ];
    for (flag, default) in defaults {
        let from = ran.stdout.find(&format!("{flag} ")).unwrap_or_else(|| panic!("{flag} is not in --help"));
        let part = &ran.stdout[from..];
        let until = part[2..].find("\n      --").map_or(part.len(), |n| n + 2);
        let same = |value: &str| part[..until].contains(&format!("[default: {value}]"));
        assert!(same(default) || (default == "120s" && same("2m")), "{flag}: {}", &part[..until]);
    }
    assert!(ran.stdout.contains("--max-sockets") && ran.stdout.contains("--memory-limit"));
    Ok(())
}
