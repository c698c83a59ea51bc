//! The tests' toolbox: the two binaries, a real Redis, nginx and browser, and clients that hide nothing.
//!
//! Every helper has a deadline, and its error names the condition that it waited for. No helper sleeps where it can wait for a condition.
//! Dropping a value stops the process that it stands for.

#![allow(missing_docs, reason = "internal to the tests: most names need no explanation")]

pub mod app;
pub mod axe;
pub mod bin;
pub mod browser;
pub mod cgroup;
pub mod cluster;
pub mod cookie;
pub mod crowd;
pub mod docs;
pub mod door;
pub mod front_door;
pub mod http;
pub mod image;
pub mod jar;
pub mod kube;
pub mod lint;
pub mod local;
pub mod metrics;
pub mod nginx;
pub mod npm;
pub mod page;
pub mod phase;
pub mod pip;
pub mod ports;
pub mod process;
pub mod proxies;
pub mod pty;
pub mod random;
pub mod redis;
pub mod session;
pub mod sh;
pub mod skip;
pub mod tools;
pub mod tree;
pub mod turn;
pub mod wait;
pub mod wire;
pub mod ws;
