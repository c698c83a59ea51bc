//! What each fuzz target checks. `e2e/tests/quick/fuzz.rs` checks the same on the corpus, without a fuzzer.

#![allow(missing_docs, unreachable_pub, reason = "internal to the tests: most names need no explanation, and the tests have it as a module")]
#![allow(clippy::unwrap_used, reason = "a target fails by panicking")]

pub mod access_log;
pub mod cookies;
pub mod elf;
pub mod frames;
pub mod http_head;
pub mod spec;

/// Checks one input; panics if it finds a fault.
pub type Check = fn(&[u8]);

/// Each target's name and what it checks.
pub const ALL: [(&str, Check); 6] = [
    ("access_log", access_log::check),
    ("cookies", cookies::check),
    ("elf", elf::check),
    ("frames", frames::check),
    ("http_head", http_head::check),
    ("spec", spec::check),
];
