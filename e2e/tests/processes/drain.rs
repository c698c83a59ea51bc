//! SIGTERM: the app accepts everything during the delay, then closes sockets with 1012, and exits in time.

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::http;
use testkit::redis::Redis;
use testkit::ws::{self, End};
use testkit::{random, tools, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const DELAY: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(2);
/// Extra time after delay and window before the server cuts connections.
const MARGIN: Duration = Duration::from_secs(5);
const FLAGS: [&str; 4] = ["--drain-delay", "2s", "--drain-window", "2s"];

async fn fifty_sockets(app: &mut App, relays: bool) -> Result<()> {
    let mut sockets = Vec::new();
    for _ in 0..50 {
        let id = random::client_id();
        sockets.push((id.clone(), ws::socket(&app.url, &id).open().await?));
    }
    let (watched, mut relayed) = sockets.pop().unwrap();
    let pooled = http::Kept::open(&app.url).await?;
    app.process.signal(Signal::TERM)?;
    let told = Instant::now();
    let before_the_end = DELAY - Duration::from_millis(300);

    let readiness = async {
        let answer =
            wait::until("/readyz says draining", Duration::from_millis(500), async || app.readyz().await.ok().filter(|a| a.status == 503)).await?;
        assert_eq!(answer.json()?["status"], "draining");
        assert_eq!(http::get(format!("{}/healthz", app.admin)).send().await?.status, 200, "draining is alive");
        anyhow::Ok(())
    };
    // If one of these is refused, the test fails: there are no retries.
    let requests = async {
        let (mut count, mut pooled) = (0, Some(pooled));
        let id = random::client_id();
        while told.elapsed() < before_the_end {
            let ask = http::post(app.at(&format!("/submit/{id}")), &json!({"text": "x"}));
            let answer = match pooled.take() {
                Some(mut kept) => kept.send(ask).await?,
                None => ask.send().await?,
            };
            assert_eq!(answer.status, 200, "after {:?}", told.elapsed());
            // The signal takes a moment to reach every worker.
            if told.elapsed() > Duration::from_millis(500) {
                assert_eq!(answer.header("connection").to_lowercase(), "close", "after {:?}", told.elapsed());
                assert_eq!(http::get(app.at("/whoami")).send().await?.header("connection").to_lowercase(), "close");
            }
            count += 1;
            tokio::task::yield_now().await;
        }
        anyhow::Ok(count)
    };
    let upgrades = async {
        let (mut late, mut pace) = (Vec::new(), tokio::time::interval(wait::STEP));
        while told.elapsed() < before_the_end {
            pace.tick().await;
            let mut socket = ws::socket(&app.url, &random::client_id()).open().await.with_context(|| format!("after {:?}", told.elapsed()))?;
            socket.echo("x").await?;
            late.push(socket);
        }
        anyhow::Ok(late)
    };
    let relaying = async {
        let mut count = 0;
        while relays && told.elapsed() < before_the_end {
            let answer = http::post(app.at(&format!("/with-redis/{watched}")), &json!({"text": "still"})).send().await?;
            assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)));
            assert_eq!(relayed.next_json().await?["text"], format!("[{}]  still", relayed.identity()));
            count += 1;
        }
        anyhow::Ok(count)
    };
    let (readiness, requests, upgrades, relaying) = tokio::join!(readiness, requests, upgrades, relaying);
    readiness?;
    let (requests, late, relaying) = (requests?, upgrades?, relaying?);
    assert!(requests >= 20 && late.len() >= 5, "{requests} requests, {} upgrades", late.len());
    eprintln!("during the delay: {requests} requests, {} upgrades, {relaying} relays, none refused", late.len());

    let all = sockets.into_iter().map(|(_, socket)| socket).chain([relayed]).chain(late).map(|mut socket| async move {
        let end = socket.end(DELAY + WINDOW + MARGIN).await?;
        anyhow::Ok((end, told.elapsed()))
    });
    let mut times = Vec::new();
    for ended in futures_util::future::join_all(all).await {
        let (end, at) = ended?;
        let End::Closed(code, reason) = &end else { panic!("cut after {at:?} without a close frame") };
        assert_eq!(*code, 1012, "{end:?}");
        let hint: Value = serde_json::from_str(reason)?;
        assert!(hint["retry_ms"].as_u64().is_some_and(|n| (1..=30_000).contains(&n)), "{reason}");
        times.push(at);
    }
    times.sort();
    let (first, last) = (times[0], times[times.len() - 1]);
    eprintln!("{} sockets closed between {first:?} and {last:?}", times.len());
    assert!(first >= DELAY - Duration::from_millis(50), "the first one went after {first:?}");
    assert!(last - first >= WINDOW / 2, "not all at once: {first:?} to {last:?}");
    assert!(last <= DELAY + WINDOW + Duration::from_secs(1), "{last:?}");
    let code = app.process.exit_code(DELAY + WINDOW + MARGIN).await?;
    eprintln!("exit after {:?}", told.elapsed());
    assert_eq!(code, 0);
    assert!(told.elapsed() <= DELAY + WINDOW + MARGIN, "{:?}", told.elapsed());
    Ok(())
}

#[tokio::test]
async fn fifty_sockets_on_one_worker() -> Result<()> {
    let mut app = App::start(&FLAGS).await?;
    fifty_sockets(&mut app, true).await
}

/// The Redis link outlives the last socket.
#[tokio::test]
async fn fifty_sockets_on_four_workers() -> Result<()> {
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let url = redis.url();
    let mut app = App::start(&[&["--workers", "4", "--redis-url", &url], &FLAGS[..]].concat()).await?;
    fifty_sockets(&mut app, true).await
}

/// A client that neither reads nor closes is cut at the deadline.
#[tokio::test]
async fn a_client_that_never_answers_the_close() -> Result<()> {
    let mut app = App::start(&["--drain-delay", "200ms", "--drain-window", "300ms"]).await?;
    let mut silent = http::connect(&app.url).await?;
    let head = format!(
        "GET /ws/{} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        random::client_id()
    );
    silent.write_all(head.as_bytes()).await?;
    let mut first = [0; 12];
    silent.read_exact(&mut first).await?;
    assert_eq!(&first, b"HTTP/1.1 101");
    // The same applies to a request whose body never ends.
    let mut half = http::connect(&app.url).await?;
    half.write_all(
        b"POST /submit/aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\ncontent-type: application/json\r\n\r\n{",
    )
    .await?;
    app.process.signal(Signal::TERM)?;
    let told = Instant::now();
    let code = app.process.exit_code(MARGIN + Duration::from_secs(2)).await?;
    assert_eq!(code, 0);
    assert!(told.elapsed() < MARGIN + Duration::from_millis(1_500), "{:?}", told.elapsed());
    Ok(())
}

/// Without clients, only the delay has to pass.
#[tokio::test]
async fn an_idle_server_leaves_after_the_delay() -> Result<()> {
    let mut app = App::start(&["--drain-delay", "300ms", "--drain-window", "20s"]).await?;
    let _idle = http::connect(&app.url).await?;
    app.process.signal(Signal::TERM)?;
    let told = Instant::now();
    assert_eq!(app.process.exit_code(Duration::from_secs(10)).await?, 0);
    assert!((Duration::from_millis(250)..Duration::from_secs(5)).contains(&told.elapsed()), "{:?}", told.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() -> Result<()> {
    for second in [Signal::TERM, Signal::INT] {
        let mut app = App::start(&["--drain-delay", "60s", "--drain-window", "60s"]).await?;
        let mut socket = ws::socket(&app.url, &random::client_id()).open().await?;
        let workers = testkit::process::children(app.process.pid());
        app.process.signal(Signal::TERM)?;
        wait::until("it drains", Duration::from_secs(5), async || (app.readyz().await.ok()?.status == 503).then_some(())).await?;
        app.process.signal(second)?;
        let told = Instant::now();
        app.process.exit_code(Duration::from_secs(5)).await?;
        assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
        wait::until("no worker is left", Duration::from_secs(5), async || workers.iter().all(|pid| !testkit::process::lives(*pid)).then_some(()))
            .await?;
        socket.end(Duration::from_secs(5)).await?;
    }
    Ok(())
}

/// Each worker logs its totals in its last line, so that sums over a site can include pods that are gone.
#[tokio::test]
async fn each_worker_says_its_totals_last() -> Result<()> {
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let mut app = App::start(&["--workers", "2", "--redis-url", &redis.url(), "--drain-delay", "300ms", "--drain-window", "1s"]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    for _ in 0..3 {
        socket.echo("x").await?;
    }
    for n in 0..20 {
        // The last one arrives during the drain.
        if n == 19 {
            app.process.signal(Signal::TERM)?;
        }
        assert_eq!(http::post(app.at(&format!("/submit/{id}")), &json!({"text": "x"})).send().await?.status, 200);
    }
    assert_eq!(http::post(app.at("/submit/no-id"), &json!({"text": "x"})).send().await?.status, 400);
    app.process.exit_code(Duration::from_secs(10)).await?;
    wait::until("the log's last line", Duration::from_secs(5), async || app.process.stderr.text().contains("\"stopped\"").then_some(())).await?;
    let lines: Vec<Value> = app.process.stderr.all().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut sum = [0; 5];
    for worker in 0..2 {
        let last = lines.iter().rfind(|line| line["span"]["worker"] == worker).unwrap();
        assert_eq!(last["message"], "totals", "{last}");
        let requests: Value = serde_json::from_str(last["requests"].as_str().unwrap())?;
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let all = [&requests["/submit"]["200"], &requests["/submit"]["400"], &requests["/ws"]["101"], &last["frames_in"], &last["frames_out"]];
        sum = std::array::from_fn(|n| sum[n] + count(all[n]));
    }
    assert_eq!(sum, [20, 1, 1, 3, 4], "20 POSTs, one refused, one socket, 3 frames in, their echoes and the greeting out");
    Ok(())
}
