//! Pid 1: starts the workers, restarts them, and serves the admin port for all of them.
//!
//! The supervisor executes its own binary once for each worker, with the same arguments, and holds one end of a socket
//! pair whose other end is the worker's standard input ([`control`]). A single worker has a supervisor too, so that there is
//! only one setup.

mod admin;
pub(crate) mod control;
mod fleet;
mod listen;
mod metrics;
mod process;
mod worker;

pub(crate) use process::run;
pub(crate) use worker::run as run_worker;
