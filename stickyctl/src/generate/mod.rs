//! Generates Kubernetes objects from a spec: typed, in the order in which they are applied. Equal specs give equal objects.
//!
//! [`objects`] makes all of them, from a file for each part; [`mod@write`] turns objects into text.

pub(crate) mod app;
mod autoscaler;
pub mod chart;
mod disruption;
pub mod front_door;
pub(crate) mod meta;
mod namespace;
mod network;
pub mod object;
pub(crate) mod pod;
pub mod preset;
pub(crate) mod rbac;
mod redis;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
pub(crate) mod service;
pub mod write;

use crate::spec::StickyApp;
use crate::spec::redis::SecretKey;
use meta::Track;
use object::Object;

/// The objects of a release, in the order in which they are applied.
///
/// The namespace comes first, because it holds the others. Redis comes before the app, which is ready only once it has reached
/// Redis. The Ingress comes last, because the front door's admission webhook may still be starting (kubernetes/ingress-nginx#5401).
#[must_use]
pub fn objects(spec: &StickyApp, namespace: bool) -> Vec<Object> {
    let mut all = Vec::new();
    // `default` always exists, and stickyctl never labels a namespace that it didn't create.
    if namespace && spec.namespace != "default" {
        all.push(namespace::namespace(spec).into());
    }
    if spec.network_policy.enabled {
        all.push(network::app(spec).into());
    }
    if spec.redis.url.is_none() {
        if spec.network_policy.enabled {
            all.push(network::redis(spec).into());
        }
        all.push(service::redis_headless(spec).into());
        all.push(service::redis(spec).into());
        all.push(disruption::redis(spec).into());
        all.push(redis::stateful_set(spec).into());
    }
    all.push(service::app(spec).into());
    all.push(disruption::app(spec).into());
    all.push(app::deployment(spec, Track::Stable).into());
    if spec.canary.pods > 0 {
        all.push(app::deployment(spec, Track::Canary).into());
    }
    if let Some(scaling) = &spec.autoscaling {
        all.push(autoscaler::autoscaler(spec, scaling).into());
    }
    all.extend(front_door::objects(spec));
    all
}

/// The Secret that the pods of Redis and of the app wait for, and that is not among [`objects`]; `None` if Redis runs elsewhere.
#[must_use]
pub fn redis_secret(spec: &StickyApp) -> Option<SecretKey> {
    spec.redis.url.is_none().then(|| redis::secret(spec))
}

#[cfg(test)]
mod tests;
