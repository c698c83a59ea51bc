//! Which implementation of the Gateway API honors what of session affinity.
//!
//! An HTTPRoute's `sessionPersistence` is experimental, and an implementation that lacks it says nothing: the route is accepted, and
//! sessions move. So [`of`] finds the implementation by a GatewayClass's `spec.controllerName`, and
//! [`session_persistence`](Implementation::session_persistence) says what becomes of the field. Every statement has its source.

mod envoys;
mod model;
mod others;

pub use model::{Cell, Details, Implementation, Support};

use crate::spec::gateway::domain;

/// Every implementation in the table, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Implementation> {
    envoys::ALL.iter().chain(others::ALL)
}

/// The implementation behind `controller`, a GatewayClass's `spec.controllerName`.
///
/// The domain decides, since Envoy Gateway and others let their users choose the rest. A whole name goes before a domain.
#[must_use]
pub fn of(controller: &str) -> Option<&'static Implementation> {
    all().find(|one| one.controllers.contains(&controller)).or_else(|| all().find(|one| one.controllers.contains(&domain(controller))))
}

#[cfg(test)]
mod tests;
