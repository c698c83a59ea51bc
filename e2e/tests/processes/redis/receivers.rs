//! `receivers` counts subscriptions, and no abandoned or missing one for longer than it takes to notice.

use super::{SOON, have_redis};
use crate::n_by_n::{one_on_each, relay, text};
use anyhow::Result;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::redis::Redis;
use testkit::wire::{Mode, Wire};
use testkit::{random, wait, ws};

/// Right after Redis is back, some workers are subscribed again and some are not. Until all are, the answer is 503.
#[tokio::test]
async fn no_receivers_is_never_a_guess() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    for fanout in ["directed", "broadcast"] {
        let app = App::start(&["--workers", "4", "--redis-url", &redis.url(), "--redis-prefix", fanout, "--fanout", fanout]).await?;
        let mut sockets = one_on_each(&app).await?;
        wait::until("the workers know each other", SOON, async || {
            for _ in 0..20 {
                let workers = app.topology().await.ok()?["pods"][0]["workers"].take();
                if workers.as_array()?.iter().any(|worker| worker["state"] != "ready") {
                    return None;
                }
            }
            Some(())
        })
        .await?;
        let everyone = if fanout == "directed" { 1 } else { 4 };
        for _ in 0..3 {
            redis.stop().await?;
            wait::until("relays are refused", SOON, async || (relay(&app, &sockets[0].0, "x").await.ok()?.status == 503).then_some(())).await?;
            redis.start_again().await?;
            let (mut taken, mut refused, end) = (0, 0, Instant::now() + SOON);
            while taken < 40 {
                assert!(Instant::now() < end, "{fanout}: {taken} taken, {refused} refused");
                for (id, socket) in &mut sockets {
                    let word = random::word();
                    let answer = relay(&app, id, &word).await?;
                    if answer.status == 503 {
                        refused += 1;
                        continue;
                    }
                    assert_eq!(answer.json()?["receivers"], everyone, "{fanout}: after {taken} taken and {refused} refused");
                    while text(socket).await? != format!("[{}]  {word}", socket.identity()) {}
                    taken += 1;
                }
            }
            eprintln!("{fanout}: {refused} refused before {taken} were taken, none of them lost");
        }
    }
    Ok(())
}

/// The link of a worker dies without a word. Redis would count the dead subscription for a quarter of an hour.
#[tokio::test]
async fn an_abandoned_subscription_ends() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let wire = Wire::to(redis.port()).await?;
    let here = App::start(&["--pod", "here", "--redis-url", &redis.url()]).await?;
    let there = App::start(&["--pod", "there", "--redis-url", &wire.url()]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&there.url, &id).open().await?;
    let channel = format!("sticky:session:{id}");
    let counted = async || redis.command(&["PUBSUB", "NUMSUB", &channel]).await.ok()?.get(1)?.parse::<u64>().ok();
    assert_eq!(counted().await, Some(1));
    let clients = redis.command(&["CLIENT", "LIST"]).await?;
    for (pod, part) in [("here", "publisher"), ("here", "subscriber"), ("there", "publisher"), ("there", "subscriber")] {
        let named = |client: &String| client.contains(&format!("name=sticky-app:{pod}:0:")) && client.contains(&format!(":{part} "));
        assert_eq!(clients.iter().filter(|client| named(client)).count(), 1, "{pod} {part}: {clients:#?}");
    }

    wire.abandon();
    let abandoned = Instant::now();
    assert_eq!(relay(&here, &id, "lost").await?.json()?["receivers"], 1, "nobody can know yet");
    assert_eq!(socket.next_json().await?["relay"], "off");
    assert_eq!(socket.next_json().await?["relay"], "on");
    eprintln!("a black-holed subscription was replaced after {:?}", abandoned.elapsed());
    assert_eq!(counted().await, Some(1), "the dead one is gone, not counted beside the new one");
    assert!(abandoned.elapsed() < Duration::from_secs(5), "{:?}", abandoned.elapsed());
    for n in 0..5 {
        assert_eq!(relay(&here, &id, &format!("{n}")).await?.json()?["receivers"], 1);
        assert_eq!(text(&mut socket).await?, format!("[there]  {n}"));
    }
    let clients = redis.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).await?;
    assert_eq!(clients.len(), 2, "{clients:?}");
    Ok(())
}

/// A pod whose node or network dies can't end its own subscription: the others do when it has been silent for long enough.
#[tokio::test]
async fn the_subscription_of_a_lost_pod_ends() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let wire = Wire::to(redis.port()).await?;
    let here = App::start(&["--pod", "here", "--workers", "2", "--redis-url", &redis.url()]).await?;
    let there = App::start(&["--pod", "there", "--redis-url", &wire.url()]).await?;
    let id = random::client_id();
    let socket = ws::socket(&there.url, &id).open().await?;
    wait::until("the pods know each other", SOON, async || (here.topology().await.ok()?["pods"].as_array()?.len() == 2).then_some(())).await?;
    wire.set(Mode::Vanish);
    let lost = Instant::now();
    assert_eq!(relay(&here, &id, "lost").await?.json()?["receivers"], 1, "nobody can know yet");
    wait::until("nobody is counted", Duration::from_secs(30), async || {
        (relay(&here, &id, "x").await.ok()?.json().ok()?["receivers"] == 0).then_some(())
    })
    .await?;
    eprintln!("the subscription of a lost pod was counted for {:?}", lost.elapsed());
    let clients = redis.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).await?;
    assert!(
        clients.len() == 2 && clients.iter().all(|client| client.contains("name=sticky-app:here:")),
        "those that live are untouched: {clients:#?}"
    );
    assert_eq!(here.metrics().await?.counter("bus_reconnects"), 0.0);
    drop(socket);
    Ok(())
}
