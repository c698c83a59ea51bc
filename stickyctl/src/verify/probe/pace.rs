//! How fast probes begin.

use std::time::{Duration, Instant};

/// Spreads beginnings so that no second has more than the rate, and that all of them take a wanted time.
pub(super) struct Pace {
    every: Duration,
    next: tokio::sync::Mutex<Instant>,
}

impl Pace {
    /// `rate` a second at most; `over` is the time that `count` of them are to take.
    pub(super) fn new(rate: f64, over: Duration, count: u64) -> Self {
        let every = Duration::from_secs_f64(1.0 / rate.max(0.001)).max(over.div_f64(count.max(1) as f64));
        Self { every, next: tokio::sync::Mutex::new(Instant::now()) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().await;
            let at = (*next).max(Instant::now());
            *next = at + self.every;
            at
        };
        tokio::time::sleep_until(at.into()).await;
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
}
