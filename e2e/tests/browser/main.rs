//! The page and the report of `stickyctl verify` in Chromium.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod accessibility;
mod cases;
mod controls;
mod delivery;
mod map;
mod page;
mod report;
mod seed;
mod states;
