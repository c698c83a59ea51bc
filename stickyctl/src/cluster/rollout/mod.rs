//! Waiting for a rollout: what is there, what is missing and why, and when there is no point in waiting any longer.
//!
//! [`trouble`] reads one pod and [`progress`] the whole rollout; both are pure. [`wait`] polls the cluster until a workload is rolled
//! out, and [`error`] is a rollout that doesn't get there.

pub(crate) mod error;
pub(crate) mod pods;
pub(crate) mod progress;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
pub(crate) mod wait;
