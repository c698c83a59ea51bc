//! What the cookie's value tells a stranger, and what a client achieves with a value that it made up.

use super::told::{new_cookie, only, sent};
use crate::cookie::SetCookie;
use crate::front_door::bench::{Bench, WHOAMI, served};
use crate::front_door::facts::COOKIE;
use crate::front_door::route::{Mode, Route};
use crate::http;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};

/// Requests with one made-up value. By chance, all go to one of three pods once in 177,147 times.
const TRIES: usize = 12;

async fn up(bench: &Bench<'_>, id: &str) -> Result<()> {
    bench.apply(&bench.both(&Route::sticky(id).mode(Mode::Persistent))).await?;
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await
}

/// Whether the value has the pod's address in it, as it is or in base64.
pub(super) async fn tells_address(bench: &Bench<'_>) -> Result<String> {
    let id = "tells-address";
    up(bench, id).await?;
    let first = bench.whoami(id, "").await?;
    let address = addresses(bench).await?.remove(&first.pod()).context("no address")?;
    let value = only(&first)?.value;
    let decoded = STANDARD.decode(value.trim_matches('"')).unwrap_or_default();
    Ok(if value.contains(&address) {
        "the pod's address"
    } else if String::from_utf8_lossy(&decoded).contains(&address) {
        "the pod's address, in base64"
    } else {
        "no address"
    }
    .to_owned())
}

/// A client sends a pod's address, for each pod in turn: as a URL, and as `address:port` in base64.
pub(super) async fn chosen(bench: &Bench<'_>) -> Result<String> {
    let id = "chosen-pod";
    up(bench, id).await?;
    let mut said = BTreeSet::new();
    for (pod, address) in addresses(bench).await? {
        let led = leads(bench, id, &format!("{address}:8080")).await?;
        said.insert(match led {
            Some((to, fresh)) if to == pod => format!("leads to that pod, {fresh}"),
            Some(_) => "leads to another pod".to_owned(),
            None => "a new cookie".to_owned(),
        });
    }
    Ok(said.into_iter().collect::<Vec<_>>().join(" or "))
}

/// The same with an address that is no pod of the route's Service: Redis's, which nobody outside should reach.
pub(super) async fn foreign(bench: &Bench<'_>) -> Result<String> {
    let id = "foreign-address";
    up(bench, id).await?;
    let redis = bench.space.pods("redis").await?;
    let address = redis.first().and_then(|pod| pod["status"]["podIP"].as_str()).context("no Redis")?.to_owned();
    Ok(match leads(bench, id, &format!("{address}:6379")).await? {
        None => "another pod, a new cookie".to_owned(),
        Some((pod, fresh)) => format!("{pod}, {fresh}"),
    })
}

/// Where a cookie with this address leads: `None` for any pod with a new cookie.
async fn leads(bench: &Bench<'_>, id: &str, address: &str) -> Result<Option<(String, &'static str)>> {
    let mut last = None;
    for value in [format!("http://{address}"), STANDARD.encode(address)] {
        let (mut pods, mut said) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..TRIES {
            let answer = bench.whoami(id, &format!("{COOKIE}={value}")).await?;
            said.insert(new_cookie(&answer));
            pods.insert(answer.pod());
        }
        if let (Some(pod), Some(said), true) = (pods.pop_first(), said.pop_first(), pods.is_empty()) {
            last = Some((pod, said));
        }
    }
    Ok(last)
}

/// The addresses of the release's app pods, by name.
async fn addresses(bench: &Bench<'_>) -> Result<BTreeMap<String, String>> {
    let pods = bench.space.pods("app").await?;
    let both = pods.iter().filter_map(|pod| Some((pod["metadata"]["name"].as_str()?.to_owned(), pod["status"]["podIP"].as_str()?.to_owned())));
    Ok(both.collect())
}

/// Whether the pod that answered first is the cookie's.
pub(super) async fn first_answer(bench: &Bench<'_>) -> Result<String> {
    let id = "first-answer";
    bench.apply(&bench.both(&Route::sticky(id).mode(Mode::Balanced))).await?;
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await?;
    let mut elsewhere = 0;
    for _ in 0..TRIES {
        let first = bench.whoami(id, "").await?;
        let again = bench.whoami(id, &sent(&only(&first)?)).await?;
        elsewhere += usize::from(again.pod() != first.pod());
    }
    Ok(if elsewhere == 0 { "same pod" } else { "not always the same pod" }.to_owned())
}

pub(super) async fn app_sees(bench: &Bench<'_>) -> Result<String> {
    let id = "app-sees";
    up(bench, id).await?;
    let cookie = sent(&only(&bench.whoami(id, "").await?)?);
    let seen = bench.whoami(id, &cookie).await?.json()?;
    let names = seen["cookies"].as_array().context("no cookies")?;
    Ok(if names.iter().any(|name| name == COOKIE) { "yes" } else { "no" }.to_owned())
}

/// Requests with a query string for a rule whose path is the request's path.
pub(super) async fn query(bench: &Bench<'_>) -> Result<String> {
    let id = "query-string";
    bench.apply(&bench.both(&Route::sticky(id).mode(Mode::Persistent).rules(&[(WHOAMI, id)]))).await?;
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await?;
    let ask = async |cookie: &str| served(http::get(format!("{}{WHOAMI}?a=b", bench.url(id))).cookie(cookie)).await;
    let first = ask("").await?;
    let Some(cookie) = SetCookie::all(&first).pop() else { return Ok("no cookie".to_owned()) };
    let mut stays = true;
    for _ in 0..TRIES {
        stays &= ask(&sent(&cookie)).await?.pod() == first.pod();
    }
    Ok(format!("a cookie, {}", if stays { "sticks" } else { "does not stick" }))
}
