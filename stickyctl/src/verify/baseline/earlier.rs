//! What of a report is compared, as it is read from a file and as this run has it.

use crate::verify::report::{Count, Report};
use crate::verify::scenario::Mark;
use serde::Deserialize;

/// What of a report is compared. Fields that an older version did not write are empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Earlier {
    pub(super) schema: String,
    pub(super) url: String,
    pub(super) began: String,
    pub(super) partial: bool,
    pub(super) plan: Plan,
    pub(super) identity: Identity,
    pub(super) reasons: Vec<Reason>,
    pub(super) verdict: String,
    pub(super) workers: String,
    pub(super) moved_requests: Moved,
    pub(super) moved_sessions: Moved,
    pub(super) forced_moves: u64,
    pub(super) pods: Vec<Pod>,
    pub(super) cookies: Vec<Cookie>,
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    pub(super) sessions: u32,
    pub(super) requests: u32,
    pub(super) controls: u32,
    pub(super) paths: Vec<String>,
    pub(super) max_move_rate: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Identity {
    pub(super) pod: String,
    pub(super) worker: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Reason {
    pub(super) code: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Moved {
    pub(super) seen: u64,
    pub(super) of: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) pod: String,
    pub(super) controls: u64,
    pub(super) latency: Option<Latency>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Latency {
    pub(super) p50_ms: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) attributes: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) outcome: String,
}

impl From<&Report> for Earlier {
    fn from(report: &Report) -> Self {
        let moved = |count: Count| Moved { seen: count.seen, of: count.of };
        let outcome = |mark| match mark {
            Mark::Pass => "pass",
            Mark::Fail => "fail",
            Mark::Skip => "skip",
        };
        let plan = &report.plan;
        Self {
            schema: report.schema.to_owned(),
            url: report.url.clone(),
            began: report.began.clone(),
            partial: report.partial,
            plan: Plan {
                sessions: plan.sessions,
                requests: plan.requests,
                controls: plan.controls,
                paths: plan.paths.clone(),
                max_move_rate: Some(plan.max_move_rate),
            },
            identity: Identity { pod: report.identity.pod.clone(), worker: report.identity.worker.clone() },
            reasons: report.reasons.iter().map(|reason| Reason { code: reason.code.word().to_owned() }).collect(),
            verdict: report.verdict.word().to_owned(),
            workers: report.workers.word().to_owned(),
            moved_requests: moved(report.moved_requests),
            moved_sessions: moved(report.moved_sessions),
            forced_moves: report.forced_moves,
            pods: report
                .pods
                .iter()
                .map(|pod| Pod { pod: pod.pod.clone(), controls: pod.controls, latency: pod.latency.map(|took| Latency { p50_ms: took.p50_ms }) })
                .collect(),
            cookies: report.cookies.iter().map(|one| Cookie { name: one.name.clone(), attributes: one.attributes.clone() }).collect(),
            scenarios: report.scenarios.iter().map(|one| Scenario { name: one.name.to_owned(), outcome: outcome(one.outcome).to_owned() }).collect(),
        }
    }
}
