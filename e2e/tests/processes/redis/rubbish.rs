//! What somebody with access to Redis can write on the channels.

use super::{SOON, have_redis, status};
use crate::n_by_n::{one_on_each, relay};
use anyhow::Result;
use serde_json::json;
use testkit::app::App;
use testkit::redis::Redis;
use testkit::{random, wait, ws};

#[tokio::test]
async fn it_is_counted_and_dropped() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    for fanout in ["directed", "broadcast"] {
        let prefix = format!("rubbish-{fanout}");
        let app = App::start(&["--workers", "4", "--redis-url", &redis.url(), "--redis-prefix", &prefix, "--fanout", fanout]).await?;
        let mut sockets = one_on_each(&app).await?;
        let channels: Vec<_> = redis.command(&["PUBSUB", "CHANNELS", "*"]).await?.into_iter().filter(|c| c.starts_with(&prefix)).collect();
        assert!(!channels.is_empty(), "{fanout}");
        if fanout == "directed" {
            assert!(channels.len() >= 4, "a channel for each session: {}", channels.len());
        }
        let big = "x".repeat(100_000);
        let mut heard = 0.0;
        for channel in &channels {
            for rubbish in ["not json", "{}", "[]", "{\"text\":1}", "\u{1}\u{2}", "{\"v\":1}", "null", &big] {
                heard += redis.command(&["PUBLISH", channel, rubbish]).await?[0].parse::<f64>()?;
            }
        }
        assert!(heard > 0.0);
        wait::until("every bad message is counted", SOON, async || (app.metrics().await.ok()?.counter("bus_bad_messages") >= heard).then_some(()))
            .await?;
        assert_eq!(app.metrics().await?.counter("worker_restarts"), 0.0);
        assert_eq!(status(&app).await?, (200, "ready".to_owned()));
        // None of it reached a socket: these are the first frames.
        for (id, socket) in &mut sockets {
            assert_eq!(relay(&app, id, "good").await?.status, 200);
            assert_eq!(socket.next_json().await?, json!({"text": format!("[{}]  good", socket.identity())}), "{fanout}");
        }
    }
    Ok(())
}

/// The rules for a client's message hold for one from the bus: its session, its length, its key.
#[tokio::test]
async fn a_message_is_checked_like_a_client_s() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let app = App::start(&["--pod", "app-1", "--redis-url", &redis.url(), "--max-text", "64"]).await?;
    let (mine, victim) = (random::client_id(), random::client_id());
    let mut my_socket = ws::socket(&app.url, &mine).open().await?;
    let mut victims = ws::socket(&app.url, &victim).open().await?;
    let channel = format!("sticky:session:{mine}");
    let long = "x".repeat(65);
    let bad = [
        // On the channel of one session, for another one.
        json!({"to": victim, "text": "from a stranger"}),
        json!({"to": mine, "text": long}),
        json!({"to": mine, "text": "x", "key": "<img src=x>"}),
        json!({"to": mine, "text": "x", "trace": "<img src=x>"}),
        json!({"to": "<img src=x>", "text": "x"}),
    ];
    for message in &bad {
        assert_eq!(redis.command(&["PUBLISH", &channel, &message.to_string()]).await?, ["1"]);
    }
    let counted = async || (app.metrics().await.ok()?.counter("bus_bad_messages") >= bad.len() as f64).then_some(());
    wait::until("every one is counted", SOON, counted).await?;
    for (id, socket) in [(&mine, &mut my_socket), (&victim, &mut victims)] {
        assert_eq!(relay(&app, id, "good").await?.status, 200);
        assert_eq!(socket.next_json().await?, json!({"text": "[app-1]  good"}), "the first frame that arrives");
    }
    // The longest text, in the longest form that JSON has for it, is not too long.
    let longest = "\u{1}".repeat(64);
    assert_eq!(relay(&app, &mine, &longest).await?.status, 200);
    assert_eq!(my_socket.next_json().await?["text"], format!("[app-1]  {longest}"));
    Ok(())
}

#[tokio::test]
async fn a_presence_is_checked_like_a_flag() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let app = App::start(&["--pod", "app-1", "--redis-url", &redis.url()]).await?;
    let mut map = ws::socket(&app.url, &random::client_id()).map().open().await?;
    let good = json!({"pod": "app-2", "worker": 0, "workers": 1, "boot": "0123abcd", "state": "ready", "sockets": 0, "ignored": 0, "ttl_ms": 60_000});
    let with = |field: &str, value: serde_json::Value| {
        let mut presence = good.clone();
        presence[field] = value;
        presence
    };
    let bad = [
        with("pod", json!("<img src=x onerror=alert(1)>")),
        with("pod", json!("a".repeat(100_000))),
        with("pod", json!("")),
        with("boot", json!("b".repeat(100_000))),
        with("boot", json!("<b>")),
        with("worker", json!(9)),
        with("workers", json!(60_000)),
        with("state", json!("<b>")),
        json!([good]),
    ];
    for presence in &bad {
        redis.command(&["PUBLISH", "sticky:presence", &presence.to_string()]).await?;
    }
    redis.command(&["PUBLISH", "sticky:presence", &good.to_string()]).await?;
    let topology = loop {
        let topology = map.next_topology().await?;
        if topology["pods"].as_array().is_some_and(|pods| pods.len() > 1) {
            break topology;
        }
    };
    let names: Vec<_> = topology["pods"].as_array().unwrap().iter().map(|pod| pod["pod"].as_str().unwrap()).collect();
    assert_eq!(names, ["app-1", "app-2"]);
    assert!(!topology.to_string().contains('<'));
    assert_eq!(app.metrics().await?.counter("bus_bad_messages"), bad.len() as f64);
    Ok(())
}
