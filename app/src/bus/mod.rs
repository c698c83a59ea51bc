//! The bus: how a message reaches the worker that holds its socket, whichever worker got the request.
//!
//! There are two: [`memory`] for workers that are threads of one process, and [`redis`] for all others. Either is *directed*
//! (a worker receives the messages of the sessions that it holds) or *broadcast* (every worker receives every message).
//! [`Relay`] is the choice between them.

mod link;
pub mod memory;
pub mod redis;
mod relay;

pub(crate) use link::{BadMessage, Bus, Inbox, Relayed};
pub use relay::Relay;
