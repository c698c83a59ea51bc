//! Attacks on a running worker and on the local door, bounded in count and time: hostile clients, hostile bytes, exhausted limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

mod admin;
mod autobahn;
mod control;
mod door;
mod fairness;
mod http;
mod memory;
mod websocket;
