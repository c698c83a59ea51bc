//! Whether what is announced is also heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Presence is published but not heard for this long, through several new subscriptions: the worker is deaf.
const DEAF_AFTER: Duration = Duration::from_secs(15);

/// Own presence, published by one link and heard on the other. Milliseconds since it was made, so that atomics do.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    heard: AtomicU64,
    /// The first announcement that was published since and not heard; 0 where none is outstanding.
    unheard_since: AtomicU64,
}

impl Pulse {
    /// A pulse that has not beaten.
    #[must_use]
    pub(super) fn new() -> Self {
        Self { born: Instant::now(), heard: AtomicU64::new(0), unheard_since: AtomicU64::new(0) }
    }

    /// The time that the other methods take.
    #[must_use]
    pub(super) fn now(&self) -> u64 {
        // Never 0, which means that nothing is outstanding.
        self.born.elapsed().as_millis() as u64 + 1
    }

    /// Own presence was heard.
    pub(super) fn heard(&self, now: u64) {
        self.heard.store(now, Ordering::Relaxed);
        self.unheard_since.store(0, Ordering::Relaxed);
    }

    /// Own presence was given to Redis, or was not taken.
    pub(super) fn published(&self, now: u64, taken: bool) {
        if !taken {
            // While Redis is away nobody hears anything, and that is no deafness.
            self.unheard_since.store(0, Ordering::Relaxed);
        } else if self.unheard_since.load(Ordering::Relaxed) == 0 {
            // Only the first one that is outstanding counts: later ones must not push the moment on.
            self.unheard_since.store(now, Ordering::Relaxed);
        }
    }

    /// Milliseconds of silence on a subscription that stands since `since`.
    #[must_use]
    pub(super) fn silence(&self, since: u64, now: u64) -> u64 {
        now.saturating_sub(self.heard.load(Ordering::Relaxed).max(since))
    }

    /// Redis takes what is announced and none of it comes back.
    #[must_use]
    pub(super) fn is_deaf(&self, now: u64) -> bool {
        let since = self.unheard_since.load(Ordering::Relaxed);
        since > 0 && now.saturating_sub(since) > DEAF_AFTER.as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deaf_is_who_announces_and_does_not_hear() {
        let pulse = Pulse::new();
        for second in 1..=16 {
            pulse.published(second * 1_000, true);
        }
        assert!(!pulse.is_deaf(16_000) && pulse.is_deaf(16_001));
        pulse.heard(16_002);
        assert!(!pulse.is_deaf(60_000));
    }

    #[test]
    fn an_outage_is_no_deafness_however_long_it_lasts() {
        let pulse = Pulse::new();
        pulse.published(1_000, true);
        pulse.heard(1_001);
        for second in 2..=60 {
            pulse.published(second * 1_000, false);
        }
        pulse.published(61_000, true);
        assert!(!pulse.is_deaf(61_500), "a worker that has just got Redis back has time to hear");
        assert!(pulse.is_deaf(76_001));
    }

    #[test]
    fn silence_counts_from_the_subscription_or_the_last_word() {
        let pulse = Pulse::new();
        assert_eq!(pulse.silence(5_000, 6_000), 1_000);
        pulse.heard(5_900);
        assert_eq!(pulse.silence(5_000, 6_000), 100);
    }
}
