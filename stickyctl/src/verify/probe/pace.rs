//! The rate at which probes begin.

use std::time::{Duration, Instant};

/// Spaces probes so that no second exceeds the rate, and that all of them take a given time.
pub(super) struct Pace {
    /// The interval by the rate alone.
    least: Duration,
    every: Duration,
    next: tokio::sync::Mutex<Instant>,
}

impl Pace {
    /// At most `rate` probes per second; `count` of them take at least `over`.
    pub(super) fn new(rate: f64, over: Duration, count: u64) -> Self {
        let least = Duration::from_secs_f64(1.0 / rate.max(0.001));
        Self { least, every: least.max(over.div_f64(count.max(1) as f64)), next: tokio::sync::Mutex::new(Instant::now()) }
    }

    /// Probes per second: the given rate, or less if the run takes a given time.
    pub(super) fn rate(&self) -> f64 {
        1.0 / self.every.as_secs_f64()
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        self.turns(1).await;
    }

    /// Waits for the turns of `count` probes that begin together; `count` must not exceed the rate.
    pub(super) async fn turns(&self, count: u32) {
        let at = self.reserve(&mut *self.next.lock().await, Instant::now(), count);
        tokio::time::sleep_until(at.into()).await;
    }

    /// When they begin. Any second may end or begin with them, so there is room for them on both sides.
    fn reserve(&self, next: &mut Instant, now: Instant, count: u32) -> Instant {
        let at = now.max(*next + self.every * (count - 1));
        *next = at + self.every.max(self.least * count);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_the_two() {
        assert_eq!(Pace::new(200.0, Duration::ZERO, 500).every, Duration::from_millis(5));
        assert_eq!(Pace::new(200.0, Duration::from_secs(600), 500).every, Duration::from_millis(1_200));
        assert_eq!(Pace::new(1.0, Duration::from_secs(5), 500).every, Duration::from_secs(1));
    }

    #[test]
    fn no_second_has_more_than_the_rate() {
        for rate in [8.0, 9.0, 12.0, 15.0, 16.0, 20.0, 31.0, 200.0] {
            let (pace, now) = (Pace::new(rate, Duration::ZERO, 1), Instant::now());
            let (mut next, mut begun) = (now, Vec::new());
            for count in [[1; 30], [8; 30], [1, 8, 1, 1, 8, 8, 1, 1, 1, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8, 1, 1, 8, 1, 1, 1, 8, 8, 1, 1]].concat() {
                let at = pace.reserve(&mut next, now, count);
                begun.extend(std::iter::repeat_n(at, count as usize));
            }
            // Turns are whole nanoseconds.
            let second = Duration::from_secs(1) - Duration::from_micros(1);
            let most = begun.iter().map(|from| begun.iter().filter(|at| (*from..*from + second).contains(*at)).count()).max();
            assert!(most.is_some_and(|most| most as f64 <= rate), "{most:?} at {rate}");
        }
    }
}
