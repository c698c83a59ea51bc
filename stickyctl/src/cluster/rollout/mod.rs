//! Waiting for a rollout: what is there, what is missing and why, and when there is no point in waiting any longer.
//!
//! [`trouble`] reads one pod, [`progress`] the whole rollout; both are pure. [`wait`] reads the cluster until they are content.

pub mod progress;
pub mod trouble;
pub mod wait;
