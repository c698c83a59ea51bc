//! The server that shows sticky sessions: a page, six buttons, pods and workers.
//!
//! Read it in the direction of a message: [`sticky_core`] has the rules, [`server`] is one worker, [`bus`] joins workers,
//! [`supervisor`] keeps the workers of a pod alive. The binary `sticky-app` is [`cli`] in front of that, and
//! `stickyctl … --local` runs [`server::Worker`]s as threads of its own process.

pub mod bus;
pub mod cli;
pub mod logging;
pub mod probe;
pub mod server;
pub mod settings;
pub mod supervisor;

/// Until every user names `sticky_core` itself.
pub use sticky_core as core;
