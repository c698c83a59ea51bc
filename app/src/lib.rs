//! The server that shows sticky sessions: a page, six buttons, pods and workers.
//!
//! Read it in the direction of a message: [`core`] has the rules, [`server`] is one worker, [`bus`] joins workers,
//! [`supervisor`] keeps the workers of a pod alive. The binary `sticky-app` is [`cli`] in front of that, and
//! `stickyctl … --local` runs [`server::Worker`]s as threads of its own process.

pub mod bus;
pub mod cli;
pub mod core;
pub mod logging;
pub mod page_kit;
pub mod probe;
pub mod server;
pub mod settings;
pub mod supervisor;
