//! Finds what is wrong with a spec: everything at once, each with its key, the reason and what to write instead.
//!
//! What only one front door refuses is in [`generate::front_door`](crate::generate::front_door).

mod cookie;
mod gateway;
mod ingress;
mod names;
mod pods;
mod redis;

use super::{Findings, StickyApp};

/// Checks everything that the form of a single value can't tell.
#[must_use]
pub fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    names::check(spec, &mut findings);
    pods::check(spec, &mut findings);
    redis::check(spec, &mut findings);
    ingress::check(spec, &mut findings);
    gateway::check(spec, &mut findings);
    cookie::check(spec, &mut findings);
    findings
}

#[cfg(test)]
mod tests;
