//! `verify --from A --to B`: what users notice when a site moves from one front door to another.
//!
//! `sticky_affinity::migrate` decides. `walk` sends each session's requests to the door that its schedule names, with one cookie jar for
//! both, and [`report`] writes down what users will feel and what to do about it.

mod amount;
mod error;
mod model;
pub mod report;
mod run;
mod walk;

pub(crate) use model::Request;
pub(crate) use run::run;
