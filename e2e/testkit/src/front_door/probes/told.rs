//! Descriptions of answers and their cookies, for the probes.

use crate::cookie::SetCookie;
use crate::http::Answer;
use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// Describes how values differ, and whether they differ by pod.
pub(super) fn distinct(values: &[(String, String)]) -> String {
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
pub(super) fn only(answer: &Answer) -> Result<SetCookie> {
    let mut all = SetCookie::all(answer);
    match (all.pop(), all.is_empty()) {
        (Some(cookie), true) => Ok(cookie),
        (last, _) => bail!("{} cookies, not one", all.len() + usize::from(last.is_some())),
    }
}

/// The `Cookie` header for a cookie.
pub(super) fn sent(cookie: &SetCookie) -> String {
    format!("{}={}", cookie.name, cookie.value)
}

pub(super) fn new_cookie(answer: &Answer) -> &'static str {
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
