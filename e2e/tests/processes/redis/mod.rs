//! Outages of Redis, and how the app recovers.

use anyhow::Result;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::http::{self, Answer};
use testkit::redis::Redis;
use testkit::ws::{self, Ws};
use testkit::{random, tools, wait};

mod heals;
mod outcome;
mod receivers;
mod rubbish;

const SOON: Duration = Duration::from_secs(20);

fn have_redis() -> bool {
    tools::present(&["redis-server"])
}

async fn relay(app: &App, id: &str, text: &str) -> Result<Answer> {
    http::post(app.at(&format!("/with-redis/{id}")), &json!({"text": text})).send().await
}

async fn status(app: &App) -> Result<(u16, String)> {
    let answer = app.readyz().await?;
    Ok((answer.status, answer.json()?["status"].as_str().unwrap_or_default().to_owned()))
}

async fn until_status(app: &App, code: u16, word: &str) -> Result<()> {
    wait::until(&format!("/readyz says {code} {word}"), SOON, async || (status(app).await.ok()? == (code, word.to_owned())).then_some(())).await
}

/// One socket on each of four workers.
async fn one_on_each(app: &App) -> Result<Vec<(String, Ws)>> {
    let mut all: HashMap<String, (String, Ws)> = HashMap::new();
    for _ in 0..300 {
        let id = random::client_id();
        let socket = ws::socket(&app.url, &id).open().await?;
        all.entry(socket.at()).or_insert((id, socket));
        if all.len() == 4 {
            break;
        }
    }
    assert_eq!(all.len(), 4);
    Ok(all.into_values().collect())
}

/// The next frame with a text, ignoring frames about the relay's state.
async fn text(socket: &mut Ws) -> Result<String> {
    loop {
        if let Some(text) = socket.next_json().await?["text"].as_str() {
            return Ok(text.to_owned());
        }
    }
}

/// Every worker publishes to a socket on every worker, each message arrives once and in order.
async fn relay_n_by_n(app: &App, sockets: &mut [(String, Ws)]) -> Result<()> {
    for (id, socket) in sockets.iter_mut() {
        let mut publishers = HashSet::new();
        for n in 0..300 {
            let word = format!("{n} {}", random::word());
            let answer = relay(app, id, &word).await?;
            assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)), "{}", answer.text());
            assert_eq!(text(socket).await?, format!("[{}]  {word}", socket.identity()));
            publishers.insert(answer.place()?);
            if publishers.len() == 4 {
                break;
            }
        }
        assert_eq!(publishers.len(), 4, "to the socket at {}", socket.at());
    }
    Ok(())
}

#[tokio::test]
async fn it_starts_without_redis() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut redis = Redis::stopped()?;
    let app = App::listening(&["--workers", "2", "--redis-url", &redis.url()]).await?;
    wait::until("/healthz answers 200", SOON, async || (http::get(format!("{}/healthz", app.admin)).send().await.ok()?.status == 200).then_some(()))
        .await?;
    // Until a worker has reported for the first time, that is the only reason that readiness can give.
    let reason = wait::until("readiness says what is missing", SOON, async || {
        let answer = app.readyz().await.ok()?;
        assert_eq!((answer.status, &answer.json().ok()?["status"]), (503, &json!("starting")));
        answer.json().ok()?["reason"].as_str().map(str::to_owned).filter(|reason| reason.contains("Redis"))
    });
    reason.await?;
    assert_eq!(http::get(app.at("/whoami")).send().await?.status, 200, "not ready is not deaf");

    redis.start_again().await?;
    app.ready().await?;
    assert_eq!(status(&app).await?, (200, "ready".to_owned()));
    assert_eq!(app.metrics().await?.counter("worker_restarts"), 0.0);
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    assert!(socket.hello.get("relay").is_none());
    assert_eq!(relay(&app, &id, "x").await?.status, 200);
    assert_eq!(text(&mut socket).await?, format!("[{}]  x", socket.identity()));
    Ok(())
}

#[tokio::test]
async fn a_host_that_does_not_resolve() -> Result<()> {
    let app = App::listening(&["--redis-url", "redis://no-such-host.invalid:6379"]).await?;
    wait::until("/healthz answers 200", SOON, async || (http::get(format!("{}/healthz", app.admin)).send().await.ok()?.status == 200).then_some(()))
        .await?;
    wait::stays("alive and not ready", Duration::from_millis(1_500), async || {
        let alive = http::get(format!("{}/healthz", app.admin)).send().await.is_ok_and(|a| a.status == 200);
        alive && app.readyz().await.is_ok_and(|a| a.status == 503)
    })
    .await?;
    let body = app.readyz().await?.json()?;
    assert!(body["reason"].as_str().is_some_and(|r| !r.is_empty()), "{body}");
    let answer = relay(&app, &random::client_id(), "x").await?;
    assert_eq!((answer.status, answer.error_code()?.as_str()), (503, "relay-unavailable"));
    Ok(())
}

#[tokio::test]
async fn an_outage() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    let app = App::start(&["--workers", "4", "--redis-url", &redis.url()]).await?;
    let mut sockets = one_on_each(&app).await?;
    relay_n_by_n(&app, &mut sockets).await?;

    redis.stop().await?;
    until_status(&app, 200, "degraded").await?;
    for _ in 0..8 {
        let start = Instant::now();
        let answer = relay(&app, &sockets[0].0, "lost").await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (503, "relay-unavailable"));
        assert!(start.elapsed() < Duration::from_secs(2), "a refusal is quick: {:?}", start.elapsed());
        assert_eq!(http::post(app.at(&format!("/submit/{}", sockets[0].0)), &json!({})).send().await?.status, 200);
    }
    for (_, socket) in &mut sockets {
        assert_eq!(socket.next_json().await?, json!({"relay": "off"}), "open sockets are told");
        assert_eq!(socket.echo("x").await?["text"], format!("[{}]  x", socket.identity()), "and stay");
    }
    let late_id = random::client_id();
    let mut late = ws::socket(&app.url, &late_id).open().await?;
    assert_eq!(late.hello["relay"], "off");
    let map_state = app.topology().await?["bus"]["state"].clone();
    assert_eq!(map_state, "down");
    let local = http::post(app.at(&format!("/without-redis/{late_id}")), &json!({"text": "x"})).send().await?;
    assert_eq!(local.status, 200, "local delivery needs no Redis");
    if local.json()?["delivered"] == 1 {
        late.next_json().await?;
    }

    redis.start_again().await?;
    until_status(&app, 200, "ready").await?;
    assert_eq!(late.next_json().await?, json!({"relay": "on"}));
    for (_, socket) in &mut sockets {
        assert_eq!(socket.next_json().await?, json!({"relay": "on"}));
    }
    sockets.push((late_id, late));
    relay_n_by_n(&app, &mut sockets).await?;
    wait::until("the map says ok", SOON, async || (app.topology().await.ok()?["bus"]["state"] == "ok").then_some(())).await?;
    let metrics = app.metrics().await?;
    assert!(metrics.counter("bus_reconnects") >= 4.0, "each worker came back: {}", metrics.counter("bus_reconnects"));
    assert!(metrics.counter("publish_failures") >= 8.0);
    assert_eq!(metrics.counter("worker_restarts"), 0.0);
    Ok(())
}

/// Connections stay open and Redis doesn't answer: the worst kind of outage.
#[tokio::test]
async fn a_frozen_redis() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let app = App::start(&["--workers", "4", "--redis-url", &redis.url()]).await?;
    let mut sockets = one_on_each(&app).await?;
    redis.freeze()?;
    let frozen = Instant::now();
    let answer = relay(&app, &sockets[0].0, "x").await?;
    assert_eq!((answer.status, answer.error_code()?.as_str()), (503, "relay-unknown"), "it may be read when Redis goes on");
    assert!(frozen.elapsed() < Duration::from_secs(5), "{:?}", frozen.elapsed());
    let start = Instant::now();
    assert_eq!(http::post(app.at(&format!("/submit/{}", sockets[0].0)), &json!({})).send().await?.status, 200);
    assert!(start.elapsed() < Duration::from_secs(1), "what needs no Redis does not wait for it: {:?}", start.elapsed());
    let start = Instant::now();
    let mut other = ws::socket(&app.url, &random::client_id()).open().await?;
    other.echo("x").await?;
    assert!(start.elapsed() < Duration::from_secs(5), "a socket is let in all the same: {:?}", start.elapsed());
    until_status(&app, 200, "degraded").await?;
    eprintln!("a frozen Redis was noticed after {:?}", frozen.elapsed());
    redis.thaw()?;
    let thawed = Instant::now();
    until_status(&app, 200, "ready").await?;
    eprintln!("after it went on all was well after {:?}", thawed.elapsed());
    // Messages published while it was frozen may still arrive; the text tells them apart.
    for (id, socket) in &mut sockets {
        let word = random::word();
        let answer = wait::until("a relay is taken", SOON, async || relay(&app, id, &word).await.ok().filter(|a| a.status == 200)).await?;
        assert_eq!(answer.json()?["receivers"], 1);
        while text(socket).await? != format!("[{}]  {word}", socket.identity()) {}
    }
    assert_eq!(app.metrics().await?.counter("worker_restarts"), 0.0, "all of Redis was away, no single worker deaf");
    Ok(())
}

#[tokio::test]
async fn directed_and_broadcast() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    for (fanout, receivers) in [("directed", 1), ("broadcast", 4)] {
        let app = App::start(&["--workers", "4", "--redis-url", &redis.url(), "--redis-prefix", fanout, "--fanout", fanout]).await?;
        assert_eq!(app.topology().await?["bus"]["fanout"], fanout);
        let id = random::client_id();
        let mut socket = ws::socket(&app.url, &id).open().await?;
        for n in 0..10 {
            let answer = relay(&app, &id, &format!("{n}")).await?;
            assert_eq!(answer.json()?["receivers"], receivers, "{fanout}");
            assert_eq!(socket.next_json().await?, json!({"text": format!("[{}]  {n}", socket.identity())}));
        }
        // Ten messages, each dropped by the three of four workers that don't hold the session.
        let ignored = f64::from(10 * (receivers - 1));
        wait::until(&format!("{ignored} ignored in /metrics"), SOON, async || {
            (app.metrics().await.ok()?.counter("ignored") == ignored).then_some(())
        })
        .await?;
        wait::until(&format!("{ignored} ignored in the topology"), SOON, async || {
            let topology = app.topology().await.ok()?;
            let sum: u64 = topology["pods"][0]["workers"].as_array()?.iter().filter_map(|w| w["ignored"].as_u64()).sum();
            (sum as f64 == ignored).then_some(())
        })
        .await?;
        let nobody = relay(&app, &random::client_id(), "x").await?.json()?["receivers"].clone();
        assert_eq!(nobody, if fanout == "directed" { 0 } else { 4 });
    }
    Ok(())
}

/// Each deployment has its own namespace in Redis: the same session in another deployment gets nothing.
#[tokio::test]
async fn prefixes_keep_deployments_apart() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let one = App::start(&["--redis-url", &redis.url(), "--redis-prefix", "one", "--pod", "a"]).await?;
    let two = App::start(&["--redis-url", &redis.url(), "--redis-prefix", "two", "--pod", "b"]).await?;
    let id = random::client_id();
    let mut here = ws::socket(&one.url, &id).open().await?;
    assert_eq!(relay(&two, &id, "x").await?.json()?["receivers"], 0);
    assert_eq!(relay(&one, &id, "y").await?.json()?["receivers"], 1);
    assert_eq!(here.next_json().await?["text"], "[a]  y");
    assert_eq!(one.topology().await?["pods"].as_array().unwrap().len(), 1);
    Ok(())
}

/// Several pods on one Redis see each other, and a pod that ends disappears from the map.
#[tokio::test]
async fn pods_see_each_other() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let start = async |pod: &str| App::start(&["--redis-url", &redis.url(), "--pod", pod, "--drain-delay", "1s", "--drain-window", "1s"]).await;
    let (one, two, ten) = (start("app-1").await?, start("app-2").await?, start("app-10").await?);
    let names = async |expected: &[&str]| {
        wait::until(&format!("the map shows {expected:?}"), SOON, async || {
            let topology = one.topology().await.ok()?;
            let names: Vec<_> = topology["pods"].as_array()?.iter().filter_map(|p| p["pod"].as_str()).map(str::to_owned).collect();
            (names == expected).then_some(())
        })
        .await
    };
    names(&["app-1", "app-2", "app-10"]).await?;
    let mut map = ws::socket(&one.url, &random::client_id()).map().open().await?;
    two.process.signal(rustix::process::Signal::TERM)?;
    let draining = loop {
        let topology = map.next_topology().await?;
        if topology["pods"][1]["state"] == "draining" {
            break topology["pods"][1].clone();
        }
    };
    assert!(draining["left_s"].is_number(), "{draining}");
    names(&["app-1", "app-10"]).await?;
    // A killed pod can't deregister; it just stops refreshing.
    ten.process.signal(rustix::process::Signal::KILL)?;
    names(&["app-1"]).await
}

#[tokio::test]
async fn passwords() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_password("hunter2").await?;
    let mut file = tempfile::NamedTempFile::new()?;
    // Editors and `kubectl create secret` leave a newline at the end.
    writeln!(file, "hunter2")?;
    let path = file.path().to_str().unwrap();
    let id = random::client_id();
    for flags in [vec!["--redis-url", &redis.url(), "--redis-password-file", path], vec!["--redis-url", &redis.url_with_password()]] {
        let app = App::start(&flags).await?;
        let mut socket = ws::socket(&app.url, &id).open().await?;
        assert_eq!(relay(&app, &id, "x").await?.json()?["receivers"], 1);
        socket.next_json().await?;
        assert!(!app.process.stderr.text().contains("hunter2"));
    }
    let mut wrong = tempfile::NamedTempFile::new()?;
    write!(wrong, "wrong-password")?;
    let path = wrong.path().to_str().unwrap();
    let app = App::listening(&["--redis-url", &redis.url(), "--redis-password-file", path]).await?;
    let said = wait::until("the log says why", SOON, async || Some(app.process.stderr.text()).filter(|log| log.contains("password"))).await?;
    assert!(!said.contains("wrong-password"));
    let answer = app.readyz().await?;
    assert_eq!(answer.status, 503);
    assert!(answer.json()?["reason"].as_str().is_some_and(|r| !r.is_empty() && !r.contains("wrong-password")));
    Ok(())
}

/// A Redis before version 6 doesn't know HELLO, and repeats the arguments of a command that it doesn't know.
#[tokio::test]
async fn a_password_is_not_in_what_redis_answers() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_flags("hunter2", &["--rename-command", "HELLO", ""]).await?;
    let app = App::listening(&["--redis-url", &redis.url_with_password()]).await?;
    let reason = async || app.readyz().await.ok()?.json().ok()?["reason"].as_str().filter(|r| r.contains("unknown command")).map(str::to_owned);
    let reason = wait::until("readiness says why", SOON, reason).await?;
    let answer = relay(&app, &random::client_id(), "x").await?;
    assert_eq!(answer.error_code()?, "relay-unavailable");
    for text in [reason, answer.text(), app.process.stderr.text()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn tls() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_tls().await?;
    let authority = redis.authority();
    let app = App::start(&["--workers", "2", "--redis-url", &redis.url(), "--redis-ca-file", authority.to_str().unwrap()]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    assert_eq!(relay(&app, &id, "x").await?.json()?["receivers"], 1);
    socket.next_json().await?;

    // An unknown CA isn't trusted, and readiness says so.
    let app = App::listening(&["--redis-url", &redis.url()]).await?;
    let reason = async || app.readyz().await.ok()?.json().ok()?["reason"].as_str().filter(|r| r.contains("certificate")).map(str::to_owned);
    wait::until("the certificate is refused", SOON, reason).await?;
    Ok(())
}
