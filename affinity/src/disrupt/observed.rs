//! A disruption as it was observed.

use crate::change::Kind;
use crate::promise::Promise;
use crate::run::Run;
use crate::seen::{Outcome, PodState, Shot, What};
use std::time::Duration;

/// A disruption, and what sessions and controls saw of it. All times count from the start of its run.
#[derive(Debug, Clone, PartialEq)]
pub struct Disruption {
    /// What was done.
    pub kind: Kind,
    /// What the front door promises.
    pub promise: Promise,
    /// The number of ready pods before, and of those that are wanted afterwards.
    pub pods: (u32, u32),
    /// When the cluster was asked for the change. All sessions are bound by then.
    pub acted: Duration,
    /// When all pods were ready, none was terminating, and the front door had the time to learn of it; `None` if that took too long.
    pub settled: Option<Duration>,
    /// How long requests of sessions on a killed pod may fail.
    pub tolerated: Duration,
    /// Sessions, each with its own cookies and perhaps a socket; controls; and the states of the pods.
    pub run: Run,
}

/// How long a front door or a cluster may take to learn of a pod's state before the other does.
pub(super) const LATE: Duration = Duration::from_secs(1);

impl Disruption {
    /// Whether a request failed: it got no answer, or an error. Requests that the tunnel to the site lost are no failures of the site.
    pub(super) fn is_failed(&self, shot: &Shot) -> bool {
        match &shot.outcome {
            Outcome::By(_) => false,
            Outcome::Nameless { status } => *status >= 400,
            Outcome::Lost(_) => !self.is_tunnel_trouble(shot),
        }
    }

    fn is_tunnel_trouble(&self, shot: &Shot) -> bool {
        let (since, until) = (shot.at.saturating_sub(LATE), shot.at + shot.took + LATE);
        self.run.events.iter().any(|event| matches!(event.what, What::Tunnel(_)) && (since..=until).contains(&event.at))
    }

    /// When a pod first had a state after the start of the run.
    pub(super) fn first(&self, pod: &str, state: PodState) -> Option<Duration> {
        let is = |what: &What| matches!(what, What::Pod { pod: name, state: now } if name == pod && *now == state);
        self.run.events.iter().find(|event| event.at > Duration::ZERO && is(&event.what)).map(|event| event.at)
    }
}
