//! PodDisruptionBudgets: a node drain evicts one pod at a time.

use super::meta::{Component, meta, redis_name, selector};
use crate::spec::StickyApp;
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub(super) fn app(spec: &StickyApp) -> PodDisruptionBudget {
    budget(spec, Component::App, spec.name.clone())
}

pub(super) fn redis(spec: &StickyApp) -> PodDisruptionBudget {
    budget(spec, Component::Redis, redis_name(spec))
}

/// One pod at a time. Unlike `minAvailable`, this lets a node drain evict the only pod of 1x4, or of Redis.
fn budget(spec: &StickyApp, component: Component, name: String) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: meta(spec, component, name),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(selector(spec, component)),
            ..PodDisruptionBudgetSpec::default()
        }),
        ..PodDisruptionBudget::default()
    }
}
