//! How many probes of different sessions may be under way at once.
//!
//! A site that answers quickly gets few at once, so that they arrive in the shuffled order. A distant one gets as many as its latency takes to
//! keep up with the rate (Little's law), unless it answers them one after another or with errors: more at once would only wait longer there.

use std::cell::Cell;
use std::time::Duration;
use sticky_affinity::seen::{Outcome, Shot};

/// Probes under way at once before anything is known about the site, and the least later.
pub(super) const AT_ONCE: usize = 8;
/// The most probes under way at once, whatever the latency.
pub(super) const MOST_AT_ONCE: usize = 64;
/// If the median of a round takes so many times longer than the fastest, requests wait for each other.
const QUEUES: u32 = 3;
/// How much the latency may vary: twice as many as its median would take.
const SPARE: f64 = 2.0;

/// How many probes may be under way at once.
#[derive(Debug)]
pub(super) struct Room {
    now: Cell<usize>,
    most: Cell<usize>,
}

impl Room {
    pub(super) const fn new() -> Self {
        Self { now: Cell::new(AT_ONCE), most: Cell::new(MOST_AT_ONCE) }
    }

    /// [`AT_ONCE`] to [`MOST_AT_ONCE`].
    pub(super) const fn size(&self) -> usize {
        self.now.get()
    }

    /// Learns from the requests of a round that sessions made at `rate` per second: grows to at most double the size, or shrinks for good.
    pub(super) fn learn(&self, rate: f64, shots: &[&Shot]) {
        let mut took: Vec<Duration> = shots.iter().filter(|shot| !shot.is_lost()).map(|shot| shot.took).collect();
        took.sort_unstable();
        let Some((fastest, median)) = took.first().copied().zip(took.get(took.len() / 2).copied()) else { return };
        let turned_away = |shot: &&&Shot| matches!(shot.outcome, Outcome::Lost(_) | Outcome::Nameless { status: 429 | 500.. });
        let now = self.now.get();
        if median > fastest * QUEUES || shots.iter().any(|shot| turned_away(&shot)) {
            if now > AT_ONCE {
                self.most.set((now / 2).max(AT_ONCE));
                self.now.set(self.most.get());
            }
            return;
        }
        let wanted = (rate * median.as_secs_f64() * SPARE).ceil() as usize;
        self.now.set(wanted.clamp(AT_ONCE, (now * 2).min(self.most.get())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(room: &Room, rate: f64, took: impl Iterator<Item = u64>) -> usize {
        let named = || Outcome::of(200, Some(sticky_affinity::seen::Who { pod: "a".to_owned(), worker: None }));
        let shots: Vec<Shot> = took.map(|ms| Shot { took: Duration::from_millis(ms), outcome: named(), ..Shot::none() }).collect();
        room.learn(rate, &shots.iter().collect::<Vec<_>>());
        room.size()
    }

    #[test]
    fn as_the_latency_takes() {
        let near = Room::new();
        assert_eq!([1, 2, 3].map(|_| round(&near, 200.0, (0..30).map(|n| 2 + n % 3))), [8, 8, 8], "in the shuffled order");
        let far = Room::new();
        assert_eq!([1, 2, 3].map(|_| round(&far, 200.0, (0..30).map(|n| 95 + n % 10))), [16, 32, 40]);
        let at_five = Room::new();
        assert_eq!(round(&at_five, 5.0, (0..30).map(|_| 200)), AT_ONCE);
        let very_far = Room::new();
        assert_eq!([1, 2, 3, 4].map(|_| round(&very_far, 200.0, (0..30).map(|_| 900))), [16, 32, MOST_AT_ONCE, MOST_AT_ONCE]);
    }

    /// One request at a time: each waits for those before it, and with more of them the last would time out.
    #[test]
    fn a_site_that_answers_one_request_at_a_time_gets_no_more_at_once() {
        let serial = Room::new();
        assert_eq!([1, 2, 3].map(|_| round(&serial, 200.0, (1..=30).map(|n| 200 * n.min(8)))), [AT_ONCE; 3]);
    }

    #[test]
    fn errors_end_its_growth() {
        let limited = Room::new();
        round(&limited, 200.0, (0..30).map(|_| 100));
        let failed = Shot { outcome: Outcome::Nameless { status: 503 }, took: Duration::from_millis(100), ..Shot::none() };
        limited.learn(200.0, &[&failed]);
        assert_eq!([limited.size(), round(&limited, 200.0, (0..30).map(|_| 100))], [AT_ONCE, AT_ONCE]);
    }
}
