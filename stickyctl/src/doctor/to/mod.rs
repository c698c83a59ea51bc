//! `doctor --to`: what a move from ingress-nginx to another controller changes for each Ingress.
//!
//! `asked` is what an Ingress asks ingress-nginx for, by its annotations and by defaults that it relies on. For each topic of the
//! [comparison](crate::comparison) that it touches, `judge` says what the new controller makes of it, and which setting helps.

mod asked;
mod change;
mod judge;
mod neighbours;
mod table;
mod target;

pub use change::{Becomes, Change, Moves, Setting};
pub use target::Target;

use super::objects::Objects;
use crate::gateway_api::Shape;
use crate::spec::version::Version;
use asked::Asked;
use judge::Move;
use neighbours::Neighbours;

/// What the move changes, for each Ingress that asks ingress-nginx for affinity or is a canary.
///
/// `version` is that of the new controller; the one in the comparison if it is unknown.
#[must_use]
pub fn moves(objects: &Objects, target: Target, version: Option<Version>) -> Moves {
    let version = version.unwrap_or(target.controller().version());
    // In files nobody knows the cluster's CRDs.
    let shape = objects.definition.as_ref().map_or(Some(Shape::default()), |definition| definition.shape);
    let all: Vec<Asked<'_>> = objects.ingresses.iter().map(Asked::of).collect();
    let neighbours = Neighbours::of(&all);
    let changes = all.iter().filter(|asked| asked.is_touched() || neighbours.has_affinity_from_another(asked));
    let changes = changes.flat_map(|asked| judge::all(&Move { asked, neighbours: &neighbours, target, version, shape }));
    Moves::new(target, version, changes.collect())
}

#[cfg(test)]
mod tests;
