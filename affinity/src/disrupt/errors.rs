//! Which requests failed, and for how long.

use super::observed::{Disruption, LATE};
use crate::seen::Shot;
use std::time::Duration;

/// The failed requests of a group of clients. Times count from the change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// How many requests failed.
    pub failed: u64,
    /// How many requests ended after the change.
    pub of: u64,
    /// When the first request that failed began.
    pub first: Option<Duration>,
    /// When the last request that failed ended.
    pub last: Option<Duration>,
}

impl Window {
    /// From the beginning of the first failed request to the end of the last one.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.last.unwrap_or_default().saturating_sub(self.first.unwrap_or_default())
    }

    fn take(&mut self, seen: &Disruption, shot: &Shot) {
        let ended = shot.at + shot.took;
        if ended < seen.acted {
            return;
        }
        self.of += 1;
        if seen.is_failed(shot) {
            let (began, ended) = (shot.at.saturating_sub(seen.acted), ended.saturating_sub(seen.acted));
            self.failed += 1;
            self.first = Some(self.first.map_or(began, |first| first.min(began)));
            self.last = Some(self.last.map_or(ended, |last| last.max(ended)));
        }
    }
}

/// The failed requests, by what their client was bound to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Errors {
    /// Of sessions whose pod was gone, terminating or not ready at the time.
    pub hit: Window,
    /// Of sessions whose pod was ready.
    pub others: Window,
    /// Of clients without a session.
    pub unbound: Window,
}

impl Errors {
    pub(super) fn of(seen: &Disruption) -> Self {
        let mut errors = Self::default();
        for session in &seen.run.sessions {
            // The pod that answered last, and when it was asked.
            let mut last: Option<(&str, Duration)> = None;
            for shot in &session.shots {
                let is_hit = last.is_some_and(|(pod, since)| seen.run.was_ready(pod, since, shot.at + shot.took + LATE) == Some(false));
                if is_hit { &mut errors.hit } else { &mut errors.others }.take(seen, shot);
                last = shot.pod().map(|pod| (pod, shot.at)).or(last);
            }
        }
        seen.run.controls.iter().for_each(|shot| errors.unbound.take(seen, shot));
        errors
    }

    /// How many requests failed, and how many there were.
    #[must_use]
    pub const fn all(&self) -> (u64, u64) {
        (self.hit.failed + self.others.failed + self.unbound.failed, self.hit.of + self.others.of + self.unbound.of)
    }
}
