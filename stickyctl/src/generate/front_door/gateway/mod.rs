//! A Gateway of the Gateway API: the Gateway itself unless the route attaches to an existing one, an HTTPRoute with the affinity,
//! and, for Envoy Gateway, a policy for what the standard can't say.

pub(super) mod affinity;
mod check;
mod duration;
mod listen;
mod persistence;
mod policy;
mod route;

pub(super) use check::check;

use crate::generate::object::Object;
use crate::spec::StickyApp;

/// The objects, in the order in which they are applied: the policy comes before the route, so that the route is never served with
/// Envoy's own time limits.
pub(super) fn objects(spec: &StickyApp) -> Vec<Object> {
    let mut all = Vec::new();
    if spec.gateway.name.is_none() {
        all.push(listen::gateway(spec).into());
    }
    all.extend(listen::grant(spec).map(Object::from));
    if spec.gateway.is_envoy() {
        all.push(policy::backend(spec).into());
    }
    all.push(route::route(spec).into());
    all
}

#[cfg(test)]
mod tests;
