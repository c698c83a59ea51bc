//! Redis is missing, crashes, or stands still.

use super::{SOON, have_redis, status, until_status};
use crate::n_by_n::{one_on_each, relay, relay_n_by_n, text};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::redis::Redis;
use testkit::ws;
use testkit::{http, random, wait};

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
        assert_eq!(socket.next_json().await?, json!({"relay": "off"}), "open sockets get a frame");
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
