//! Judges a disruption: pods of a workload came or went while sessions kept sending requests.
//!
//! A front end makes the change, and records what it sees as a [`Disruption`]: the [`Run`](crate::run::Run) of some sessions and controls, with
//! the states of the pods as [events](crate::seen::Event). [`judge`] compares that with what the front door promises
//! ([`Promise`](crate::promise::Promise)). A move is *forced* or *collateral* by the state of the session's pod at that moment, as everywhere
//! ([`moves`](crate::moves)).
//!
//! [`proxies`] judges another kind of test: whether several proxies of one site send a session to the same pod.

mod drain;
mod errors;
mod judge;
mod moved;
mod observed;
pub mod proxies;
mod sockets;
mod spread;
#[cfg(test)]
mod tests;

pub use crate::change::Kind;
pub use drain::{Drained, MOST_NEW};
pub use errors::{Errors, Window};
pub use judge::{Finding, Judged, judge};
pub use moved::Moved;
pub use observed::Disruption;
pub use sockets::Sockets;
pub use spread::Load;
