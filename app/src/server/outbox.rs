//! A socket's outgoing queue.
//!
//! It is not a channel: a tokio channel costs 2.3 KiB per socket whatever its bound, while this costs only what is queued. It
//! also carries the order to end the socket.

use crate::server::memory::{Charge, Memory};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use sticky_core::drain::RetryHint;
use sticky_core::memory::QUEUED;
use sticky_core::registry::Outlet;
use tokio::sync::Notify;
use tungstenite::Utf8Bytes;

/// Why the server ends a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its reader is too slow: 1008.
    SlowReader,
    /// The worker drains: 1012, with the hint when to reconnect.
    Restart(RetryHint),
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Utf8Bytes>,
    /// The bytes of all frames.
    bytes: usize,
    ending: Option<Ending>,
}

/// The queue, shared by the registry and the socket's task.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Notify,
    bound: usize,
    /// For the bytes of all frames, beyond what the price of the socket covers.
    charge: Charge,
}

impl Outbox {
    /// An empty queue of at most `bound` frames.
    #[must_use]
    pub(crate) fn new(bound: usize, memory: &Arc<Memory>) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::default(), wake: Notify::new(), bound, charge: memory.nothing_yet() })
    }

    /// Charges a queue of so many bytes; `false` if there is no room.
    fn pay(&self, bytes: usize) -> bool {
        self.charge.set(bytes.saturating_sub(QUEUED))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Waiting) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Orders the end of the socket. Only the first order counts, and returns `true`.
    pub(crate) fn end(&self, ending: Ending) -> bool {
        let first = self.with(|w| {
            if ending == Ending::SlowReader {
                // They will never be sent, so their memory is freed at once.
                w.frames = VecDeque::new();
                w.bytes = 0;
                self.pay(0);
            }
            let first = w.ending.is_none();
            w.ending.get_or_insert(ending);
            first
        });
        self.wake.notify_one();
        first
    }

    /// The next frame, if there is one.
    pub(crate) fn pop(&self) -> Option<Utf8Bytes> {
        self.with(|w| {
            let frame = w.frames.pop_front();
            if let Some(frame) = &frame {
                w.bytes -= frame.len();
                self.pay(w.bytes);
            }
            if w.frames.is_empty() && w.frames.capacity() > 8 {
                w.frames.shrink_to(0);
            }
            frame
        })
    }

    /// The order to end, if there is one.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.with(|w| w.ending)
    }

    /// Resolves when there is a frame or an order; may resolve without either.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Resolves when the end is ordered. It may consume a wake-up that was meant for a frame, so look at the queue afterwards.
    pub(crate) async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = self.ending() {
                return ending;
            }
            self.wake.notified().await;
        }
    }
}

impl Outlet for Outbox {
    type Frame = Utf8Bytes;

    fn offer(&self, frame: Utf8Bytes) -> bool {
        let taken = self.with(|w| {
            let bytes = w.bytes + frame.len();
            let room = w.frames.len() < self.bound && w.ending != Some(Ending::SlowReader) && self.pay(bytes);
            if room {
                w.bytes = bytes;
                w.frames.push_back(frame);
            }
            room
        });
        if taken {
            self.wake.notify_one();
        }
        taken
    }

    fn evict(&self) -> bool {
        self.end(Ending::SlowReader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_in_order_and_an_order_wakes() {
        let outbox = Outbox::new(2, &Memory::new(100));
        assert!(outbox.offer("1".into()) && outbox.offer("2".into()) && !outbox.offer("3".into()));
        assert_eq!((outbox.pop().unwrap(), outbox.pop().unwrap(), outbox.pop()), ("1".into(), "2".into(), None));
        assert!(outbox.end(Ending::Restart(RetryHint::for_sockets(1))));
        assert!(!outbox.end(Ending::SlowReader));
        assert_eq!(outbox.ended().await, Ending::Restart(RetryHint::for_sockets(1)), "the first order stands");
    }

    #[test]
    fn beyond_the_price_of_a_socket_queued_frames_are_charged() {
        let memory = Memory::new(200);
        let used = || memory.used();
        let outbox = Outbox::new(10, &memory);
        assert!(outbox.offer("x".repeat(QUEUED).into()) && used() == 0);
        assert!(outbox.offer("x".repeat(60).into()) && used() == 60);
        assert!(!outbox.offer("x".repeat(60).into()) && used() == 60);
        assert!(outbox.pop().is_some() && used() == 0);
        assert!(outbox.offer("x".repeat(QUEUED).into()) && used() == 60);
        outbox.evict();
        assert_eq!(used(), 0);
    }

    #[test]
    fn an_evicted_socket_keeps_nothing() {
        let outbox = Outbox::new(2, &Memory::new(100));
        outbox.offer("1".into());
        outbox.evict();
        assert!(outbox.pop().is_none() && !outbox.offer("2".into()));
    }
}
