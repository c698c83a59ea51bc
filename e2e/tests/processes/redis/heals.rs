//! Every way in which Redis refuses, stalls or vanishes, and the time from the moment that it is usable to the first relay.

use super::site::{BACK, Site, site};
use super::{SOON, have_redis, until_status};
use crate::n_by_n::relay;
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::redis::Redis;
use testkit::wire::{Mode, Wire};
use testkit::{random, wait, ws};

/// The reproduction that showed it: a password appears, all connections are cut, and the password disappears again.
#[tokio::test]
async fn a_password_that_comes_and_goes() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut site = site(Redis::start().await?, &[]).await?;
    site.run(&["CONFIG SET requirepass x"]).await?;
    site.cut().await?;
    site.is_away("NOAUTH").await?;
    site.run(&["CONFIG SET requirepass \"\""]).await?;
    site.is_back("NOAUTH", Instant::now()).await?;

    // Long enough for the pauses between two attempts to have their full length.
    site.run(&["CONFIG SET requirepass x"]).await?;
    site.cut().await?;
    let before = site.wire.opened();
    wait::until("both workers have tried often", SOON, async || (site.wire.opened() >= before + 40).then_some(())).await?;
    site.run(&["CONFIG SET requirepass \"\""]).await?;
    site.is_back("NOAUTH for longer", Instant::now()).await
}

#[tokio::test]
async fn permissions_that_come_and_go() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let (mut admin, wire) = (redis.admin().await?, Wire::to(redis.port()).await?);
    // Nothing but pub/sub: neither names nor CLIENT KILL are allowed, and everything works without.
    admin.run("ACL SETUSER app on >pw resetchannels &acl:* -@all +hello +auth +publish +subscribe +unsubscribe").await?;
    let url = wire.url().replace("//", "//app:pw@");
    let app = App::start(&["--workers", "2", "--redis-url", &url, "--redis-prefix", "acl"]).await?;
    let id = random::client_id();
    let socket = ws::socket(&app.url, &id).open().await?;
    let mut site = Site { redis, admin, wire, app, id, socket };
    let cases = [
        ("NOPERM on the channels", "ACL SETUSER app resetchannels", "ACL SETUSER app &acl:*"),
        ("NOPERM on PUBLISH", "ACL SETUSER app -publish", "ACL SETUSER app +publish"),
        ("NOPERM on SUBSCRIBE, and a cut", "ACL SETUSER app -subscribe", "ACL SETUSER app +subscribe"),
        ("WRONGPASS of a user, and a cut", "ACL SETUSER app resetpass >other", "ACL SETUSER app >pw"),
        ("a disabled user, and a cut", "ACL SETUSER app off", "ACL SETUSER app on"),
    ];
    for (what, wrong, right) in cases {
        site.run(&[wrong]).await?;
        if what.contains("cut") {
            site.cut().await?;
        }
        site.is_away(what).await?;
        site.run(&[right]).await?;
        site.is_back(what, Instant::now()).await?;
    }
    Ok(())
}

/// Redis gets a new password, and then the file does.
#[tokio::test]
async fn a_rotated_password() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "one\n")?;
    let redis = Redis::with_password("one").await?;
    let wire = Wire::to(redis.port()).await?;
    let app = App::start(&["--workers", "2", "--redis-url", &wire.url(), "--redis-password-file", file.path().to_str().unwrap()]).await?;
    let id = random::client_id();
    let socket = ws::socket(&app.url, &id).open().await?;
    let mut admin = redis.admin().await?;
    admin.run("AUTH one").await?;
    let mut site = Site { redis, admin, wire, app, id, socket };
    site.run(&["CONFIG SET requirepass two"]).await?;
    site.cut().await?;
    site.is_away("WRONGPASS").await?;
    std::fs::write(file.path(), "two\n")?;
    site.is_back("WRONGPASS", Instant::now()).await?;
    let log = site.app.process.stderr.text();
    assert!(!log.contains("\"one") && !log.contains("two\""), "{log}");
    drop(site.redis);
    Ok(())
}

/// A replica takes a publish and passes it to its own subscribers only, whether its primary is there or not.
#[tokio::test]
async fn a_replica_is_not_used() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let primary = Redis::start().await?;
    let (port, nowhere) = (format!("REPLICAOF 127.0.0.1 {}", primary.port()), format!("REPLICAOF 127.0.0.1 {}", testkit::ports::free()?));
    let mut site = site(Redis::start().await?, &[]).await?;
    for (what, replicate, stale) in [("READONLY", &port, "yes"), ("MASTERDOWN", &nowhere, "no")] {
        site.run(&[&format!("CONFIG SET replica-serve-stale-data {stale}"), replicate]).await?;
        let refused = site.admin.run("SET a 1").await.unwrap_err().to_string();
        assert!(refused.contains("READONLY") || refused.contains("MASTERDOWN"), "{refused}");
        site.is_away(what).await?;
        site.run(&["REPLICAOF NO ONE"]).await?;
        site.is_back(what, Instant::now()).await?;
    }
    Ok(())
}

/// While its memory is full or its data is loading, Redis goes on with pub/sub, and so does the relay.
#[tokio::test]
async fn a_full_and_a_loading_redis() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut site = site(Redis::start().await?, &[]).await?;
    site.run(&["CONFIG SET maxmemory 1"]).await?;
    assert!(site.admin.run("SET a 1").await.unwrap_err().to_string().contains("OOM"));
    site.is_back("OOM", Instant::now()).await?;
    site.cut().await?;
    site.is_back("OOM and a cut", Instant::now()).await?;
    site.run(&[
        "CONFIG SET maxmemory 0",
        "DEBUG POPULATE 2000",
        "CONFIG SET key-load-delay 1000",
        "CONFIG SET loading-process-events-interval-bytes 1024",
    ])
    .await?;
    let mut other = site.redis.admin().await?;
    let reload = tokio::spawn(async move { other.run("DEBUG RELOAD").await });
    wait::until("it is loading", SOON, async || site.admin.run("GET a").await.err().filter(|e| e.to_string().contains("LOADING"))).await?;
    site.cut().await?;
    // DEBUG RELOAD's own connection was cut with the others; the loading itself goes on.
    site.is_back("LOADING and a cut", Instant::now()).await?;
    reload.abort();
    Ok(())
}

#[tokio::test]
async fn too_many_clients() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut site = site(Redis::start().await?, &[]).await?;
    site.run(&["CONFIG SET maxclients 1"]).await?;
    site.cut().await?;
    site.is_away("maxclients").await?;
    site.run(&["CONFIG SET maxclients 1000"]).await?;
    site.is_back("maxclients", Instant::now()).await
}

/// Links on which nothing arrives, and answers that come late.
#[tokio::test]
async fn links_that_fail_silently() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut site = site(Redis::start().await?, &[]).await?;
    // New connections work at once: the time includes noticing that the old ones don't.
    site.wire.abandon();
    let abandoned = Instant::now();
    let noticed = async || (site.app.metrics().await.ok()?.counter("bus_reconnects") >= 2.0).then_some(());
    wait::until("both workers have new connections", SOON, noticed).await?;
    site.is_back("half-open links", abandoned).await?;

    site.wire.set(Mode::Vanish);
    site.is_away("a network that loses everything").await?;
    site.wire.set(Mode::Pass);
    site.is_back("a network that loses everything", Instant::now()).await?;

    site.wire.set(Mode::Slow(Duration::from_millis(700)));
    // It is slow, and it works.
    let answer = relay(&site.app, &site.id, "slow").await?;
    assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)));
    site.wire.set(Mode::Slow(Duration::from_secs(3)));
    site.is_away("a Redis that answers after 3 s").await?;
    site.wire.set(Mode::Pass);
    site.is_back("a Redis that answers after 3 s", Instant::now()).await
}

/// Replies that a real Redis doesn't give to pub/sub, or not within the time of a test.
#[tokio::test]
async fn any_error_reply() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut site = site(Redis::start().await?, &[]).await?;
    let replies = [
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "READONLY You can't write against a read only replica.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "BUSY Redis is busy running a script.",
        "ERR max number of clients reached",
        "ERR anything else",
    ];
    for reply in replies {
        site.wire.set(Mode::Refuse(reply));
        site.is_away(reply).await?;
        site.wire.set(Mode::Pass);
        site.is_back(reply, Instant::now()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn started_while_redis_refuses() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let wire = Wire::to(redis.port()).await?;
    for reply in ["NOAUTH Authentication required.", "LOADING Redis is loading the dataset in memory"] {
        wire.set(Mode::Refuse(reply));
        let app = App::listening(&["--workers", "2", "--redis-url", &wire.url()]).await?;
        let reason = async || {
            app.readyz().await.ok()?.json().ok()?["reason"].as_str().filter(|r| r.contains("Redis has not been reached yet: ")).map(str::to_owned)
        };
        let reason = wait::until("readiness says why", SOON, reason).await?;
        eprintln!("{reason}");
        wire.set(Mode::Pass);
        let usable = Instant::now();
        until_status(&app, 200, "ready").await?;
        assert!(usable.elapsed() < BACK, "{reply}: {:?}", usable.elapsed());
    }
    Ok(())
}

/// Redis takes what a worker publishes and passes nothing on to it, however often it subscribes: the supervisor replaces it.
#[tokio::test]
async fn a_deaf_worker_is_replaced() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let wire = Wire::to(redis.port()).await?;
    let app = App::start(&["--redis-url", &wire.url()]).await?;
    wire.set(Mode::Mute);
    wait::until("the worker is replaced", Duration::from_secs(60), async || {
        (app.metrics().await.ok()?.counter("worker_restarts") >= 1.0).then_some(())
    })
    .await?;
    wire.set(Mode::Pass);
    until_status(&app, 200, "ready").await
}
