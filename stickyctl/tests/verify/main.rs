//! `stickyctl verify` against sites that misbehave: the right verdict and the right reasons on each, and its neighbour's not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod affinity;
mod answers;
mod apps;
mod calls;
mod case;
mod codes;
mod cookies;
mod logins;
mod plan;
mod schema;
mod site;
mod sockets;
mod told;
mod ways;
mod workers;
