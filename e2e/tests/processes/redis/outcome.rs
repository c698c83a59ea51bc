//! What an answer says of a message that may or may not have been published, and what makes it safe to send it again.

use super::{SOON, have_redis};
use crate::n_by_n::{relay, text};
use anyhow::Result;
use serde_json::json;
use testkit::app::App;
use testkit::http::{self, Answer};
use testkit::redis::Redis;
use testkit::ws::{self, Ws};
use testkit::{random, wait};

async fn keyed(app: &App, id: &str, text: &str, key: &str) -> Result<Answer> {
    http::post(app.at(&format!("/with-redis/{id}")), &json!({"text": text})).header("idempotency-key", key).send().await
}

/// Sends a message behind all others, and returns the texts that arrive before it.
async fn all_until_now(app: &App, id: &str, socket: &mut Ws) -> Result<Vec<String>> {
    let last = random::word();
    wait::until("the last message is taken", SOON, async || relay(app, id, &last).await.ok().filter(|a| a.status == 200)).await?;
    let mut texts = Vec::new();
    loop {
        let text = text(socket).await?;
        if text.ends_with(&last) {
            return Ok(texts);
        }
        texts.push(text.rsplit_once("  ").unwrap().1.to_owned());
    }
}

/// Redis reads late what was sent while it stood still. Each client does as the answer says, and each message arrives once.
#[tokio::test]
async fn a_message_that_is_sent_again_arrives_once() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::start().await?;
    let app = App::start(&["--workers", "2", "--redis-url", &redis.url()]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    let mut admin = redis.admin().await?;
    for how in ["SIGSTOP", "CLIENT PAUSE"] {
        if how == "SIGSTOP" {
            redis.freeze()?;
        } else {
            admin.run("CLIENT PAUSE 1600 ALL").await?;
        }
        let messages: Vec<_> = (0..20).map(|n| format!("{n}-{}", random::word())).collect();
        let first = futures_util::future::try_join_all(messages.iter().map(|word| keyed(&app, &id, word, word))).await?;
        let mut unknown = 0;
        for answer in &first {
            let (code, message) = (answer.error_code()?, answer.error_message()?);
            assert_eq!(answer.status, 503);
            match code.as_str() {
                "relay-unknown" => assert!(message.starts_with("unknown") && message.contains("Idempotency-Key"), "{message}"),
                "relay-unavailable" => assert!(message.starts_with("not sent"), "{message}"),
                _ => panic!("{}", answer.text()),
            }
            unknown += usize::from(code == "relay-unknown");
        }
        assert!(unknown > 0, "{how}: some were sent before it was noticed");
        if how == "SIGSTOP" {
            redis.thaw()?;
        }
        for word in &messages {
            let taken = async || keyed(&app, &id, word, word).await.ok().filter(|a| a.status == 200);
            let taken = wait::until("the second try is taken", SOON, taken).await?;
            assert_eq!(taken.json()?["receivers"], 1, "{how}");
        }
        let mut arrived = all_until_now(&app, &id, &mut socket).await?;
        let repeats = app.metrics().await?.counter("repeats");
        eprintln!("{how}: {unknown} of 20 unknown; {repeats} second copies dropped in all");
        arrived.sort();
        let mut sent = messages.clone();
        sent.sort();
        assert_eq!(arrived, sent, "{how}: each once");
    }
    Ok(())
}

/// "not sent" is a promise: none of it ever arrives.
#[tokio::test]
async fn what_was_not_sent_never_arrives() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    let app = App::start(&["--redis-url", &redis.url()]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    redis.stop().await?;
    wait::until("a relay is refused as not sent", SOON, async || {
        (relay(&app, &id, "lost").await.ok()?.error_code().ok()? == "relay-unavailable").then_some(())
    })
    .await?;
    for n in 0..20 {
        assert_eq!(relay(&app, &id, &format!("lost {n}")).await?.error_code()?, "relay-unavailable");
    }
    redis.start_again().await?;
    let arrived = all_until_now(&app, &id, &mut socket).await?;
    assert_eq!(arrived, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn keys_on_the_wire() -> Result<()> {
    let app = App::start(&["--pod", "app-1"]).await?;
    let (id, other) = (random::client_id(), random::client_id());
    let mut socket = ws::socket(&app.url, &id).open().await?;
    let mut second = ws::socket(&app.url, &id).open().await?;
    let local = async |body: serde_json::Value, header: &[&str]| {
        let mut ask = http::post(app.at(&format!("/without-redis/{id}")), &body);
        for value in header {
            ask = ask.header("idempotency-key", value);
        }
        ask.send().await
    };
    // In the header, quoted or not, or in the body; the frame has it too.
    let first = local(json!({"text": "a"}), &["\"m-1\""]).await?;
    assert_eq!(first.json()?["delivered"], 2);
    for socket in [&mut socket, &mut second] {
        assert_eq!(socket.next_json().await?, json!({"text": "[app-1]  a", "idempotency_key": "m-1"}));
    }
    for (body, header) in [
        (json!({"text": "a"}), &["m-1"][..]),
        (json!({"text": "a", "idempotency_key": "m-1"}), &[]),
        (json!({"text": "a", "idempotency_key": "m-1"}), &["m-1"]),
    ] {
        let again = local(body, header).await?;
        assert_eq!((again.status, &again.json()?["delivered"]), (200, &json!(2)));
    }
    // A frame's sender gets its echo in any case, the session's other sockets get it once.
    for _ in 0..2 {
        socket.send(&json!({"text": "b", "idempotency_key": "m-2"})).await?;
        assert_eq!(socket.next_json().await?["text"], "[app-1]  b");
    }
    assert_eq!(relay(&app, &id, "c").await?.status, 200);
    assert_eq!((socket.next_json().await?["text"].as_str(), second.next_json().await?["text"].as_str()), (Some("[app-1]  c"), Some("[app-1]  b")));
    assert_eq!(second.next_json().await?, json!({"text": "[app-1]  c"}), "without a key the frame is as it always was");
    assert_eq!(app.metrics().await?.counter("repeats"), 4.0);
    // Another session may use the same key.
    let mut stranger = ws::socket(&app.url, &other).open().await?;
    keyed(&app, &other, "d", "m-1").await?;
    assert_eq!(stranger.next_json().await?["text"], "[app-1]  d");

    let long = "x".repeat(65);
    for header in [&[""][..], &["a b"], &["<img>"], &["\""], &[&long], &["m-1", "m-2"], &["m-1", "m-1"]] {
        let answer = local(json!({}), header).await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (400, "bad-idempotency-key"), "{header:?}");
    }
    let answer = local(json!({"idempotency_key": "m-3"}), &["m-4"]).await?;
    assert_eq!((answer.status, answer.error_code()?.as_str()), (400, "bad-idempotency-key"));
    let answer = local(json!({"idempotency_key": long}), &[]).await?;
    assert_eq!(answer.error_code()?, "bad-idempotency-key");
    socket.send(&json!({"text": "e", "idempotency_key": "a b"})).await?;
    assert_eq!(socket.next_json().await?["error"]["code"], "bad-idempotency-key");
    // Fields of other programs mean nothing here.
    assert_eq!(local(json!({"text": "f", "id": 7, "key": {}}), &[]).await?.status, 200);
    Ok(())
}
