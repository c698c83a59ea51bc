//! Tests of one binary that can't run beside others: those that change what all share, or that measure time under load.

use std::cell::Cell;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::const_new(());

thread_local! {
    /// Whether the test of this thread is alone. A test has one thread, which is that of its runtime too.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Keeps other tests of this binary away while it is held.
#[derive(Debug)]
pub struct Alone(#[allow(dead_code, reason = "held for its drop")] RwLockWriteGuard<'static, ()>);

impl Drop for Alone {
    fn drop(&mut self) {
        ALONE.set(false);
    }
}

/// Waits until no other test is at work. Those that begin later wait for the end of this one.
pub async fn alone() -> Alone {
    let held = TURN.write().await;
    ALONE.set(true);
    Alone(held)
}

/// Waits while a test is [`alone`]; nothing to hold in that test itself.
pub async fn beside_others() -> Option<RwLockReadGuard<'static, ()>> {
    if ALONE.get() { None } else { Some(TURN.read().await) }
}
