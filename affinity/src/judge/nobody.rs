//! Why no answer identifies its pod: errors, by their status, or pages that name their pod elsewhere or not at all.

use super::failed::statuses;
use crate::code::Code;
use crate::fields::Candidate;
use crate::identity::Source;
use crate::run::Run;
use crate::scenario::Name::StickHttp;
use crate::seen::{Outcome, Shot};
use crate::verdict::Reason;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

const LOGIN: &str = "The site answers only clients that are logged in";
const CHALLENGE: &str = "A bot challenge or a firewall answers in the site's place";
const ROUTE: &str = "No rule matches the host or the path, or the app does not have the page";
pub(super) const BEHIND: &str = "Nothing that is ready is behind the route";
const RATE: &str = "The site limits the rate of requests";
const FAILING: &str = "Pods are failing";
const CONTROLS: &str = "Only logged-in users get to see the pod, and controls do not have a session's login";
const REDIRECTS: &str = "The site redirects, and redirects are not followed";
const OWN_WAY: &str = "The site names its pod in its own way";
const NAMELESS: &str = "The site does not name its pod";

/// The reason if no answer identifies its pod because most of them are errors.
pub(super) fn refused(run: &Run) -> Option<Reason> {
    let refused = answers(run).filter(|shot| is_refusal(shot)).count();
    (refused * 2 > answers(run).count()).then(|| by_status(Reason::new(Code::ErrorRate, StickHttp, seen(run)), run))
}

/// The reason if no answer identifies its pod, although most of them are none of the site's errors: redirects, or pages.
pub(super) fn nobody(run: &Run) -> Reason {
    let answers = || answers(run);
    let all = answers().count();
    let reason = Reason::new(Code::NoIdentity, StickHttp, format!("{}{}{}", seen(run), by_cookie(run), in_words(run)));
    let redirects = answers().filter(|shot| (300..400).contains(&status(shot).unwrap_or_default())).count();
    match () {
        () if redirects * 2 > all => reason.because(REDIRECTS),
        () if !run.suggested().is_empty() => reason.because(OWN_WAY),
        () => reason.because(NAMELESS),
    }
}

fn answers(run: &Run) -> impl Iterator<Item = &Shot> {
    run.shots().filter(|shot| !shot.is_lost())
}

fn seen(run: &Run) -> String {
    format!("none of {} answers identifies its pod: {}", answers(run).count(), statuses(run))
}

/// Adds the causes that the statuses of answers without a pod point to, the most frequent first.
pub(super) fn by_status(reason: Reason, run: &Run) -> Reason {
    let some_are_named = run.shots().any(|shot| shot.pod().is_some());
    let mut causes: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for shot in run.shots() {
        // The second cause that a status points to is less likely than the first.
        for (place, cause) in causes_of(shot, some_are_named).iter().enumerate() {
            let (first, all) = causes.entry(cause).or_default();
            *first += usize::from(place == 0);
            *all += 1;
        }
    }
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|(_, counts)| Reverse(*counts));
    causes.into_iter().fold(reason, |reason, (cause, _)| reason.because(cause))
}

fn causes_of(shot: &Shot, some_are_named: bool) -> &'static [&'static str] {
    let Some(status) = status(shot) else { return &[] };
    match status {
        _ if shot.challenge.is_some() => &[CHALLENGE],
        // Sessions that have cookies are let in.
        401 | 403 if some_are_named && shot.carried.is_empty() => &[CONTROLS, LOGIN],
        401 | 407 => &[LOGIN],
        403 => &[LOGIN, CHALLENGE],
        404 | 410 | 421 => &[ROUTE],
        429 => &[RATE],
        // nginx's limit_req answers 503 unless limit_req_status says otherwise.
        503 if some_are_named => &[FAILING, RATE],
        502..=504 if !some_are_named => &[BEHIND, FAILING],
        500.. => &[FAILING],
        _ => &[],
    }
}

/// The status of an answer that identifies no pod.
const fn status(shot: &Shot) -> Option<u16> {
    if let Outcome::Nameless { status } = shot.outcome { Some(status) } else { None }
}

fn is_refusal(shot: &Shot) -> bool {
    shot.challenge.is_some() || status(shot).is_some_and(|status| status >= 400)
}

impl Run {
    /// Fields of the answers that may name the pod, for a run in which nothing identifies it: the one that was probably meant first, and at
    /// most three.
    #[must_use]
    pub fn suggested(&self) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = meant(self).into_iter().chain(self.fields.candidates()).collect();
        let mut places = BTreeSet::new();
        all.retain(|one| one.place != self.identity && places.insert(one.place.clone()));
        all.truncate(MOST);
        all
    }
}

/// The most fields that are suggested.
const MOST: usize = 3;

/// The field whose name is nearly the one that was looked for. Nobody misspelled a name that nobody gave.
fn meant(run: &Run) -> Option<Candidate> {
    run.fields.meant_by(&run.identity).filter(|_| run.identity != Source::pod().to_string())
}

/// The same as a clause; empty if there is none.
pub(super) fn in_words(run: &Run) -> String {
    let all = run.suggested();
    let Some(first) = all.first() else { return String::new() };
    let (_, name) = first.place.split_once(':').unwrap_or_default();
    let what = if first.place.starts_with("header:") { "header" } else { "JSON field" };
    let values = |one: &Candidate| format!("{} {} in {} answers", one.values, if one.values == 1 { "value" } else { "values" }, one.answers);
    let flag = |one: &Candidate| format!("`--pod-identity {}`", one.place);
    let mut text = if meant(run).is_some_and(|meant| meant == *first) {
        format!("; did you mean {}? This {what} had {}", flag(first), values(first))
    } else {
        format!("; {what} `{name}` had {}: try {}", values(first), flag(first))
    };
    let others: Vec<String> = all[1..].iter().map(|one| format!("{} ({})", flag(one), values(one))).collect();
    if !others.is_empty() {
        text.push_str(&format!("; or {}", others.join(" or ")));
    }
    text
}

/// What the cookies alone show, which is not enough for a verdict.
fn by_cookie(run: &Run) -> String {
    let offered: BTreeSet<&str> =
        run.sessions.iter().flat_map(|session| &session.shots).flat_map(|shot| &shot.offered).map(|cookie| cookie.name.as_str()).collect();
    if offered.is_empty() {
        return "; no cookie was set either, so a browser keeps nothing that could hold a session".to_owned();
    }
    let names: Vec<&str> = offered.into_iter().collect();
    let again = run.sessions.iter().filter(|session| session.shots.iter().skip(1).any(|shot| !shot.offered.is_empty())).count();
    format!("; {} was set, and set again later in {again} of {} sessions, which says nothing about pods", names.join(", "), run.sessions.len())
}
