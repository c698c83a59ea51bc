//! The server that shows sticky sessions: a page, six buttons, pods and workers.
//!
//! To follow a message from the socket inwards: [`sticky_core`] has the rules, [`server`] is one worker, [`bus`] joins
//! workers, and the supervisor keeps the workers of a pod alive. The binary `sticky-app` is [`cli`] in front of that;
//! `stickyctl … --local` runs workers, made from the same [`server::Blueprint`], as threads of its own process.

pub mod bus;
pub mod cgroup;
pub mod cli;
pub mod console;
pub mod logging;
pub mod open_files;
pub mod page_kit;
mod probe;
pub mod server;
mod settings;
mod supervisor;
pub mod websocket;
