//! What goes over the control socket.

use serde::{Deserialize, Serialize};
use sticky_core::readiness::State;
use sticky_core::topology::{Affinity, Door};

/// `GET /status`, and `stickyctl status -o json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// [`Status::SCHEMA`]; fields are only added.
    pub schema: String,
    /// The page's URL, for a browser.
    pub url: String,
    /// The process of the demo.
    pub pid: u32,
    pub version: String,
    /// Seconds since the demo started.
    pub up_s: u64,
    /// The requested mode, as in `3x1`.
    pub mode: String,
    /// The requested canary pods, which `mode` doesn't count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub canary: u16,
    /// Whether the running pods and workers match `mode`.
    pub settled: bool,
    /// Why the mode can't be reached; `None` if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    pub door: Door,
    pub bus: BusStatus,
    /// The pods, oldest first.
    pub pods: Vec<PodStatus>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(pods: &u16) -> bool {
    *pods == 0
}

impl Status {
    /// The version of this shape.
    pub(crate) const SCHEMA: &'static str = "stickyctl.status/v1";

    /// The status without what changes with every second.
    #[must_use]
    pub(super) fn timeless(&self) -> Self {
        let mut status = self.clone();
        status.up_s = 0;
        for pod in &mut status.pods {
            pod.left_s = pod.left_s.map(|_| 0);
            pod.workers.iter_mut().for_each(|worker| worker.age_s = 0);
        }
        status
    }

    #[must_use]
    pub(crate) fn sockets(&self) -> usize {
        self.pods.iter().flat_map(|p| &p.workers).map(|w| w.sockets).sum()
    }
}

/// [`BusStatus::state`] if a worker has no connection to Redis.
pub(crate) const DOWN: &str = "down";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BusStatus {
    /// `redis` or `memory`.
    pub kind: String,
    /// `directed` or `broadcast`.
    pub fanout: String,
    /// `ok` or `down`.
    pub state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PodStatus {
    pub pod: String,
    /// What the pod reports as its version.
    pub version: String,
    /// Whether it is a canary pod.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canary: bool,
    pub state: State,
    /// Seconds until it is gone, while it drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u64>,
    pub workers: Vec<WorkerStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkerStatus {
    pub worker: u16,
    pub state: State,
    /// Sockets that it holds.
    pub sockets: usize,
    /// How often it was replaced.
    pub restarts: u64,
    /// Seconds since it started.
    pub age_s: u64,
}

/// `POST /change` of the control socket, and `POST /control` of the front door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Change {
    /// The number of pods; the number of workers per pod stays.
    Scale(u16),
    /// `PODSxWORKERS`.
    Mode(String),
    /// `POD` or `POD:WORKER`.
    Kill(String),
    /// Whether the front door keeps sessions together.
    Affinity(Rule),
}

/// The affinity that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Rule {
    Cookie,
    Off,
}

impl From<Rule> for Affinity {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Cookie => Self::Cookie,
            Rule::Off => Self::Off,
        }
    }
}

/// The answer to a refused change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub error: String,
}
