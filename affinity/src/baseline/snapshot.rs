//! The part of a report that is compared with another.

use serde::Deserialize;

/// The part of a report that is compared with another; it reads `stickyctl.verify/v1`. Fields that an older version did not write are empty.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// The version of the report's shape.
    pub schema: String,
    /// The URL that was tested.
    pub url: String,
    /// When the run began (RFC 3339, UTC).
    pub began: String,
    /// Whether the run was interrupted.
    pub partial: bool,
    /// The sample.
    pub plan: Plan,
    /// Where identities were read.
    pub identity: Identity,
    /// Reasons, by code.
    pub reasons: Vec<Reason>,
    /// The verdict on pods, in JSON's words.
    pub verdict: String,
    /// The verdict on workers, in JSON's words.
    pub workers: String,
    /// Later requests that moved, without forced moves.
    pub moved_requests: Moved,
    /// Sessions that moved, without forced moves.
    pub moved_sessions: Moved,
    /// Forced moves.
    pub forced_moves: u64,
    /// The pods that were seen.
    pub pods: Vec<Pod>,
    /// The cookies that were set.
    pub cookies: Vec<Cookie>,
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
}

/// The sample of a run, and what it was judged by.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Sessions.
    pub sessions: u32,
    /// Later requests of each session.
    pub requests: u32,
    /// Controls.
    pub controls: u32,
    /// Requested paths, the one of first requests first.
    pub paths: Vec<String>,
    /// The tolerated rate of moves, 0 to 1.
    pub max_move_rate: Option<f64>,
}

/// Where identities were read, in the words of `--pod-identity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The pod's.
    pub pod: String,
    /// The worker's.
    pub worker: String,
}

/// A reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// Its code.
    pub code: String,
}

/// A count of moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Moved {
    /// How many moved.
    pub seen: u64,
    /// Of how many.
    pub of: u64,
}

/// A pod.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its name.
    pub pod: String,
    /// Controls that it answered.
    pub controls: u64,
    /// The latency of its answers, if it had any.
    pub latency: Option<Latency>,
}

/// A pod's latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// The median, in milliseconds.
    pub p50_ms: f64,
}

/// A cookie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its attributes ([`Offer::attributes`](crate::cookie::Offer::attributes)).
    pub attributes: String,
}

/// A scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// `pass`, `fail` or `skip`.
    pub outcome: String,
}
