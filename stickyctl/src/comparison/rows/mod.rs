//! Every row, in the order of the documentation.
//!
//! In each, the columns are those of [`Controller::ALL`](super::Controller::ALL): ingress-nginx, Traefik's ingress-nginx provider,
//! Traefik's own resources, Envoy Gateway, haproxy-ingress, HAProxy's own controller, F5's controller.

mod attributes;
mod cookie;
mod lifetime;
mod moves;
mod routes;
mod sockets;

use super::row::{Row, Topic};

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Row> {
    [cookie::ROWS, attributes::ROWS, lifetime::ROWS, moves::ROWS, routes::ROWS, sockets::ROWS].into_iter().flatten()
}

/// The row about a topic.
#[must_use]
pub fn row(topic: Topic) -> &'static Row {
    // A test finds each topic.
    all().find(|row| row.topic == topic).unwrap_or(&cookie::ROWS[0])
}
