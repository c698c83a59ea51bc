//! What the publisher and the subscription both know.

use super::pulse::Pulse;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// The state of one worker's two links.
pub(super) struct Shared {
    /// Whether the subscription is up.
    pub(super) up: AtomicBool,
    /// Whether it was up before.
    pub(super) was_up: AtomicBool,
    /// Whether what is announced is also heard.
    pub(super) pulse: Pulse,
    /// Why the last attempt failed; empty while the subscription is up.
    pub(super) last_error: Mutex<String>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self { up: AtomicBool::new(false), was_up: AtomicBool::new(false), pulse: Pulse::new(), last_error: Mutex::default() }
    }
}
