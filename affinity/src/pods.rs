//! Whether a pod was there: according to its cluster, or by its silence where no cluster reports pods.

use crate::run::Run;
use crate::seen::{PodState, Shot, What};
use std::time::Duration;

impl Run {
    /// Whether a pod was gone or not ready at any time from `since` to `until`: according to its cluster, or by its silence if the cluster does
    /// not know the pod.
    #[must_use]
    pub fn is_gone(&self, pod: &str, since: Duration, until: Duration) -> bool {
        self.was_ready(pod, since, until).map_or_else(|| self.is_silent_since(pod, since), |ready| !ready)
    }

    /// Whether this pod answered nothing after `since`, while others answered often enough for that to mean something.
    #[must_use]
    pub fn is_silent_since(&self, pod: &str, since: Duration) -> bool {
        let after: Vec<&str> = self.shots().filter(|shot| shot.at > since).filter_map(Shot::pod).collect();
        let spread = self.without_cookie();
        let share = spread.get(pod).copied().unwrap_or_default() as f64 / spread.values().sum::<u64>().max(1) as f64;
        !after.contains(&pod) && (1.0 - share).powi(i32::try_from(after.len()).unwrap_or(i32::MAX)) < 0.01
    }

    /// Whether a pod was ready the whole time from `since` to `until`, according to its cluster; `None` if the cluster does not know it.
    #[must_use]
    pub fn was_ready(&self, pod: &str, since: Duration, until: Duration) -> Option<bool> {
        let told = || {
            self.events.iter().filter_map(|event| match &event.what {
                What::Pod { pod: name, state } if name == pod => Some((event.at, *state)),
                _ => None,
            })
        };
        let before = told().take_while(|(at, _)| *at <= since).last();
        let (_, then) = before.or_else(|| told().next())?;
        let during = told().filter(|(at, _)| *at > since && *at <= until);
        Some(then == PodState::Ready && during.into_iter().all(|(_, state)| state == PodState::Ready))
    }
}
