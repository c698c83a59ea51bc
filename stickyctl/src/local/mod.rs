//! The whole demo in one process: pods and workers as threads, a front door that keeps sessions together, and a control
//! socket through which the other commands reach it.

mod api;
mod background;
mod change;
pub(crate) mod client;
pub(crate) mod commands;
mod control;
mod door;
mod error;
#[cfg(test)]
mod hints;
mod lock;
mod open;
mod pod;
mod pods;
mod progress;
mod refused;
mod remote;
mod request;
mod route;
mod runtime_dir;
mod size;
mod table;
pub(crate) mod up;
mod watch;

#[doc(hidden)]
pub use door::pass_on;
pub(crate) use error::LocalError;
pub(crate) use request::UpRequest;
