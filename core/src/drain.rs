//! The arithmetic of a drain.

use serde::Serialize;
use std::time::Duration;

/// The time between the end of the window and the hard stop.
pub const MARGIN: Duration = Duration::from_secs(5);

/// The two phases of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Everything is still accepted for this long, so that proxies that follow readiness can stop sending.
    pub delay: Duration,
    /// Sockets are closed over this time, so that they don't all reconnect at once.
    pub window: Duration,
}

impl Plan {
    /// When socket `place` of `sockets` is closed, counted from the start of the window.
    ///
    /// They are spread evenly over the first four fifths, so that the last one has a fifth of the window for its close handshake.
    #[must_use]
    pub fn close_after(&self, place: usize, sockets: usize) -> Duration {
        let spread = self.window.mul_f64(0.8);
        spread.mul_f64(place as f64 / sockets.max(1) as f64)
    }

    /// Maximum duration of a drain, without [`MARGIN`].
    #[must_use]
    pub fn total(&self) -> Duration {
        self.delay + self.window
    }
}

/// The reason of a close with code 1012: reconnect after a random time between `retry_ms` and twice that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RetryHint {
    /// The lower bound of the wait, in milliseconds.
    pub retry_ms: u64,
}

impl RetryHint {
    /// The hint for each of `sockets` that are closed together.
    ///
    /// They return spread evenly over N ms, so 10 ms a socket means at most 100 returns a second. It is at least half a second,
    /// for a replacement that is still starting, and at most 15 s.
    #[must_use]
    pub fn for_sockets(sockets: usize) -> Self {
        Self { retry_ms: (sockets as u64).saturating_mul(10).clamp(500, 15_000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_are_spread_and_end_before_the_window_does() {
        let plan = Plan { delay: Duration::from_secs(10), window: Duration::from_secs(15) };
        let at: Vec<_> = (0..50).map(|i| plan.close_after(i, 50)).collect();
        assert_eq!(at[0], Duration::ZERO);
        assert!(at.windows(2).all(|w| w[1] - w[0] == at[1]));
        assert!(at[49] < Duration::from_secs(12));
        assert_eq!(plan.total(), Duration::from_secs(25));
    }

    #[test]
    fn a_thousand_returns_put_at_most_a_tenth_into_one_second() {
        assert_eq!(RetryHint::for_sockets(1_000).retry_ms, 10_000);
        assert_eq!(RetryHint::for_sockets(1).retry_ms, 500);
        assert_eq!(RetryHint::for_sockets(10_000).retry_ms, 15_000);
    }
}
