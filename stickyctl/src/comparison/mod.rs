//! How cookie affinity behaves by controller and version: one value, behind `doctor --to` and `docs/front-doors.md`.
//!
//! [`rows`] is the table: for each [`Topic`] and each [`Controller`] what it does, how that compares with ingress-nginx, and where it
//! is known from. [`keys`] lists the annotations that each controller knows.

mod cell;
mod controller;
pub mod keys;
mod row;
pub mod rows;
mod sources;

pub use cell::{Cell, Source, Support};
pub use controller::Controller;
pub use row::{Row, Topic};

#[cfg(test)]
use crate::spec::version::Version;
#[cfg(test)]
mod tests;
