//! The report as data: what JSON has, and what all other forms are made from.

use crate::report_schema;
use crate::verify::report::model::{Advice, Count, Sent, Summary};
use schemars::JsonSchema;
use serde::Serialize;
use sticky_affinity::code::Code;
use sticky_affinity::migrate::verdict::Verdict;
use sticky_affinity::migrate::{Door, Foreign};
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict;

/// What `-o json` prints with `--from` and `--to`: `stickyctl.migration/v1`; later versions only add fields. Times are in milliseconds;
/// those called `at_ms` count from the start of the run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// [`Report::SCHEMA`].
    pub schema: &'static str,
    /// The version of stickyctl.
    pub stickyctl: &'static str,
    /// The name that users know the site by; requests to both front doors have it.
    pub host: String,
    /// The old front door.
    pub from: Side,
    /// The new front door.
    pub to: Side,
    /// The command line, to repeat the run. What may be a secret in it is `***`.
    pub command: String,
    /// When the run began (RFC 3339, UTC).
    pub began: String,
    /// How long the run took.
    pub took_ms: f64,
    /// The seed of the order of requests.
    pub seed: u64,
    /// Whether the run was interrupted before it was complete.
    pub partial: bool,
    /// What was planned.
    pub plan: Plan,
    /// What was sent of it.
    pub sent: Sent,
    /// Where the pod's identity was read, in the form of `--pod-identity`.
    pub identity: String,
    /// What users notice of the move.
    pub verdict: Verdict,
    /// The exit code of the command.
    pub exit_code: u8,
    /// The result in sentences: what users will feel, and what to do.
    pub summary: Summary,
    /// Why the verdict is what it is, the decisive finding first.
    pub findings: Vec<Finding>,
    /// The checks, in the order in which they are described.
    pub checks: Vec<Checked>,
    /// Sessions that moved with their first request at the new front door.
    pub cut_over: Count,
    /// Of those, how many had to: their pod does not answer at the new front door.
    pub forced: u64,
    /// Returns to the old front door that moved, of sessions that began there.
    pub back: Count,
    /// Later arrivals at the new front door that moved, of those sessions.
    pub again: Count,
    /// Later requests at the new front door that left the pod that had answered first.
    pub unsettled: Count,
    /// Sessions that began at the new front door and moved with their first request at the old one.
    pub roll_back: Count,
    /// Sockets that reached another pod when they reconnected at the new front door.
    pub sockets: Count,
    /// Pages through both front doors at once that met several pods.
    pub split: Count,
    /// The pods that were seen.
    pub pods: Vec<Pod>,
    /// Sessions, request by request: those that began at the old front door first.
    pub sessions: Vec<Session>,
}

/// One of the two front doors.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Side {
    /// Its URL; values in its query only with `--show-values`.
    pub url: String,
    /// Whether it keeps sessions on their pods by itself.
    pub verdict: verdict::Verdict,
    /// Names of cookies that it sets and the other one does not.
    pub cookies: Vec<String>,
    /// What it made of cookies that the other one had set.
    pub foreign: Foreign,
}

/// What was planned.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Plan {
    /// Sessions that begin at the old front door.
    pub movers: u32,
    /// Sessions that begin at the new one.
    pub newcomers: u32,
    /// Requests without a cookie, at each front door.
    pub controls: u32,
    /// The largest number of requests.
    pub probes: u64,
    /// The largest number of sockets.
    pub sockets: u64,
    /// The tolerated rate of moves, 0 to 1.
    pub max_move_rate: f64,
}

/// Why the verdict is what it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Finding {
    /// The code, as `stickyctl explain` takes it.
    pub code: Code,
    /// The check that it comes from.
    pub check: &'static str,
    /// What the code means, in a sentence.
    pub title: &'static str,
    /// What this run saw, in numbers.
    pub detail: String,
    /// Causes: those that this run gives evidence for first, then the others, the most common first.
    pub causes: Vec<Advice>,
}

impl Finding {
    /// The causes to show to a reader: those that the run gives evidence for, or else the two most common ones.
    pub(super) fn shown(&self) -> &[Advice] {
        match self.causes.iter().take_while(|advice| advice.evident).count() {
            0 => &self.causes[..self.causes.len().min(2)],
            evident => &self.causes[..evident],
        }
    }
}

/// A check, made or skipped.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checked {
    /// Its name.
    pub name: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// `skip` if it was not judged; the detail says why.
    pub outcome: Mark,
    /// What was seen, or why it was skipped.
    pub detail: String,
}

/// A pod, and how many requests without a cookie it answered at each front door.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pod {
    /// The identity that its answers carry.
    pub pod: String,
    /// Requests without a cookie that it answered at the old front door.
    pub old: u64,
    /// Requests without a cookie that it answered at the new front door.
    pub new: u64,
}

/// A session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Session {
    /// A name in this report.
    pub id: String,
    /// Its requests, in the order sent.
    pub requests: Vec<Request>,
}

/// A request of a session.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Request {
    /// The front door that it went to.
    pub door: Door,
    /// When it began.
    pub at_ms: f64,
    /// How long it took.
    pub took_ms: f64,
    /// The pod that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The status of an answer that identifies no pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
    /// Whether another pod answered than before.
    pub moved: bool,
}

impl Report {
    /// The name and version of this structure.
    pub const SCHEMA: &'static str = "stickyctl.migration/v1";

    /// The JSON Schema (2020-12) in `docs/migration.schema.json`. It allows other fields: later versions may add some.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        report_schema::of::<Self>(Self::SCHEMA)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::sample::{Kind, report};
    use super::*;

    #[test]
    fn reports_are_as_their_schema_says() {
        let schema = jsonschema::draft202012::new(&Report::schema()).unwrap();
        for kind in Kind::ALL {
            let json = serde_json::to_value(report(kind)).unwrap();
            let wrong: Vec<String> = schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}
