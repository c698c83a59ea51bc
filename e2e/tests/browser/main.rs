//! The page, the report of `stickyctl verify` and its cookie jar in Chromium.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod accessibility;
mod cases;
mod controls;
mod delivery;
mod jar;
mod map;
mod page;
mod report;
mod seed;
mod states;
