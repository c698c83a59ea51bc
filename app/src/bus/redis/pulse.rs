//! Whether what is announced is also heard.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A worker whose presence was published but not received for this long is deaf; several new subscriptions fit into it.
const DEAF_AFTER: Duration = Duration::from_secs(15);

/// The worker's own presence, published by one link and received by the other. Times are milliseconds since the start, which
/// fit into atomics.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    heard: AtomicU64,
    /// The first announcement that was published since and not heard; 0 where none is outstanding.
    unheard_since: AtomicU64,
}

impl Pulse {
    #[must_use]
    pub(super) fn new() -> Self {
        Self { born: Instant::now(), heard: AtomicU64::new(0), unheard_since: AtomicU64::new(0) }
    }

    /// The current time, for the other methods.
    #[must_use]
    pub(super) fn now(&self) -> u64 {
        // Never 0, which means that nothing is outstanding.
        self.born.elapsed().as_millis() as u64 + 1
    }

    /// Own presence was received.
    pub(super) fn heard(&self, now: u64) {
        self.heard.store(now, Ordering::Relaxed);
        self.unheard_since.store(0, Ordering::Relaxed);
    }

    /// Own presence was published, or Redis refused it.
    pub(super) fn published(&self, now: u64, taken: bool) {
        if !taken {
            // While Redis is down nobody receives anything; that is not deafness.
            self.unheard_since.store(0, Ordering::Relaxed);
        } else if self.unheard_since.load(Ordering::Relaxed) == 0 {
            // Only the first outstanding one counts: later ones must not postpone the moment.
            self.unheard_since.store(now, Ordering::Relaxed);
        }
    }

    /// Milliseconds of silence on a subscription that has been up since `since`.
    #[must_use]
    pub(super) fn silence(&self, since: u64, now: u64) -> u64 {
        now.saturating_sub(self.heard.load(Ordering::Relaxed).max(since))
    }

    /// Whether Redis accepts what is published, and none of it comes back.
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
