//! The phase of a connection, and its timeouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The phase of a connection, for two timers where hyper has one: its header timeout also ends idle keep-alive connections,
/// and those must outlive the front door's.
#[derive(Debug)]
pub(super) struct Activity {
    born: Instant,
    /// Milliseconds since `born` at which the current phase began, times four, plus the phase.
    since: AtomicU64,
    unread: AtomicBool,
}

/// The phases of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Between requests.
    Idle,
    /// A request's head is arriving.
    Head,
    /// A request is being answered.
    Busy,
}

impl Activity {
    /// A new connection, between requests.
    #[must_use]
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { born: Instant::now(), since: AtomicU64::new(0), unread: AtomicBool::new(false) })
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.since.store(self.now() * 4 + phase as u64, Ordering::Relaxed);
    }

    /// Notes that the connection will be closed although its client may still be sending.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending when the connection is closed.
    pub(super) fn is_left_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Bytes arrived: between requests, they begin the head of the next one.
    pub(super) fn bytes_came(&self) {
        if self.since.load(Ordering::Relaxed) % 4 == Phase::Idle as u64 {
            self.enter(Phase::Head);
        }
    }

    /// The phase and how long it has lasted.
    #[must_use]
    pub(super) fn phase(&self) -> (Phase, Duration) {
        let since = self.since.load(Ordering::Relaxed);
        let phase = match since % 4 {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        };
        (phase, Duration::from_millis(self.now().saturating_sub(since / 4)))
    }

    /// Resolves to the phase that has lasted too long: `head` for a request's head, `idle` between requests.
    pub(super) async fn overdue(&self, head: Duration, idle: Duration) -> Phase {
        loop {
            let (phase, lasted) = self.phase();
            let most = match phase {
                Phase::Idle => idle,
                Phase::Head => head,
                // The request has its own timeout; look again when that could have ended.
                Phase::Busy => lasted + head,
            };
            if lasted >= most {
                return phase;
            }
            // A phase that begins meanwhile may end sooner than this one would have.
            tokio::time::sleep((most - lasted).min(head)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(120);

    #[test]
    fn bytes_start_a_head_only_between_requests() {
        let activity = Activity::new();
        assert_eq!(activity.phase().0, Phase::Idle);
        activity.bytes_came();
        assert_eq!(activity.phase().0, Phase::Head);
        activity.enter(Phase::Busy);
        activity.bytes_came();
        assert_eq!(activity.phase().0, Phase::Busy);
    }

    #[tokio::test]
    async fn the_shorter_timer_counts_while_a_head_comes_in() {
        let activity = Activity::new();
        activity.bytes_came();
        let began = Instant::now();
        assert_eq!(activity.overdue(Duration::from_millis(30), IDLE).await, Phase::Head);
        assert!(began.elapsed() >= Duration::from_millis(29));
        activity.enter(Phase::Idle);
        assert_eq!(activity.overdue(HEAD, Duration::from_millis(30)).await, Phase::Idle);
    }
}
