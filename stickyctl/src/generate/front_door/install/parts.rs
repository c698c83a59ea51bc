//! Parts that the front doors' objects are made of.

use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Probe, ResourceRequirements};
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// What differs between the front doors for Ingresses.
pub(super) struct Proxy {
    pub(super) container: Container,
    pub(super) ports: Ports,
    /// Rights in its own namespace.
    pub(super) own: Vec<PolicyRule>,
    /// Rights in the namespace of the release.
    pub(super) watched: Vec<PolicyRule>,
}

/// The ports that a front door listens on inside its pod.
pub(super) struct Ports {
    pub(super) http: i32,
    pub(super) https: i32,
}

pub(super) fn asks(path: &str, port: i32, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::Int(port), ..HTTPGetAction::default() }),
        period_seconds: Some(period),
        timeout_seconds: Some(2),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// Requests without limits: a front door's memory depends on the node's cores and on its connections, and if it were killed, every
/// session would lose its sockets.
pub(super) fn requests(amounts: BTreeMap<String, String>) -> ResourceRequirements {
    let requests = amounts.into_iter().map(|(name, amount)| (name, Quantity(amount))).collect();
    ResourceRequirements { requests: Some(requests), ..ResourceRequirements::default() }
}
