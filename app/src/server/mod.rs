//! One worker: connections in, answers and frames out.
//!
//! A request goes from `serve` through `accept`, `connection`, `outer` and its `head`'s checks to one of the `routes`; a message goes on to
//! `message` or, on a socket, to `socket`, and what it writes waits in an `outbox`. What a session has here besides sockets is in the
//! `store`, and `cases` has the routes for it. All of them share the state in [`Worker`],
//! which a [`Blueprint`] makes. Files import downwards only: `serve` at the top, `worker` and `desk` at the bottom.

mod accept;
mod activity;
mod admit;
mod blueprint;
mod body;
mod cases;
mod connection;
mod desk;
mod head;
mod malloc;
mod memory;
mod message;
mod outbox;
mod outer;
mod page;
mod received;
mod reply;
mod routes;
mod serve;
mod socket;
mod store;
mod stream;
mod upgrade;
mod worker;

pub use accept::{Handed, Source};
pub use blueprint::{Blueprint, CannotMake};
pub use connection::{Bounds, ClientBody, serve as serve_connection};
pub use head::{check as check_head, host as requested_host};
pub use memory::Memory;
pub use reply::Problem;
pub use serve::serve;
pub use stream::Stream;
pub use worker::{Config, Worker};
