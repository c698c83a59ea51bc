//! Waiting for a rollout: what is there, what is missing and why, and when there is no point in waiting any longer.
//!
//! [`trouble`] reads one pod, [`progress`] the whole rollout; both are pure. [`wait`] reads the cluster until they are content, and
//! [`stuck`] tells of one that does not come up.

pub mod pods;
pub mod progress;
pub mod stuck;
pub mod trouble;
pub mod wait;
