//! Random ids that no site has issued.

use std::hash::{BuildHasher, Hasher, RandomState};

fn random() -> u64 {
    // Each RandomState has fresh keys, so even an empty hash differs every time. That is random enough for unique ids.
    RandomState::new().build_hasher().finish()
}

/// A well-formed client id: 26 characters of `a-z2-7`.
#[must_use]
pub fn client_id() -> String {
    (0..26).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(random() % 32) as usize])).collect()
}

/// A short word that is unique to a message.
#[must_use]
pub fn word() -> String {
    format!("{:016x}", random())
}
