//! Processes and signals: Redis, nginx, workers, drain, limits, the local demo. Some tests measure time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod cases;
mod docs;
mod drain;
mod limits;
mod local;
mod n_by_n;
mod nginx;
mod redis;
mod stdout;
mod terminal;
mod workers;
