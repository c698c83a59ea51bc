//! `stickyctl verify` against sites that misbehave: each must get the right verdict and reasons, and not those of a similar site.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod affinity;
mod answers;
mod apps;
mod calls;
mod case;
mod cluster;
mod codes;
mod cookies;
mod disrupt;
mod logged;
mod logins;
#[cfg(target_os = "linux")] // which tells how much memory a process had
mod memory;
mod metrics;
mod migrate;
mod plan;
mod proxies;
mod reported;
mod reported_answers;
mod reported_asking;
mod reported_cookies;
mod reported_moves;
mod reported_pace;
mod reported_symptom;
mod schema;
mod secrets;
mod site;
mod sockets;
mod stub;
mod told;
mod values;
mod ways;
mod workers;
