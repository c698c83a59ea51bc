//! Services and Ingresses that share a host, a path, a cookie or pods.

use super::pods::{Listens, labels, start};
use super::told::{new_cookie, only, sent};
use crate::cookie::SetCookie;
use crate::front_door::bench::{Bench, WHOAMI, served};
use crate::front_door::route::{Mode, Route};
use crate::http;
use anyhow::{Context, Result};
use futures_util::future::join_all;
use std::collections::BTreeSet;

const SESSION: &str = "/session";

pub(super) async fn two_ingresses(bench: &Bench<'_>) -> Result<String> {
    let id = "two-ingresses";
    let (one, two) = (format!("{id}-a"), format!("{id}-b"));
    let route = |name: &str, mode: Mode, cookie: &str| bench.route(&Route::sticky(name).mode(mode).cookie(cookie).rules(&[("/", id)]));
    bench.apply(&[vec![bench.service(id)], route(&one, Mode::Persistent, "one"), route(&two, Mode::Balanced, "two")].concat()).await?;
    let pods = bench.pods().await?.len();
    let mut names = Vec::new();
    for host in [&one, &two] {
        bench.reached(host, WHOAMI, pods).await?;
    }
    for host in [&one, &two] {
        names.push(only(&bench.whoami(host, "").await?)?.name);
    }
    Ok(if names == ["one", "two"] {
        "each its own name".to_owned()
    } else if names[0] == names[1] {
        "one name for both".to_owned()
    } else {
        names.join(", ")
    })
}

pub(super) async fn plain_neighbour(bench: &Bench<'_>) -> Result<String> {
    let id = "plain-neighbour";
    let (with, without) = (format!("{id}-a"), format!("{id}-b"));
    let (first, second) = (Route::sticky(&with).rules(&[("/", id)]), Route::named(&without).rules(&[("/", id)]));
    bench.apply(&[vec![bench.service(id)], bench.route(&first), bench.route(&second)].concat()).await?;
    let all = bench.pods().await?.len();
    for host in [&with, &without] {
        bench.reached(host, WHOAMI, all).await?;
    }
    let cookie = sent(&only(&bench.whoami(&with, "").await?)?);
    let (mut pods, mut sets) = (BTreeSet::new(), "sets none");
    for _ in 0..20 {
        let answer = bench.whoami(&without, &cookie).await?;
        pods.insert(answer.pod());
        if !SetCookie::all(&answer).is_empty() {
            sets = "sets one";
        }
    }
    Ok(format!("{}, {sets}", if pods.len() == 1 { "honors it" } else { "ignores it" }))
}

pub(super) async fn shared_name(bench: &Bench<'_>) -> Result<String> {
    let id = "shared-name";
    let (one, two) = (format!("{id}-a"), format!("{id}-b"));
    let route = |name: &str, path: &str| Route::sticky(name).mode(Mode::Persistent).cookie_path("/").rules(&[(path, name)]).at(id);
    bench.apply(&[bench.both(&route(&one, WHOAMI)), bench.both(&route(&two, SESSION))].concat()).await?;
    let all = bench.pods().await?.len();
    for path in [WHOAMI, SESSION] {
        bench.reached(id, path, all).await?;
    }
    let ask = async |path: &str, cookie: &str| served(http::get(format!("{}{path}", bench.url(id))).cookie(cookie)).await;
    let first = ask(WHOAMI, "").await?;
    let mut cookie = only(&first)?;
    let mut said = Vec::new();
    for turn in 0..12 {
        let answer = ask([SESSION, WHOAMI][turn % 2], &sent(&cookie)).await?;
        let fresh = SetCookie::all(&answer).pop();
        said.push(match &fresh {
            Some(_) => "a new cookie each time".to_owned(),
            None => format!("{}, no new cookie", if answer.pod() == first.pod() { "same pod" } else { "another pod" }),
        });
        cookie = fresh.unwrap_or(cookie);
    }
    said.dedup();
    Ok(said.join(" or "))
}

pub(super) async fn two_paths(bench: &Bench<'_>) -> Result<String> {
    let id = "two-paths";
    bench.apply(&bench.both(&Route::sticky(id).rules(&[(WHOAMI, id), (SESSION, id)]))).await?;
    let all = bench.pods().await?.len();
    let (mut cookies, mut names) = (BTreeSet::new(), BTreeSet::new());
    for path in [WHOAMI, SESSION] {
        bench.reached(id, path, all).await?;
        let cookie = only(&served(http::get(format!("{}{path}", bench.url(id)))).await?)?;
        cookies.insert(cookie.shape(std::time::SystemTime::now()));
        names.insert(cookie.name);
    }
    Ok(match (cookies.len(), names.len()) {
        (1, _) => "1 cookie".to_owned(),
        (cookies, 1) => format!("{cookies} cookies of one name"),
        (cookies, names) => format!("{cookies} cookies, {names} names"),
    })
}

pub(super) async fn service_upstream(bench: &Bench<'_>) -> Result<String> {
    let id = "service-upstream";
    bench.apply(&bench.both(&Route::sticky(id).service_upstream())).await?;
    // The Service's address counts as one server: the node chooses the pod.
    bench.reached(id, WHOAMI, 1).await?;
    let Ok(cookie) = only(&bench.whoami(id, "").await?) else { return Ok("no cookie".to_owned()) };
    let cookie = sent(&cookie);
    let mut pods = BTreeSet::new();
    // With quick answers, a few kept connections serve many requests, and by chance all of them may go to one pod.
    for at_once in [8, 16, 32, 64, 64, 64] {
        for answer in join_all((0..at_once).map(|_| bench.whoami(id, &cookie))).await {
            pods.insert(answer?.pod());
        }
        if pods.len() > 1 {
            return Ok("a cookie, several pods".to_owned());
        }
    }
    Ok("a cookie, one pod".to_owned())
}

pub(super) async fn canary(bench: &Bench<'_>) -> Result<String> {
    let (id, other) = ("canary", "canary-other");
    start(bench, other, &[(other, Listens::Here)]).await?;
    bench.apply(&[bench.both(&Route::sticky(id).canary(other)), vec![bench.service_of(other, &labels(other))]].concat()).await?;
    bench.reached(id, WHOAMI, 1).await?;
    // Gives a front door time to read it: with both Services, there are four pods.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(12), bench.reached(id, WHOAMI, bench.pods().await?.len() + 1)).await;
    let (mut to_new, mut moved) = (0, 0);
    for _ in 0..40 {
        let first = bench.whoami(id, "").await?;
        let cookie = SetCookie::all(&first).pop().context("no cookie")?;
        for _ in 0..3 {
            let again = bench.whoami(id, &sent(&cookie)).await?;
            moved += usize::from(again.pod() != first.pod() || new_cookie(&again) != "no new cookie");
        }
        to_new += usize::from(first.pod() == other);
    }
    Ok(match (to_new, moved) {
        (0 | 40, 0) => "all to one of the two".to_owned(),
        (_, 0) => "both, and every session stays".to_owned(),
        (new, moved) => format!("{new} of 40 to the new one, {moved} of 120 later answers by another pod or with a new cookie"),
    })
}
