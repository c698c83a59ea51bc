//! Where sessions and new requests are afterwards.

use super::observed::Disruption;
use serde::{Deserialize, Serialize};

/// The load of a pod after a disruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Load {
    /// The pod.
    pub pod: String,
    /// Sessions whose last answer came from it.
    pub sessions: u64,
    /// Requests without a cookie that it answered once everything had settled.
    pub controls: u64,
}

impl Load {
    pub(super) fn all(seen: &Disruption) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut add = |pod: &str, sessions, controls| match all.iter_mut().find(|load| load.pod == pod) {
            Some(load) => (load.sessions, load.controls) = (load.sessions + sessions, load.controls + controls),
            None => all.push(Self { pod: pod.to_owned(), sessions, controls }),
        };
        for session in &seen.run.sessions {
            if let Some(pod) = session.shots.iter().rev().find_map(|shot| shot.pod()) {
                add(pod, 1, 0);
            }
        }
        let settled = seen.settled.unwrap_or(seen.acted);
        for pod in seen.run.controls.iter().filter(|shot| shot.at >= settled).filter_map(|shot| shot.pod()) {
            add(pod, 0, 1);
        }
        all.sort_by(|one, other| one.pod.cmp(&other.pod));
        all
    }
}
