//! First answers: the cookie's value, and which answers set it.

use super::told::{distinct, new_cookie, only, sent};
use crate::cookie::SetCookie;
use crate::front_door::bench::{Bench, WHOAMI};
use crate::front_door::facts::COOKIE;
use crate::front_door::route::{Mode, Route};
use crate::http::{self, Ask, Kept};
use crate::{random, wait, ws};
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use hyper::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(120);

/// Creates a sticky route with its own Service, and waits until it reaches all pods.
async fn up(bench: &Bench<'_>, id: &str, mode: Option<Mode>) -> Result<()> {
    let route = mode.into_iter().fold(Route::sticky(id), Route::mode);
    bench.apply(&bench.both(&route)).await?;
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await
}

pub(super) async fn values(bench: &Bench<'_>, id: &str, mode: Mode) -> Result<String> {
    up(bench, id, Some(mode)).await?;
    let mut seen = Vec::new();
    for _ in 0..30 {
        let answer = bench.whoami(id, "").await?;
        seen.push((only(&answer)?.value, answer.pod()));
    }
    Ok(distinct(&seen))
}

pub(super) async fn unknown(bench: &Bench<'_>, id: &str, mode: Mode) -> Result<String> {
    up(bench, id, Some(mode)).await?;
    let (mut pods, mut fresh) = (BTreeSet::new(), 0);
    for _ in 0..12 {
        let answer = bench.whoami(id, &format!("{COOKIE}=nobody-issued-this")).await?;
        fresh += usize::from(!SetCookie::all(&answer).is_empty());
        pods.insert(answer.pod());
    }
    Ok(match (pods.len(), fresh) {
        (1, 0) => "one pod, no new cookie".to_owned(),
        (_, 12) => "a new cookie".to_owned(),
        (pods, fresh) => format!("{pods} pods, {fresh} new cookies in 12 answers"),
    })
}

pub(super) async fn percent_encoded(bench: &Bench<'_>) -> Result<String> {
    let id = "percent-encoded";
    up(bench, id, Some(Mode::Persistent)).await?;
    let first = bench.whoami(id, "").await?;
    let cookie = only(&first)?;
    let encoded: String =
        cookie.value.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    let mut said = BTreeSet::new();
    for _ in 0..6 {
        let again = bench.whoami(id, &format!("{}={encoded}", cookie.name)).await?;
        let fresh = new_cookie(&again);
        // With a new cookie, it can be any pod.
        said.insert(if again.pod() == first.pod() && fresh == "no new cookie" { format!("same pod, {fresh}") } else { fresh.to_owned() });
    }
    Ok(said.into_iter().collect::<Vec<_>>().join(" or "))
}

pub(super) async fn other_answers(bench: &Bench<'_>) -> Result<String> {
    let id = "other-answers";
    up(bench, id, None).await?;
    let url = bench.url(id);
    let submit = format!("{url}/submit/{}", random::client_id());
    let asks: [(&str, u16, Ask); 4] = [
        ("HEAD", 200, http::ask(Method::HEAD, format!("{url}{WHOAMI}"))),
        ("POST", 200, http::post(&submit, &json!({"text": "x", "op": "echo"}))),
        ("400", 400, http::post(&submit, &json!("no message"))),
        ("404", 404, http::get(format!("{url}/nothing-is-here"))),
    ];
    let mut without = Vec::new();
    for (name, status, ask) in asks {
        let answer = ask.send().await?;
        ensure!(answer.status == status && !answer.pod().is_empty(), "{name}: {} {}", answer.status, answer.text());
        if SetCookie::all(&answer).is_empty() {
            without.push(name);
        }
    }
    Ok(if without.is_empty() { "all set it".to_owned() } else { format!("not on {}", without.join(", ")) })
}

pub(super) async fn websocket(bench: &Bench<'_>) -> Result<String> {
    let id = "websocket";
    up(bench, id, None).await?;
    let open = async |cookie: &str| ws::socket(&bench.url(id), &random::client_id()).cookie(cookie).open().await;
    let first = open("").await?;
    let Ok(cookie) = only(&first.answer()) else { return Ok("does not set it".to_owned()) };
    let mut said = BTreeSet::new();
    for _ in 0..6 {
        let again = open(&sent(&cookie)).await?;
        let pod = if again.pod() == first.pod() { "same pod" } else { "another pod" };
        said.insert(format!("sets it; with it: {pod}, {}", new_cookie(&again.answer())));
    }
    Ok(said.into_iter().collect::<Vec<_>>().join(" or "))
}

pub(super) async fn keep_alive(bench: &Bench<'_>, id: &str, mode: Option<Mode>) -> Result<String> {
    up(bench, id, mode).await?;
    let mut connection = Kept::open(&bench.url(id)).await?;
    let mut pods = BTreeSet::new();
    for _ in 0..12 {
        pods.insert(connection.send(http::get(format!("{}{WHOAMI}", bench.url(id)))).await?.pod());
    }
    Ok(if pods.len() > 1 { "several pods" } else { "one pod" }.to_owned())
}

pub(super) async fn parallel(bench: &Bench<'_>) -> Result<String> {
    let id = "parallel-first";
    up(bench, id, None).await?;
    let answers = try_join_all((0..10).map(|_| bench.whoami(id, ""))).await?;
    let seen: Result<Vec<_>> = answers.iter().map(|answer| Ok((only(answer)?.value, answer.pod()))).collect();
    Ok(distinct(&seen?))
}

pub(super) async fn no_endpoint(bench: &Bench<'_>) -> Result<String> {
    let id = "no-endpoint";
    let service = bench.service_of(id, &json!({"sticky.test/nobody": "has-this"}));
    bench.apply(&[vec![service], bench.route(&Route::sticky(id))].concat()).await?;
    // A front door answers 404 for an unknown host.
    let answer = wait::until("an answer of the route", SOON, async || {
        http::get(format!("{}{WHOAMI}", bench.url(id))).send().await.ok().filter(|answer| answer.status != 404)
    })
    .await
    .context("404 all the time")?;
    Ok(format!("{}, {}", answer.status, if SetCookie::all(&answer).is_empty() { "no cookie" } else { "a cookie" }))
}
