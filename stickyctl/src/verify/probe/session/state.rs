//! What a session keeps between its requests.

use super::values::Values;
use std::sync::{Mutex, MutexGuard, PoisonError};
use sticky_affinity::jar::Jar;

/// What a session keeps between its requests: its cookies, and its other values.
pub(in crate::verify::probe) struct State {
    pub(in crate::verify::probe) jar: Mutex<Jar>,
    pub(in crate::verify::probe) values: Mutex<Values>,
}

/// What is in a mutex, whoever panicked while holding it: neither a jar nor values are left half-written.
pub(in crate::verify::probe) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
