//! What the bus and its keeper both know.

use super::peers::Peers;
use super::pulse::Pulse;
use ::redis::aio::MultiplexedConnection;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of one worker's connections. Plain mutexes: each is held for a look-up or a store, never across an await.
#[derive(Default)]
pub(super) struct Shared {
    /// Present while the relay is up: both connections work, and everything that is due is subscribed.
    publisher: Mutex<Option<MultiplexedConnection>>,
    pub(super) pulse: Pulse,
    peers: Mutex<Peers>,
    /// Why the last attempt failed; empty while the relay is up.
    trouble: Mutex<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn publisher(&self) -> Option<MultiplexedConnection> {
        lock(&self.publisher).clone()
    }
    pub(super) fn is_up(&self) -> bool {
        lock(&self.publisher).is_some()
    }

    /// The relay came up.
    pub(super) fn rise(&self, publisher: MultiplexedConnection) {
        *lock(&self.publisher) = Some(publisher);
        lock(&self.trouble).clear();
    }

    /// The relay is down; returns whether it was up.
    pub(super) fn fall(&self) -> bool {
        lock(&self.publisher).take().is_some()
    }

    /// Replaces what keeps the relay down; returns whether that is news.
    pub(super) fn fail(&self, trouble: &str) -> bool {
        let mut last = lock(&self.trouble);
        let news = *last != trouble;
        if news {
            trouble.clone_into(&mut last);
        }
        news
    }

    pub(super) fn trouble(&self) -> Option<String> {
        Some(lock(&self.trouble).clone()).filter(|trouble| !trouble.is_empty())
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, Peers> {
        lock(&self.peers)
    }
}
