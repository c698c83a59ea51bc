//! The report as data: what JSON has, and what all other forms are made from.

use super::disruptions::{Disruption, Proxies};
use super::observed::{Cookie, Happened, Pod, Request, Session};
use crate::report_schema;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use sticky_affinity::baseline::Baseline;
use sticky_affinity::code::Code;
use sticky_affinity::ends::Why;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// What `-o json` prints: `stickyctl.verify/v1`; later versions only add fields. Times are in milliseconds; those called `at_ms` count from the
/// start of the run. In texts from the site, characters that move a cursor or change the direction of writing are escaped as `\\u{…}`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`Report::SCHEMA`].
    #[serde(deserialize_with = "kept")]
    pub schema: &'static str,
    /// The version of stickyctl.
    #[serde(deserialize_with = "kept")]
    pub stickyctl: &'static str,
    /// The URL that was tested; values in its query only with `--show-values`, as everywhere in a report.
    pub url: String,
    /// The command line, to repeat the run. What may be a secret in it is `***`.
    pub command: String,
    /// When the run began (RFC 3339, UTC).
    pub began: String,
    /// How long the run took.
    pub took_ms: f64,
    /// The seed of the order of sessions.
    pub seed: u64,
    /// Whether the run was interrupted before it was complete.
    pub partial: bool,
    /// What was planned: sample size, paths and limits. An interrupted run sends less, and so does one that nobody answers.
    pub plan: Plan,
    /// What was sent of it.
    pub sent: Sent,
    /// Where identities were read, and how many answers had one.
    pub identity: Identity,
    /// The verdict on pods.
    pub verdict: Verdict,
    /// The verdict on workers.
    pub workers: Verdict,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The result in sentences.
    pub summary: Summary,
    /// Reasons, the decisive one first.
    pub reasons: Vec<Told>,
    /// Every scenario, run or skipped, in the order of `verify --list`.
    pub scenarios: Vec<Ran>,
    /// Later requests that reached another pod than their session's, without forced moves.
    pub moved_requests: Count,
    /// Sessions with such a request.
    pub moved_sessions: Count,
    /// What was looked for and found with `--lost-when`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_when: Option<LostWhen>,
    /// Moves away from pods that were gone or not ready; not included in the counts above.
    pub forced_moves: u64,
    /// How often the pod changed between consecutive requests of a session.
    pub changes: u64,
    /// An upper bound for the odds that chance alone moves no more requests than moved, 0 to 1.
    pub chance: f64,
    /// The pods that were seen.
    pub pods: Vec<Pod>,
    /// The cookies that answers set; values only with `--show-values`.
    pub cookies: Vec<Cookie>,
    /// How many answers identify no pod, by status.
    pub nameless: BTreeMap<u16, u64>,
    /// Requests without an answer.
    pub lost: u64,
    /// Answers from a cache.
    pub cached: u64,
    /// Sessions, request by request.
    pub sessions: Vec<Session>,
    /// Controls: requests without a cookie.
    pub controls: Vec<Request>,
    /// How many sockets ended, by cause.
    pub socket_ends: BTreeMap<Why, u64>,
    /// Events beside the requests: pods that came, went or were not ready, and trouble with the tunnel.
    pub events: Vec<Happened>,
    /// The disruptions of `--disrupt`, in the order in which they were made.
    pub disruptions: Vec<Disruption>,
    /// The proxies that `--each-proxy` compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxies: Option<Proxies>,
    /// The comparison with an earlier report, if one was given.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub baseline: Option<Baseline>,
}

/// The sample, and what was planned.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Sessions that send requests, each with its own cookies.
    pub sessions: u32,
    /// Later requests of each session.
    pub requests: u32,
    /// Controls: requests without a cookie.
    pub controls: u32,
    /// The largest number of requests, including those without a session's cookies and those after sockets.
    pub probes: u64,
    /// The largest number of sockets.
    pub sockets: u64,
    /// Requested paths, the one of first requests first.
    pub paths: Vec<String>,
    /// The names, in braces, of values that later requests carry besides cookies, such as `{SID}` of `--capture SID=…`.
    pub values: Vec<String>,
    /// The tolerated rate of moves, 0 to 1.
    pub max_move_rate: f64,
}

/// Sessions that were lost, by the symptoms of `--lost-when`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LostWhen {
    /// What answers look like when their session is lost, in the form of the flag; one is enough.
    pub symptoms: Vec<String>,
    /// Later requests that lost their session.
    pub requests: Count,
    /// Sessions with such a request.
    pub sessions: Count,
    /// Requests of sessions without some of their cookies: made only if no answer named a pod.
    pub without: Vec<Without>,
}

/// Requests of sessions without some of their cookies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Without {
    /// Names of the cookies that were left out together.
    pub cookies: Vec<String>,
    /// How many requests lost their session.
    pub lost: u64,
    /// How many requests show whether they did.
    pub of: u64,
}

/// What was sent, answered or not.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Sent {
    /// Requests over HTTP.
    pub probes: u64,
    /// Sockets, including those that did not open.
    pub sockets: u64,
}

/// The result in sentences; commands and flags are in backticks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The verdict in a sentence or two.
    pub lead: String,
    /// What it is based on.
    pub because: Vec<String>,
    /// What to do, the most likely to help first.
    pub todo: Vec<String>,
}

/// Where identities were read, and how many answers had one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Where the pod's identity was read, in the form of `--pod-identity`.
    pub pod: String,
    /// Where the worker's identity was read.
    pub worker: String,
    /// Answers that identify their pod.
    pub named: u64,
    /// All answers, with and without an identity.
    pub of: u64,
    /// How many of those each source identified.
    pub sources: Sources,
    /// What reading logs led to; none if answers alone identify pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
    /// Fields of the answers that may name the pod, the most likely first; empty if answers identify their pod.
    pub candidates: Vec<Candidate>,
}

/// How many answers each source identified.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// The answer itself.
    pub answer: u64,
    /// A line in the front door's access log.
    pub access_log: u64,
    /// A line in the log of the application's own pods.
    pub pod_log: u64,
}

/// What reading logs led to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Logs {
    /// The logs that were read, in the form of `--pod-identity`; where several name a pod, the first one counts.
    pub read: Vec<String>,
    /// Whether each request had its marker in the query too, and not only in `User-Agent`.
    pub marker_in_query: bool,
    /// Answers that no log line is about. They are not in `nameless`.
    pub unidentified: u64,
    /// Sockets that opened or were refused, and that no log line is about.
    pub unidentified_sockets: u64,
    /// Answers and sockets whose log line names no pod: the Service's address, or one that belongs to no pod.
    pub without_pod: u64,
    /// Requests and sockets that the front door gave to another pod after it had tried one.
    pub retries: u64,
    /// How long the run waited for lines, in total.
    pub waited_ms: f64,
    /// What could not be read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
}

impl Sources {
    /// The sources that identified anything, in words.
    pub(super) fn in_words(self) -> Vec<(u64, &'static str)> {
        let all = [(self.answer, "the answer"), (self.access_log, "the access log"), (self.pod_log, "the pods' logs")];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

impl Logs {
    /// What is remarkable, in words: for each how often, if ever.
    pub(super) fn remarks(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.unidentified, "without a log line"),
            (self.unidentified_sockets, "sockets without a log line"),
            (self.without_pod, "with a line that names no pod"),
            (self.retries, "retried on another pod"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }
}

/// A field that may name the pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The field, in the form of `--pod-identity`.
    #[serde(rename = "where")]
    pub place: String,
    /// How many values it had.
    pub values: u64,
    /// How many answers had it.
    pub answers: u64,
}

/// Why the verdict is what it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// The code, as `stickyctl explain` takes it.
    pub code: Code,
    /// The scenario that it comes from.
    #[serde(deserialize_with = "kept")]
    pub scenario: &'static str,
    /// What the code means, in a sentence.
    #[serde(deserialize_with = "kept")]
    pub title: &'static str,
    /// What this run saw: numbers, pods and cookies.
    pub detail: String,
    /// Causes: those that this run gives evidence for first, then the others, the most common first.
    pub causes: Vec<Advice>,
}

/// A cause, and what to try.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// A common cause of what the code means.
    #[serde(deserialize_with = "kept")]
    pub cause: &'static str,
    /// What to check or change.
    #[serde(deserialize_with = "kept")]
    pub attempt: &'static str,
    /// Whether this run gives evidence for it. Such causes come first.
    pub evident: bool,
}

/// A scenario, run or skipped.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Ran {
    /// The name, as `--only` takes it.
    #[serde(deserialize_with = "kept")]
    pub name: &'static str,
    /// The question that it answers.
    #[serde(deserialize_with = "kept")]
    pub asks: &'static str,
    /// `skip` if it was not judged; the detail says why.
    pub outcome: Mark,
    /// What was seen, or why it was skipped.
    pub detail: String,
}

/// A count and its exact bounds at 95 %.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// How many were counted.
    pub seen: u64,
    /// How many there were to count from.
    pub of: u64,
    /// The smallest rate that fits, 0 to 1.
    pub least: f64,
    /// The largest rate that fits, 0 to 1.
    pub most: f64,
}

/// Reads a text that this program has in its code when it writes a report. It is kept until the process ends: a process reads one report.
fn kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    Ok(String::deserialize(deserializer)?.leak())
}

/// The most causes that are shown without evidence for one of them.
const SHOWN: usize = 4;

impl Told {
    /// The causes to show to a reader: those that the run gives evidence for, which the others would only hide; without evidence the most
    /// common ones, up to four.
    pub(super) fn shown(&self) -> &[Advice] {
        match self.causes.iter().take_while(|advice| advice.evident).count() {
            0 => &self.causes[..self.causes.len().min(SHOWN)],
            evident => &self.causes[..evident],
        }
    }
}

impl Report {
    /// What `--lost-when` found, if the run was judged by it because no answer names a pod.
    pub(super) fn by_symptom(&self) -> Option<&LostWhen> {
        self.lost_when.as_ref().filter(|_| self.pods.is_empty())
    }

    /// The name and version of this structure.
    pub const SCHEMA: &'static str = "stickyctl.verify/v1";

    /// The JSON Schema (2020-12) in `docs/verify.schema.json`. It allows other fields: later versions may add some.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        report_schema::of::<Self>(Self::SCHEMA)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind as Of, broken_off, report};
    use super::*;

    /// A run inside a cluster sends its report as JSON.
    #[test]
    fn reports_are_read_back_as_they_were_written() {
        for kind in [Of::Sticky, Of::NotSticky, Of::Rollout, Of::OnePod, Of::Lost] {
            let written = serde_json::to_value(report(kind)).unwrap();
            let text: &'static str = written.to_string().leak();
            let read: Report = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), written, "{kind:?}");
            assert_eq!((read.table(true, Some(80)), read.page().is_ok()), (report(kind).table(true, Some(80)), true));
        }
    }

    /// With events and forced moves, which take a cluster, and of runs that ended early.
    #[test]
    fn reports_are_as_their_schema_says() {
        let schema = jsonschema::draft202012::new(&Report::schema()).unwrap();
        let rollout = report(Of::Rollout);
        assert!(rollout.forced_moves > 0 && !rollout.events.is_empty());
        for report in [rollout, report(Of::Sticky), report(Of::OnePod), report(Of::Lost), broken_off(Of::Rollout, 7), broken_off(Of::Rollout, 0)] {
            let json = serde_json::to_value(&report).unwrap();
            let wrong: Vec<String> = schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}
