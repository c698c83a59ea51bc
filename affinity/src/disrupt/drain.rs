//! How long terminating pods were still reached, by sessions that were bound to them and by new ones.

use super::observed::Disruption;
use crate::seen::{PodState, Shot, What};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a front door may send new sessions to a pod that terminates: ingress-nginx takes up to 4.5 s to learn of it after another change.
pub const MOST_NEW: Duration = Duration::from_secs(5);

/// A pod that was deleted. Times count from the moment when it began to terminate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drained {
    /// The pod.
    pub pod: String,
    /// When it was gone; `None` if that was not seen.
    pub gone: Option<Duration>,
    /// The last request of a bound session that it answered; `None` if there was none.
    pub kept: Option<Duration>,
    /// How many requests without a cookie it answered.
    pub new: u64,
    /// The last of these.
    pub last_new: Option<Duration>,
}

impl Drained {
    pub(super) fn all(seen: &Disruption) -> Vec<Self> {
        let pods: BTreeSet<&str> = seen
            .run
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Pod { pod, state: PodState::Terminating } if event.at > Duration::ZERO => Some(pod.as_str()),
                _ => None,
            })
            .collect();
        pods.into_iter().filter_map(|pod| Self::of(seen, pod)).collect()
    }

    fn of(seen: &Disruption, pod: &str) -> Option<Self> {
        let since = seen.first(pod, PodState::Terminating)?;
        let after = |shot: &&Shot| shot.at > since && shot.pod() == Some(pod);
        let last = |shots: &[&Shot]| shots.iter().map(|shot| shot.at - since).max();
        let bound: Vec<&Shot> = seen.run.sessions.iter().flat_map(|session| &session.shots).filter(after).collect();
        let new: Vec<&Shot> = seen.run.controls.iter().filter(after).collect();
        let gone = seen.first(pod, PodState::Gone).map(|gone| gone.saturating_sub(since));
        Some(Self { pod: pod.to_owned(), gone, kept: last(&bound), new: new.len() as u64, last_new: last(&new) })
    }
}
