//! A run's report: as a table and a page for people, as JSON and JUnit for programs. Names come from strangers and are made harmless
//! first; values of cookies are in none of them, unless they were asked for.

mod build;
mod junit;
mod page;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
mod table;
mod words;

use super::code::Code;
use super::ends::Why;
use super::jar::Fate;
use super::moves::Cause;
use super::scenario::Mark;
use super::verdict::Verdict;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

pub use build::About;

/// What `-o json` prints: `stickyctl.verify/v1`; fields are only added. Times are in milliseconds, those called `at_ms` from the start of
/// the run. Texts of the site are made harmless: what moves a cursor or turns the direction of writing is written as `\\u{…}`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// [`Report::SCHEMA`].
    pub schema: &'static str,
    /// The version of stickyctl.
    pub stickyctl: &'static str,
    /// The URL that was asked.
    pub url: String,
    /// The call, as it can be repeated.
    pub command: String,
    /// When the run began (RFC 3339, UTC).
    pub began: String,
    /// How long it took.
    pub took_ms: f64,
    /// The seed of the order.
    pub seed: u64,
    /// Whether it was interrupted before all was asked.
    pub partial: bool,
    /// What was planned.
    pub plan: Plan,
    /// Where identities were read.
    pub identity: Identity,
    /// About pods.
    pub verdict: Verdict,
    /// About workers.
    pub workers: Verdict,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// What was found, in sentences.
    pub summary: Summary,
    /// Why, the decisive one first.
    pub reasons: Vec<Told>,
    /// The scenarios.
    pub scenarios: Vec<Ran>,
    /// Later requests on another pod than their session's first, without forced ones.
    pub moved_requests: Count,
    /// Sessions with such a request.
    pub moved_sessions: Count,
    /// Moves away from pods that were gone or not ready; they are in none of the counts above.
    pub forced_moves: u64,
    /// Changes from one request of a session to its next.
    pub changes: u64,
    /// At most how likely chance alone is to move no more than was seen.
    pub chance: f64,
    /// The pods that were seen.
    pub pods: Vec<Pod>,
    /// The cookies that were offered, without their values.
    pub cookies: Vec<Cookie>,
    /// Answers that don't say whose they are, by status.
    pub nameless: BTreeMap<u16, u64>,
    /// Requests that were not answered.
    pub lost: u64,
    /// Answers of a cache.
    pub cached: u64,
    /// Sessions, request by request.
    pub sessions: Vec<Session>,
    /// Requests without a cookie.
    pub controls: Vec<Request>,
    /// Sockets that ended, by why.
    pub socket_ends: BTreeMap<Why, u64>,
    /// What happened beside the requests: pods that came, went or were not ready, trouble of the tunnel.
    pub events: Vec<Happened>,
    /// An earlier report beside this one, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
}

/// How much was asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plan {
    /// Sessions.
    pub sessions: u32,
    /// Later requests of each.
    pub requests: u32,
    /// Controls.
    pub controls: u32,
    /// All requests at most, those without a session's cookie and after sockets included.
    pub probes: u64,
    /// All sockets at most.
    pub sockets: u64,
    /// Paths that were asked, the one of first requests first.
    pub paths: Vec<String>,
    /// The rate of moves that is put up with, 0 to 1.
    pub max_move_rate: f64,
}

/// What was found, in sentences; commands and flags stand between backticks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// The verdict, in a sentence or two.
    pub lead: String,
    /// Why it is so.
    pub because: Vec<String>,
    /// What to do, the likeliest first.
    pub todo: Vec<String>,
}

/// Where identities were read, and how often they were there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Identity {
    /// The pod's, as `--pod-identity` has it.
    pub pod: String,
    /// The worker's.
    pub worker: String,
    /// Answers that told their pod.
    pub named: u64,
    /// All answers.
    pub of: u64,
}

/// A reason.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Told {
    /// Its code.
    pub code: Code,
    /// The scenario that it is from.
    pub scenario: &'static str,
    /// What the code means.
    pub title: &'static str,
    /// What was seen.
    pub detail: String,
    /// What causes it, the commonest first.
    pub causes: Vec<Advice>,
}

/// A cause, and what to try.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Advice {
    /// The cause.
    pub cause: &'static str,
    /// What to try.
    pub attempt: &'static str,
}

/// A scenario that ran, or was left out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ran {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub asks: &'static str,
    /// What came of it.
    pub outcome: Mark,
    /// What was seen, or why it was left out.
    pub detail: String,
}

/// A count and its exact bounds at 95 %.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Count {
    /// So many.
    pub seen: u64,
    /// Of so many.
    pub of: u64,
    /// The least rate that fits, 0 to 1.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// A pod.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pod {
    /// Its name.
    pub pod: String,
    /// Controls that it answered.
    pub controls: u64,
    /// Sessions that it bound.
    pub sessions: u64,
    /// How long its answers took; none where it answered nothing of sessions and controls.
    pub latency: Option<Latency>,
}

/// Times of answers.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Latency {
    /// The shortest.
    pub least_ms: f64,
    /// 5 in 100 are shorter.
    pub p5_ms: f64,
    /// The middle.
    pub p50_ms: f64,
    /// 5 in 100 are longer.
    pub p95_ms: f64,
    /// One in 100 is longer.
    pub p99_ms: f64,
}

/// A cookie: one of each name, attributes and fate.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its attributes; Expires without its date.
    pub attributes: String,
    /// What a browser makes of it, at the place that was asked.
    pub fate: Fate,
    /// For how many seconds it lived when it first came, by Max-Age or Expires; none for one of the browser's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lives_s: Option<u64>,
    /// How often it was offered to sessions.
    pub offered: u64,
    /// How often a cookie of its name went along, where this one may have.
    pub sent: u64,
    /// Values that it had, some of them, where they were asked for by `--show-values`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Session {
    /// Its name, `s01`.
    pub id: String,
    /// Its requests, in order; the first one that tells its pod binds it.
    pub requests: Vec<Request>,
}

/// A request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Request {
    /// Which round it was in: 0 the first.
    pub round: u32,
    /// When it began.
    pub at_ms: f64,
    /// How long it took.
    pub took_ms: f64,
    /// The pod that answered, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// The status of an answer that does not tell its pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Where the pod is not its session's: what moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Cause>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Happened {
    /// When.
    pub at_ms: f64,
    /// What kind of thing.
    pub kind: Kind,
    /// What.
    pub text: String,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A pod is ready.
    PodReady,
    /// A pod is not ready.
    PodNotReady,
    /// A pod is gone.
    PodGone,
    /// The tunnel to the site had trouble.
    Tunnel,
}

/// An earlier report beside this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Baseline {
    /// The file that it was read from.
    pub file: String,
    /// When that run began, as it says itself.
    pub began: String,
    /// What changed.
    pub changed: Vec<String>,
    /// What makes the two hard to compare.
    pub weak: Vec<String>,
}

impl Cookie {
    /// What becomes of it and how long it lives, as far as its attributes don't say so.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let fate = match self.fate {
            Fate::Kept => None,
            Fate::BornExpired => Some("over when it comes"),
            Fate::Refused => Some("refused by browsers"),
            Fate::ForeignDomain => Some("for another domain"),
            Fate::OtherPath => Some("for another path"),
            Fate::SecureOverHttp => Some("kept away from plain http"),
        };
        let lives = self.lives_s.filter(|_| self.fate != Fate::BornExpired && !self.attributes.contains("Max-Age="));
        fate.map(str::to_owned).into_iter().chain(lives.map(|seconds| format!("lives {seconds} s"))).collect()
    }
}

impl Report {
    /// The version of this shape.
    pub const SCHEMA: &'static str = "stickyctl.verify/v1";

    /// Its JSON Schema (2020-12), as `docs/verify.schema.json` has it. Other fields are allowed: later versions may add some.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        // Of what is written: what may be left out there is not required.
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let mut schema = settings.into_generator().into_root_schema_for::<Self>().to_value();
        schema["title"] = Self::SCHEMA.into();
        schema["properties"]["schema"]["const"] = Self::SCHEMA.into();
        schema
    }
}

/// A stranger's text without what moves a cursor, changes a colour or turns the direction of writing.
#[must_use]
pub fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
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
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::sample::{Kind as Of, broken_off, report};
    use super::*;

    /// With events and forced moves, which take a cluster's word, and of runs that ended early.
    #[test]
    fn reports_are_as_their_schema_says() {
        let schema = jsonschema::draft202012::new(&Report::schema()).unwrap();
        let rollout = report(Of::Rollout);
        assert!(rollout.forced_moves > 0 && !rollout.events.is_empty());
        for report in [rollout, report(Of::Sticky), report(Of::OnePod), broken_off(Of::Rollout, 7), broken_off(Of::Rollout, 0)] {
            let json = serde_json::to_value(&report).unwrap();
            let wrong: Vec<String> = schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }

    #[test]
    fn strangers_words_are_harmless() {
        assert_eq!(harmless("web-1"), "web-1");
        assert_eq!(harmless("a\u{1b}[31m\nb\u{202e}c"), "a\\u{1b}[31m\\u{a}b\\u{202e}c");
        assert_eq!(harmless("\u{61c}\u{2060}\u{e0041}"), "\\u{61c}\\u{2060}\\u{e0041}");
    }
}
