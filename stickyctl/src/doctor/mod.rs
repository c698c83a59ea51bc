//! `stickyctl doctor`: reads objects, and finds what will break affinity, without any traffic.
//!
//! `read` brings [`objects`], from a cluster or from files. `view` resolves what belongs together: which controller serves an Ingress,
//! which Services and workloads are behind it. Each check in [`checks`] is a function from that to findings, and [`report`] writes
//! them down.

mod arguments;
pub mod checks;
pub mod finding;
pub mod objects;
mod read;
pub mod report;
pub(crate) mod run;
pub mod to;
pub(crate) mod view;

pub use run::of_text;
