//! Exclusive tests in a binary: those that change shared state, or measure time under load.

use std::cell::Cell;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::const_new(());

thread_local! {
    /// Whether this thread's test is exclusive. A test and its runtime share one thread.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Keeps this binary's other tests waiting while it is held.
#[derive(Debug)]
pub struct Alone(#[allow(dead_code, reason = "held for its drop")] RwLockWriteGuard<'static, ()>);

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.set(false);
    }
}

/// Waits until no other test runs. Tests that start later wait until the returned value is dropped.
pub async fn alone() -> Alone {
    let held = TURN.write().await;
    ALONE.set(true);
    Alone(held)
}

/// Waits while a test is [`alone`]; in that test itself, returns `None` at once.
pub async fn beside_others() -> Option<RwLockReadGuard<'static, ()>> {
    if ALONE.get() { None } else { Some(TURN.read().await) }
}
