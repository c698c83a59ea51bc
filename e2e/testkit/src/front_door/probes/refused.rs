//! One of three pods is ready and refuses connections.

use super::pods::{Listens, labels, start};
use super::told::{new_cookie, sent};
use crate::cookie::SetCookie;
use crate::door::Door;
use crate::front_door::bench::{Bench, WHOAMI};
use crate::front_door::route::{Mode, Route};
use crate::http::{self, Answer};
use crate::wait;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(120);
/// First requests until one is tried on the refusing pod. All of them miss one of three pods with a chance of 1 in 10 billion.
const TRIES: usize = 60;

/// Creates three pods for the fact, one of which refuses connections, with their own Service.
async fn up(bench: &Bench<'_>, id: &str, change: bool) -> Result<()> {
    let names = ["a", "b", "dead"].map(|name| format!("{id}-{name}"));
    let pods = [(names[0].as_str(), Listens::Here), (&names[1], Listens::Here), (&names[2], Listens::Elsewhere)];
    start(bench, id, &pods).await?;
    let mut route = Route::sticky(id).mode(Mode::Persistent);
    if change {
        route = route.change_on_failure();
    }
    bench.apply(&[vec![bench.service_of(id, &labels(id))], bench.route(&route)].concat()).await?;
    let mut seen = BTreeSet::new();
    wait::until(&format!("{id} leads to both pods that serve"), SOON, async || {
        let answer = ask(bench, id, "").await.ok().filter(|answer| answer.status == 200)?;
        seen.insert(answer.pod());
        (seen.len() == 2).then_some(())
    })
    .await
}

async fn ask(bench: &Bench<'_>, id: &str, cookie: &str) -> Result<Answer> {
    http::get(format!("{}{WHOAMI}", bench.url(id))).cookie(cookie).send().await
}

/// A first answer that was tried on the refusing pod, and that pod's cookie.
async fn unlucky(bench: &Bench<'_>, id: &str) -> Result<(Answer, Option<SetCookie>)> {
    for _ in 0..TRIES {
        let answer = ask(bench, id, "").await?;
        let cookies = SetCookie::all(&answer);
        if answer.status != 200 || cookies.len() > 1 {
            return Ok((answer, cookies.into_iter().next()));
        }
    }
    anyhow::bail!("{TRIES} first requests were answered by pods that serve, with one cookie each")
}

pub(super) async fn first(bench: &Bench<'_>) -> Result<String> {
    let id = "refused-first";
    up(bench, id, false).await?;
    let (answer, _) = unlucky(bench, id).await?;
    let cookies = SetCookie::all(&answer);
    let names: BTreeSet<&str> = cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    Ok(match (cookies.len(), names.len()) {
        (0, _) => format!("{} without a cookie", answer.status),
        (1, _) => format!("{} with a cookie", answer.status),
        (all, 1) => format!("{} with {all} cookies of one name", answer.status),
        (all, names) => format!("{} with {all} cookies of {names} names", answer.status),
    })
}

/// The route whose first answers have the refusing pod's cookie. Envoy's retries leave no trace of the pod that was tried first, so behind
/// a gateway it is a second route to the same Service, without retries.
async fn source(bench: &Bench<'_>, id: &str, change: bool) -> Result<String> {
    if !(change && bench.door == Door::Gateway) {
        return Ok(id.to_owned());
    }
    let plain = format!("{id}-plain");
    bench.apply(&bench.route(&Route::sticky(&plain).mode(Mode::Persistent).rules(&[("/", id)]))).await?;
    wait::until("the second route", SOON, async || ask(bench, &plain, "").await.ok().filter(|answer| answer.status == 200)).await?;
    Ok(plain)
}

pub(super) async fn session(bench: &Bench<'_>, id: &str, change: bool) -> Result<String> {
    up(bench, id, change).await?;
    let cookie = sent(&unlucky(bench, &source(bench, id, change).await?).await?.1.context("no cookie of the pod that refuses")?);
    let mut said = BTreeSet::new();
    for _ in 0..6 {
        let answer = ask(bench, id, &cookie).await?;
        said.insert(if answer.status == 200 { format!("200 with {}", new_cookie(&answer)) } else { answer.status.to_string() });
    }
    Ok(said.into_iter().collect::<Vec<_>>().join(" or "))
}
