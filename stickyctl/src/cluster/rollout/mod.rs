//! Waiting for a rollout: its progress, what blocks it, and when waiting is pointless.
//!
//! [`trouble`] reads one pod and [`progress`] the whole rollout, both without I/O. [`wait`] polls the cluster until a workload is rolled
//! out, [`error`] is a rollout that doesn't get there, and [`advice`] is what to try then.

pub(crate) mod advice;
pub(crate) mod error;
pub(crate) mod pods;
pub(crate) mod progress;
#[cfg(test)]
mod tests;
pub(crate) mod trouble;
pub(crate) mod wait;
