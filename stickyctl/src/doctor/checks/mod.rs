//! The checks: each a function from what was read to findings. [`codes`] has every code with what it means.

mod attributes;
mod below;
mod class;
pub mod codes;
mod conflict;
mod gateway;
mod keys;
mod modes;
mod object;
mod path;
mod pods;
mod retired;
mod rollout;
mod timers;
mod values;

use super::finding::Finding;
use super::view::View;

const ALL: &[fn(&View<'_>) -> Vec<Finding>] = &[
    object::check,
    class::check,
    keys::check,
    values::check,
    path::check,
    attributes::check,
    conflict::check,
    below::check,
    modes::check,
    timers::check,
    gateway::check,
    pods::check,
    rollout::check,
    retired::check,
];

/// All findings of all checks.
pub(crate) fn all(view: &View<'_>) -> Vec<Finding> {
    ALL.iter().flat_map(|check| check(view)).collect()
}
