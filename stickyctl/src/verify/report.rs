//! A run's report: as a table for people, as JSON for programs. Names come from strangers and are made harmless first; values of
//! cookies are in neither.

use super::code::Code;
use super::plan::Sample;
use super::run::{Outcome, Run, Session};
use super::scenario::{self, Mark, Scenario, bounds_in_words};
use super::verdict::{Judgement, Verdict};
use crate::grid::grid;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What `-o json` prints: `stickyctl.verify/v1`; fields are only added.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`Report::SCHEMA`].
    pub schema: &'static str,
    /// The URL that was asked.
    pub url: String,
    /// The seed of the order.
    pub seed: u64,
    /// Whether it was interrupted before all was asked.
    pub partial: bool,
    /// What was planned.
    pub plan: Plan,
    /// About pods.
    pub verdict: Verdict,
    /// About workers.
    pub workers: Verdict,
    /// Why.
    pub reasons: Vec<Told>,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// Later requests on another pod than their session's first.
    pub moved_requests: Count,
    /// Sessions with such a request.
    pub moved_sessions: Count,
    /// Changes from one request of a session to its next.
    pub changes: u64,
    /// At most how likely chance alone is to keep everything in place.
    pub chance: f64,
    /// The pods that were seen.
    pub pods: Vec<Pod>,
    /// The cookies that were offered, without their values.
    pub cookies: Vec<Cookie>,
    /// Answers that don't say whose they are, by status.
    pub nameless: BTreeMap<u16, u64>,
    /// Requests that were not answered.
    pub lost: u64,
}

/// How much was asked.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Plan {
    /// Sessions.
    pub sessions: u32,
    /// Later requests of each.
    pub requests: u32,
    /// Controls.
    pub controls: u32,
    /// All requests, those without a session's cookie and after sockets included.
    pub probes: u64,
    /// All sockets.
    pub sockets: u64,
}

/// A reason.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// Its code.
    pub code: Code,
    /// What was seen.
    pub detail: String,
}

/// A count and its exact bounds at 95 %.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Count {
    /// So many.
    pub seen: u64,
    /// Of so many.
    pub of: u64,
    /// The least rate that fits.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// A pod.
#[derive(Debug, Clone, Serialize)]
pub struct Pod {
    /// Its name.
    pub pod: String,
    /// Controls that it answered.
    pub controls: u64,
    /// Sessions that it bound.
    pub sessions: u64,
}

/// A cookie.
#[derive(Debug, Clone, Serialize)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: String,
    /// How often it was offered to sessions.
    pub offered: u64,
    /// How often it went along.
    pub sent: u64,
}

impl Report {
    /// The version of this shape.
    pub const SCHEMA: &'static str = "stickyctl.verify/v1";

    /// Writes down a run and its judgement.
    #[must_use]
    pub fn new(url: &str, seed: u64, (sample, sockets): (Sample, bool), partial: bool, run: &Run, judgement: &Judgement) -> Self {
        let (probes, sockets) = super::probe::count(sample, sockets);
        let count = |(seen, of): (u64, u64)| {
            let bound = super::bounds::rate(seen, of, super::bounds::SHOWN);
            Count { seen, of, least: bound.least, most: bound.most }
        };
        let mut nameless = BTreeMap::new();
        for shot in run.shots() {
            if let Outcome::Nameless { status } = shot.outcome {
                *nameless.entry(status).or_default() += 1;
            }
        }
        Self {
            schema: Self::SCHEMA,
            url: url.to_owned(),
            seed,
            partial,
            plan: Plan { sessions: sample.sessions, requests: sample.later, controls: sample.controls, probes, sockets },
            verdict: judgement.pods,
            workers: judgement.workers,
            reasons: judgement.reasons.iter().map(|reason| Told { code: reason.code, detail: harmless(&reason.detail) }).collect(),
            scenarios: scenario::of(run, judgement).into_iter().map(|one| Scenario { detail: harmless(&one.detail), ..one }).collect(),
            moved_requests: count(run.moves()),
            moved_sessions: count(run.moved_sessions()),
            changes: run.sessions.iter().map(Session::changes).sum(),
            chance: judgement.chance,
            pods: pods(run),
            cookies: cookies(run),
            nameless,
            lost: run.shots().filter(|shot| matches!(shot.outcome, Outcome::Lost(_))).count() as u64,
        }
    }

    /// As a person reads it, top to bottom.
    #[must_use]
    pub fn table(&self, unicode: bool) -> String {
        let mark = |mark| match (mark, unicode) {
            (Mark::Pass, true) => "✓",
            (Mark::Fail, true) => "✗",
            (Mark::Skip, true) => "–",
            (Mark::Pass, false) => "ok",
            (Mark::Fail, false) => "FAIL",
            (Mark::Skip, false) => "--",
        };
        let rows = self.scenarios.iter().map(|one| [one.name.to_owned(), mark(one.outcome).to_owned(), one.detail.clone()]);
        let mut text = grid(["SCENARIO", "RESULT", "SEEN"], rows, 3);
        if !self.pods.is_empty() {
            let rows = self.pods.iter().map(|pod| [pod.pod.clone(), pod.controls.to_string(), pod.sessions.to_string()]);
            let _ = write!(text, "\n\n{}", grid(["POD", "CONTROLS", "SESSIONS"], rows, 1));
        }
        let (requests, sessions) = (self.moved_requests, self.moved_sessions);
        let first = format!("{} of {} requests", requests.seen, requests.of);
        let second = format!("{} of {} sessions", sessions.seen, sessions.of);
        let width = first.len().max(second.len());
        let _ = write!(text, "\n\nmoves     {first:<width$}   {}", bounds_in_words(requests.seen, requests.of));
        let _ = write!(text, "\n          {second:<width$}   {}", bounds_in_words(sessions.seen, sessions.of));
        if self.verdict == Verdict::Sticky {
            let _ = write!(text, "\nchance    alone would keep all of them in place less than once in a million runs");
        }
        for cookie in &self.cookies {
            let _ =
                write!(text, "\ncookie    {}  {}  offered {}, sent {}, value redacted", cookie.name, cookie.attributes, cookie.offered, cookie.sent);
        }
        if self.cookies.is_empty() {
            text.push_str("\ncookie    none offered");
        }
        if self.lost > 0 || !self.nameless.is_empty() {
            let nameless: Vec<String> = self.nameless.iter().map(|(status, count)| format!("{count} with status {status}")).collect();
            let _ = write!(
                text,
                "\nerrors    {} without an answer, {} without an identity",
                self.lost,
                if nameless.is_empty() { "0".to_owned() } else { nameless.join(", ") }
            );
        }
        let (loud, pods) = match self.verdict {
            Verdict::Sticky => ("STICKY", "sticky"),
            Verdict::NotSticky => ("NOT STICKY", "not sticky"),
            Verdict::Inconclusive | Verdict::NotJudged => ("INCONCLUSIVE", "inconclusive"),
        };
        let workers = match self.workers {
            Verdict::Sticky => "sticky",
            Verdict::NotSticky => "not sticky, which no cookie changes",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotJudged => "not judged",
        };
        let partial = if self.partial { "    (interrupted: of what was asked so far)" } else { "" };
        let _ = write!(text, "\n\n{loud}    pods: {pods}      workers: {workers}{partial}");
        for reason in &self.reasons {
            let _ = write!(text, "\n\n{}  {}\n  seen: {}\n{}", reason.code.word(), reason.code.title(), reason.detail, reason.code.advice());
        }
        text
    }
}

fn pods(run: &Run) -> Vec<Pod> {
    let mut pods: BTreeMap<&str, (u64, u64)> = run.spread().into_iter().map(|(pod, controls)| (pod, (controls, 0))).collect();
    for (_, pod) in run.sessions.iter().filter_map(Session::bound) {
        pods.entry(pod).or_default().1 += 1;
    }
    pods.into_iter().map(|(pod, (controls, sessions))| Pod { pod: harmless(pod), controls, sessions }).collect()
}

fn cookies(run: &Run) -> Vec<Cookie> {
    let mut all: BTreeMap<&str, Cookie> = BTreeMap::new();
    let shots = || run.sessions.iter().flat_map(|session| &session.shots);
    for cookie in shots().flat_map(|shot| &shot.offered) {
        let new = || Cookie { name: harmless(&cookie.name), attributes: harmless(&cookie.attributes), offered: 0, sent: 0 };
        all.entry(&cookie.name).or_insert_with(new).offered += 1;
    }
    for name in shots().flat_map(|shot| &shot.carried) {
        if let Some(cookie) = all.get_mut(name.as_str()) {
            cookie.sent += 1;
        }
    }
    all.into_values().collect()
}

/// A stranger's text without what moves a cursor, changes a colour or turns the direction of writing.
#[must_use]
pub fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars().fold(String::new(), |mut safe, c| {
        if c.is_control() || turns(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_are_harmless() {
        assert_eq!(harmless("web-1"), "web-1");
        assert_eq!(harmless("a\u{1b}[31m\nb\u{202e}c"), "a\\u{1b}[31m\\u{a}b\\u{202e}c");
    }
}
