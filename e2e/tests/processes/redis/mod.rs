//! A real Redis as the bus: relays, outages, and what its answers and its users can do to a worker.

use crate::n_by_n::relay;
use anyhow::Result;
use serde_json::json;
use std::time::Duration;
use testkit::app::App;
use testkit::redis::Redis;
use testkit::ws;
use testkit::{random, tools, wait};

mod download;
mod heals;
mod login;
mod outages;
mod outcome;
mod receivers;
mod rubbish;
mod site;

const SOON: Duration = Duration::from_secs(20);

fn have_redis() -> bool {
    tools::present(&["redis-server"])
}

async fn status(app: &App) -> Result<(u16, String)> {
    let answer = app.readyz().await?;
    Ok((answer.status, answer.json()?["status"].as_str().unwrap_or_default().to_owned()))
}

async fn until_status(app: &App, code: u16, word: &str) -> Result<()> {
    wait::until(&format!("/readyz says {code} {word}"), SOON, async || (status(app).await.ok()? == (code, word.to_owned())).then_some(())).await
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
