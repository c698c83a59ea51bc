//! The phase of a connection, its timeouts, and what has arrived of an unfinished message.

use crate::server::memory::{Charge, Memory};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use sticky_core::memory::UNFINISHED;

/// The phase of a connection, for two timers where hyper has one: its header timeout also ends idle keep-alive connections,
/// and those must outlive the front door's.
#[derive(Debug)]
pub(super) struct Activity {
    born: Instant,
    /// Milliseconds since `born` at which the current phase began, times four, plus the phase.
    since: AtomicU64,
    unread: AtomicBool,
    /// Bytes that arrived since the last whole request, or since the last whole message of a socket.
    arrived: AtomicUsize,
    /// What `arrived` costs, once the connection is a socket.
    charge: OnceLock<Charge>,
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
    /// A new connection. It owes the head of a request: one that says nothing is not between two requests.
    #[must_use]
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            since: AtomicU64::new(Phase::Head as u64),
            unread: AtomicBool::new(false),
            arrived: AtomicUsize::new(0),
            charge: OnceLock::new(),
        })
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

    /// Bytes arrived: between requests, they begin the head of the next one. `false` if a socket's unfinished message is too much
    /// for the memory budget.
    pub(super) fn bytes_came(&self, bytes: usize) -> bool {
        if self.since.load(Ordering::Relaxed) % 4 == Phase::Idle as u64 {
            self.enter(Phase::Head);
            self.arrived.store(0, Ordering::Relaxed);
        }
        let arrived = self.arrived.load(Ordering::Relaxed) + bytes;
        self.arrived.store(arrived, Ordering::Relaxed);
        self.charge.get().is_none_or(|charge| charge.set(arrived.saturating_sub(UNFINISHED)))
    }

    /// From now on, unfinished messages are charged. Frames may have arrived with the head of the upgrade, so its bytes count too,
    /// up to the first message.
    pub(super) fn becomes_socket(&self, memory: &Arc<Memory>) {
        self.charge.get_or_init(|| memory.nothing_yet());
    }

    /// A whole message was read: what had arrived of it is no longer held.
    pub(super) fn message_read(&self) {
        self.no_longer_held(usize::MAX);
    }

    /// A control frame with so many bytes of payload was read. It can stand between the fragments of a message.
    pub(super) fn control_read(&self, payload: usize) {
        // Two bytes and the mask (RFC 6455 section 5.2): the payload of a control frame has 125 bytes at most.
        self.no_longer_held(payload + 6);
    }

    fn no_longer_held(&self, bytes: usize) {
        let left = self.arrived.load(Ordering::Relaxed).saturating_sub(bytes);
        self.arrived.store(left, Ordering::Relaxed);
        if let Some(charge) = self.charge.get() {
            // Less always fits.
            charge.set(left.saturating_sub(UNFINISHED));
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
        assert_eq!(activity.phase().0, Phase::Head, "a connection that says nothing owes a head");
        activity.enter(Phase::Idle);
        assert!(activity.bytes_came(1));
        assert_eq!(activity.phase().0, Phase::Head);
        activity.enter(Phase::Busy);
        assert!(activity.bytes_came(1));
        assert_eq!(activity.phase().0, Phase::Busy);
    }

    #[test]
    fn an_unfinished_message_is_charged_until_it_is_whole() {
        let memory = Memory::new(2_000);
        let used = || memory.used();
        let activity = Activity::new();
        activity.bytes_came(500);
        activity.becomes_socket(&memory);
        assert!(activity.bytes_came(UNFINISHED) && used() == 500, "the head counts until the first message");
        activity.message_read();
        assert_eq!(used(), 0);
        assert!(activity.bytes_came(UNFINISHED) && used() == 0, "a common message costs nothing more than its socket");
        assert!(activity.bytes_came(600) && used() == 600);
        assert!(activity.bytes_came(131) && used() == 731);
        activity.control_read(125);
        assert_eq!(used(), 600, "the fragments around a ping are still held");
        assert!(!activity.bytes_came(500));
        drop(activity);
        assert_eq!(used(), 0);
    }

    #[tokio::test]
    async fn the_shorter_timer_counts_while_a_head_comes_in() {
        let activity = Activity::new();
        let began = Instant::now();
        assert_eq!(activity.overdue(Duration::from_millis(30), IDLE).await, Phase::Head);
        assert!(began.elapsed() >= Duration::from_millis(29));
        activity.enter(Phase::Idle);
        assert_eq!(activity.overdue(HEAD, Duration::from_millis(30)).await, Phase::Idle);
    }
}
