//! Ids that nobody issued.

use std::hash::{BuildHasher, Hasher, RandomState};

fn random() -> u64 {
    // Each RandomState has fresh keys, so the empty hash differs every time: enough for ids that only have to differ.
    RandomState::new().build_hasher().finish()
}

/// A well-formed client id: 26 of `a-z2-7`.
#[must_use]
pub fn client_id() -> String {
    (0..26).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(random() % 32) as usize])).collect()
}

/// A short word that no other message has.
#[must_use]
pub fn word() -> String {
    format!("{:016x}", random())
}
