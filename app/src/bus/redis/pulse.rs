//! Whether what a worker publishes for itself comes back to it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A worker whose beats are taken by Redis but not heard for this long is deaf; several new subscriptions fit into it.
const DEAF_AFTER: Duration = Duration::from_secs(15);

/// The worker's beats, published on one connection and heard on the other. Times are milliseconds since the start, which fit into
/// atomics.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    sent: AtomicU64,
    heard: AtomicU64,
    /// When Redis took the first beat that has not been heard since; 0 where none is outstanding.
    unheard_since: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { born: Instant::now(), sent: AtomicU64::new(0), heard: AtomicU64::new(0), unheard_since: AtomicU64::new(0) }
    }
}

impl Pulse {
    /// The current time, for the other methods.
    #[must_use]
    pub(super) fn now(&self) -> u64 {
        // Never 0, which means that nothing is outstanding.
        self.born.elapsed().as_millis() as u64 + 1
    }

    /// The number of the next beat; the first is 1.
    pub(super) fn next(&self) -> u64 {
        self.sent.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The latest beat that was sent.
    #[must_use]
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// A beat arrived; `false` if this worker has never sent it.
    pub(super) fn hear(&self, beat: u64) -> bool {
        let own = (1..=self.sent()).contains(&beat);
        if own {
            self.heard.fetch_max(beat, Ordering::Relaxed);
            self.unheard_since.store(0, Ordering::Relaxed);
        }
        own
    }

    /// The latest beat that arrived.
    #[must_use]
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Redis took a beat, or it did not: while Redis is down nobody hears anything, and that is not deafness.
    pub(super) fn published(&self, now: u64, taken: bool) {
        if !taken {
            self.unheard_since.store(0, Ordering::Relaxed);
        } else if self.unheard_since.load(Ordering::Relaxed) == 0 {
            // Only the first outstanding one counts: later ones must not postpone the moment.
            self.unheard_since.store(now, Ordering::Relaxed);
        }
    }

    /// Whether Redis takes what is published, and none of it comes back.
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
    fn deaf_is_who_is_taken_and_does_not_hear() {
        let pulse = Pulse::default();
        for second in 1..=16 {
            pulse.next();
            pulse.published(second * 1_000, true);
        }
        assert!(!pulse.is_deaf(16_000) && pulse.is_deaf(16_001));
        assert!(pulse.hear(16));
        assert!(!pulse.is_deaf(60_000));
    }

    #[test]
    fn an_outage_is_no_deafness_however_long_it_lasts() {
        let pulse = Pulse::default();
        pulse.published(1_000, true);
        for second in 2..=60 {
            pulse.published(second * 1_000, false);
        }
        pulse.published(61_000, true);
        assert!(!pulse.is_deaf(61_500), "a worker that has just got Redis back has time to hear");
        assert!(pulse.is_deaf(76_001));
    }

    #[test]
    fn only_own_beats_count() {
        let pulse = Pulse::default();
        assert!(!pulse.hear(0) && !pulse.hear(1), "none was sent");
        assert_eq!((pulse.next(), pulse.next()), (1, 2));
        assert!(pulse.hear(2) && pulse.hear(1) && !pulse.hear(3));
        assert_eq!(pulse.heard(), 2);
    }
}
