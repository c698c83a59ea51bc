//! Pid 1: starts the workers, starts them again, and answers for them on the admin port.
//!
//! The supervisor executes its own binary once for each worker, with the same arguments, and holds one end of a socket
//! pair whose other end is the worker's standard input ([`control`]). One worker has a supervisor too: one shape.

mod admin;
pub mod control;
mod fleet;
mod metrics;
pub mod process;
mod worker;

pub use process::run;
pub use worker::run as run_worker;
