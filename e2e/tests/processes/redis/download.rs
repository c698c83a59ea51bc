//! The pieces of a download on a real Redis: from one pod to the socket that another one holds, and when Redis is away.

use super::{SOON, have_redis};
use anyhow::{Context, Result};
use hyper::Method;
use serde_json::json;
use testkit::app::App;
use testkit::http::{self, Answer};
use testkit::redis::Redis;
use testkit::{random, wait, ws};

async fn relay(app: &App, id: &str, from: u8) -> Result<Answer> {
    http::ask(Method::POST, app.at(&format!("/download/{id}/relay?from={from}"))).send().await
}

#[tokio::test]
async fn pieces_reach_the_socket_of_another_pod() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    let pod = async |name: &'static str| App::start(&["--pod", name, "--redis-url", &redis.url(), "--max-text", "8"]).await;
    let (one, other) = (pod("app-1").await?, pod("app-2").await?);
    let id = random::client_id();
    let mut socket = ws::socket(&one.url, &id).open().await?;

    // The cursor is in one pod only.
    let open = http::ask(Method::POST, one.at(&format!("/download/{id}"))).send().await?;
    assert_eq!(open.json()?["at"], "app-1");
    let missed = http::ask(Method::POST, other.at(&format!("/download/{id}/next"))).send().await?.json()?;
    assert_eq!((&missed["text"], &missed["piece"]), (&json!("[app-2] no cursor of yours here"), &json!(null)));

    // The relay needs no cursor, and a limit on what clients write doesn't apply to pieces.
    let answer = relay(&other, &id, 0).await?;
    assert_eq!((answer.status, answer.json()?["published"].as_u64(), answer.json()?["receivers"].as_u64()), (200, Some(12), Some(1)));
    let mut got = String::new();
    for piece in 0..12 {
        let mut frame = socket.next_json().await?;
        assert_eq!((&frame["text"], &frame["download"]["piece"]), (&json!(format!("[app-1]  piece {} of 12", piece + 1)), &json!(piece)));
        got += frame["download"]["data"].take().as_str().context("no data")?;
    }
    assert_eq!(got, readme()?);

    // Whoever can write to Redis can't write another download.
    let channel = format!("sticky:session:{id}");
    let piece = |piece: u64, data: &str| json!({"to": id, "text": "", "download": {"piece": piece, "pieces": 12, "data": data}}).to_string();
    let (far, long) = (piece(12, "x"), piece(0, &"x".repeat(1_025)));
    let text = piece(0, "x").replace(r#""text":"""#, r#""text":"x""#);
    for bad in [&far, &long, &text] {
        assert_eq!(redis.command(&["PUBLISH", &channel, bad]).await?, ["1"]);
    }
    wait::until("all are counted", SOON, async || (one.metrics().await.ok()?.counter("bus_bad_messages") >= 3.0).then_some(())).await?;
    assert_eq!(socket.echo("x").await?["text"], "[app-1]  x", "none of them reached the socket");

    // It stops at the first piece that is not published.
    redis.stop().await?;
    let down = wait::until("the relay is down", SOON, async || relay(&other, &id, 3).await.ok().filter(|answer| answer.status == 503)).await?;
    assert_eq!((down.error_code()?.as_str(), down.header("retry-after")), ("relay-unavailable", "1"));
    assert!(down.error_message()?.contains("0 pieces were published"), "{}", down.text());
    let metrics = other.metrics().await?;
    assert_eq!((metrics.counter("pieces_relayed"), metrics.counter("cursor_misses")), (12.0, 1.0));

    // What a worker has needs no Redis.
    let next = http::ask(Method::POST, one.at(&format!("/download/{id}/next"))).send().await?.json()?;
    assert_eq!(next["piece"], 0);
    redis.start_again().await?;
    wait::until("it is back", SOON, async || relay(&other, &id, 11).await.ok().filter(|answer| answer.status == 200)).await?;
    loop {
        let frame = socket.next_json().await?;
        if frame["download"]["piece"] == 11 {
            return Ok(());
        }
    }
}

fn readme() -> Result<String> {
    Ok(std::fs::read_to_string(testkit::tree::root().join("app/src/page/readme.md"))?)
}
