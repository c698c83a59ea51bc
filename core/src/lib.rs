//! The rules of the server as plain data and functions.
//!
//! Nothing in here knows tokio, axum, hyper or redis, so every rule can be tested with values alone. The order in which
//! a message meets them: [`ids`] and [`wire`] when it arrives, [`identity`] when it is answered, [`registry`] when it is
//! written to a socket, [`trace`] where the way it took is told, [`topology`] where the page learns who else is there.

pub mod admission;
pub mod choice;
pub mod cookie;
pub mod drain;
pub mod duration;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod mode;
pub mod names;
pub mod readiness;
pub mod registry;
pub mod stats;
pub mod topology;
pub mod trace;
pub mod wire;
