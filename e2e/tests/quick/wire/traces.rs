//! Traces: the hops that each reporter saw, in order.

use crate::wire::target::Target;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::HashMap;
use testkit::http;
use testkit::random;
use testkit::session::Session;

pub(super) const FLAGS: &[&str] = &[];

/// A hop without its time: from, to, kind, by.
type Hop = (String, Option<String>, String, String);

fn hop(from: &str, to: &str, kind: &str, by: &str) -> Hop {
    (from.to_owned(), (!to.is_empty()).then(|| to.to_owned()), kind.to_owned(), by.to_owned())
}

/// Checks the shape and the times, and returns the hops without times.
fn hops(list: &Value) -> Vec<Hop> {
    let text = |hop: &Value, field: &str| hop[field].as_str().unwrap_or_else(|| panic!("no {field} in {hop}")).to_owned();
    let mut last: HashMap<String, u64> = HashMap::new();
    let list = list.as_array().unwrap_or_else(|| panic!("no hops: {list}"));
    list.iter()
        .map(|hop| {
            assert_eq!(hop.as_object().unwrap().len(), 5, "{hop}");
            let (by, at) = (text(hop, "by"), hop["at_us"].as_u64().unwrap());
            let before = last.insert(by.clone(), at);
            assert!(before.is_none_or(|b| b <= at) && at < 15_000_000, "times of one teller go forward: {list:?}");
            (text(hop, "from"), hop["to"].as_str().map(str::to_owned), text(hop, "kind"), by)
        })
        .collect()
}

fn traced(answer: &Value, id: &str) -> Vec<Hop> {
    assert_eq!(answer["trace"]["id"], id, "{answer}");
    assert_eq!(answer["trace"].as_object().unwrap().len(), 2, "{answer}");
    hops(&answer["trace"]["hops"])
}

pub(super) async fn of_each_route(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut ws = session.socket().await?;
    let holder = ws.at();
    let nobody = random::client_id();
    for n in 0..12 {
        let id = format!("t-{n}_{}", random::word());
        let cookie = if n % 2 == 0 { session.jar.header() } else { String::new() };
        let send = |route: &str, client: &str| {
            http::post(target.at(&format!("/{route}/{client}")), &json!({"text": "x"})).header("x-sticky-trace", &id).cookie(&cookie).send()
        };

        let answer = send("submit", &session.id).await?;
        let w = answer.place()?;
        assert_eq!(traced(&answer.json()?, &id), [hop("door", &w, "post", &w), hop(&w, "door", "answer", &w)]);
        assert_eq!(answer.json()?["trace"]["hops"][0]["at_us"], 0, "the first sight of it");
        if target.is_local() {
            let door: Value = serde_json::from_str(answer.header("x-sticky-door"))?;
            assert_eq!(hops(&door), [hop("door", &w, "post", "door"), hop(&w, "door", "answer", "door")]);
        } else {
            assert_eq!(answer.header("x-sticky-door"), "");
        }

        let answer = send("without-redis", &session.id).await?;
        let w = answer.place()?;
        if w == holder {
            assert_eq!(traced(&answer.json()?, &id), [hop("door", &w, "post", &w), hop(&w, "door", "answer", &w)]);
            assert_eq!(traced(&ws.next_json().await?, &id), [hop(&w, "door", "push", &w)]);
        } else {
            assert_eq!(traced(&answer.json()?, &id), [hop("door", &w, "post", &w), hop(&w, "", "miss", &w), hop(&w, "door", "answer", &w)]);
        }

        let answer = send("with-redis", &session.id).await?;
        let w = answer.place()?;
        assert_eq!(traced(&answer.json()?, &id), [hop("door", &w, "post", &w), hop(&w, "bus", "publish", &w), hop(&w, "door", "answer", &w)]);
        assert_eq!(traced(&ws.next_json().await?, &id), [hop("bus", &holder, "deliver", &holder), hop(&holder, "door", "push", &holder)]);

        let answer = send("with-redis", &nobody).await?;
        let w = answer.place()?;
        assert_eq!(
            traced(&answer.json()?, &id),
            [hop("door", &w, "post", &w), hop(&w, "bus", "publish", &w), hop("bus", "", "miss", &w), hop(&w, "door", "answer", &w)]
        );
    }
    Ok(())
}

pub(super) async fn of_frames(target: &Target) -> Result<()> {
    let mut ws = Session::visit(&target.url).await?.socket().await?;
    let w = ws.at();
    ws.send(&json!({"text": "x", "op": "echo", "trace": "m41"})).await?;
    let frame = ws.next_json().await?;
    assert_eq!(frame["text"], format!("[{}]  x", ws.identity()));
    assert_eq!(traced(&frame, "m41"), [hop("door", &w, "frame", &w), hop(&w, "door", "push", &w)]);
    Ok(())
}

pub(super) async fn malformed(target: &Target) -> Result<()> {
    let id = random::client_id();
    let (longest, too_long) = ("x".repeat(32), "x".repeat(33));
    for bad in ["", "a b", "a;b", "<b>", "é", &too_long] {
        let answer = http::post(target.at(&format!("/submit/{id}")), &json!({"text": "x"})).header("x-sticky-trace", bad).send().await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (400, "bad-trace"), "{bad}");
    }
    let answer = http::post(target.at(&format!("/submit/{id}")), &json!({"text": "x"})).header("x-sticky-trace", &longest).send().await?;
    assert_eq!(answer.json()?["trace"]["id"], longest.as_str());
    Ok(())
}

pub(super) async fn without_one_nothing_is_told(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut ws = session.socket().await?;
    for route in ["submit", "without-redis", "with-redis"] {
        let answer = session.sticky(route, "x").await?;
        assert!(answer.json()?.get("trace").is_none() && answer.header("x-sticky-door").is_empty(), "{route}");
    }
    assert!(ws.echo("x").await?.get("trace").is_none());
    Ok(())
}
