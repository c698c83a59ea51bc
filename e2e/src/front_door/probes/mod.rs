//! How each fact is seen: from a client's side, by the name of the pod that answered.

mod cookie;
mod first;
pub mod moves;
mod pods;
mod refused;
mod shared;

use super::bench::{Bench, Route, served};
use super::see::{SetCookie, StrictJar};
use super::tls;
use super::{Fact, Setting};
use crate::http::Answer;
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// What is seen of a fact that needs nothing but its own objects. Those of [`moves`] are seen together.
///
/// # Errors
/// It can't be seen.
pub async fn see(bench: &Bench<'_>, fact: &Fact) -> Result<String> {
    let seen = match (&fact.setting, fact.id) {
        (Setting::Cookie(case), id) => cookie::see(bench, id, case).await,
        (_, "secure-by-itself") => tls::secure_by_itself(bench).await,
        (_, id @ "value-balanced") => first::values(bench, id, "balanced").await,
        (_, id @ "value-persistent") => first::values(bench, id, "persistent").await,
        (_, id @ "unknown-balanced") => first::unknown(bench, id, "balanced").await,
        (_, id @ "unknown-persistent") => first::unknown(bench, id, "persistent").await,
        (_, "percent-encoded") => first::percent_encoded(bench).await,
        (_, "other-answers") => first::other_answers(bench).await,
        (_, "websocket") => first::websocket(bench).await,
        (_, "keep-alive") => first::keep_alive(bench).await,
        (_, "parallel-first") => first::parallel(bench).await,
        (_, "no-endpoint") => first::no_endpoint(bench).await,
        (_, "two-ingresses") => shared::two_ingresses(bench).await,
        (_, "plain-neighbour") => shared::plain_neighbour(bench).await,
        (_, "shared-name") => shared::shared_name(bench).await,
        (_, "two-paths") => shared::two_paths(bench).await,
        (_, "service-upstream") => shared::service_upstream(bench).await,
        (_, "canary") => shared::canary(bench).await,
        (_, "refused-first") => refused::first(bench).await,
        (_, id @ "refused-session") => refused::session(bench, id, false).await,
        (_, id @ "refused-change") => refused::session(bench, id, true).await,
        (_, id) => bail!("no probe sees {id}"),
    };
    seen.with_context(|| format!("looking at {}", fact.id))
}

/// How often values differ from each other, and from pods.
fn distinct(values: &[(String, String)]) -> String {
    let mut pods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (value, pod) in values {
        pods.entry(value).or_default().insert(pod);
    }
    let names: BTreeSet<&str> = values.iter().map(|(_, pod)| pod.as_str()).collect();
    if pods.len() == names.len() && pods.values().all(|of| of.len() == 1) && names.len() < values.len() {
        return "one value for each pod".to_owned();
    }
    format!("{} values", pods.len())
}

/// The one cookie that an answer sets.
fn only(answer: &Answer) -> Result<SetCookie> {
    let mut all = SetCookie::all(answer);
    match (all.pop(), all.is_empty()) {
        (Some(cookie), true) => Ok(cookie),
        (last, _) => bail!("{} cookies, not one", all.len() + usize::from(last.is_some())),
    }
}

/// A cookie as it is sent.
fn sent(cookie: &SetCookie) -> String {
    format!("{}={}", cookie.name, cookie.value)
}

fn new_cookie(answer: &Answer) -> &'static str {
    if SetCookie::all(answer).is_empty() { "no new cookie" } else { "a new cookie" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_sessions_and_of_pods() {
        let rows = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        assert_eq!(distinct(&rows(&[("1", "a"), ("2", "b"), ("1", "a")])), "one value for each pod");
        assert_eq!(distinct(&rows(&[("1", "a"), ("2", "b"), ("3", "a")])), "3 values");
        assert_eq!(distinct(&rows(&[("1", "a"), ("1", "b"), ("1", "a")])), "1 values");
    }
}
