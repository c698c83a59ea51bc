//! What the bus and its keeper both know.

use super::peers::Peers;
use super::pulse::Pulse;
use ::redis::aio::MultiplexedConnection;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A relay waits so long for connections that are about to work.
const HOLD: Duration = Duration::from_secs(1);

/// The state of one worker's connections.
#[derive(Clone)]
pub(super) enum State {
    /// Before the first attempt has failed, or connected and about to be up; relays are held back.
    Opening,
    /// Both connections work, and everything that is due is subscribed.
    Up(MultiplexedConnection),
    /// Why the last attempt failed; relays are refused.
    Down(String),
}

/// The state that the bus and its keeper share.
pub(super) struct Shared {
    state: watch::Sender<State>,
    pub(super) pulse: Pulse,
    // A plain mutex: it is held for a look-up or a store, never across an await.
    peers: Mutex<Peers>,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::Opening), pulse: Pulse::default(), peers: Mutex::default() }
    }
}

impl Shared {
    /// Replaces the state, and returns whether the relay was up.
    pub(super) fn set(&self, state: State) -> bool {
        matches!(self.state.send_replace(state), State::Up(_))
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(*self.state.borrow(), State::Up(_))
    }

    /// The connection to publish on, if the relay is up.
    pub(super) fn publisher(&self) -> Option<MultiplexedConnection> {
        match &*self.state.borrow() {
            State::Up(publisher) => Some(publisher.clone()),
            State::Opening | State::Down(_) => None,
        }
    }

    /// As [`Self::publisher`], but waits a moment if the relay is about to be up.
    pub(super) async fn publisher_soon(&self) -> Option<MultiplexedConnection> {
        let mut state = self.state.subscribe();
        let _ = tokio::time::timeout(HOLD, state.wait_for(|state| !matches!(state, State::Opening))).await;
        self.publisher()
    }

    pub(super) fn trouble(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Down(why) => Some(why.clone()),
            State::Opening | State::Up(_) => None,
        }
    }

    pub(super) fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
