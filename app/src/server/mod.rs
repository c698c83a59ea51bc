//! One worker: connections in, answers and frames out.
//!
//! A request goes `accept` → `connection` → `outer` → `routes`; a message goes on to `message` or, on a socket, to
//! `socket`; what it writes waits in an `outbox`. [`worker`] holds them together and says when it is time to leave.

pub mod accept;
mod admit;
mod connection;
mod desk;
mod memory;
mod message;
mod outbox;
mod outer;
mod page;
mod reply;
mod routes;
mod socket;
mod stream;
pub mod worker;

pub use accept::{Handed, Source};
pub use desk::Desk;
pub use worker::{Config, Worker};
