//! What the pods of the app and of Redis share: no privileges, bounded resources, probes.

use super::meta::map;
use crate::spec::StickyApp;
use crate::spec::pods::{Amounts, Resources};
use k8s_openapi::api::core::v1::{
    Capabilities, EnvVar, HTTPGetAction, PodSecurityContext, PodSpec, Probe, ResourceRequirements, SeccompProfile, SecurityContext, Toleration,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// The user of images that `stickyctl image` builds.
const NOBODY: i64 = 65_532;

/// What all pods share: the user, the placement, and no access to the cluster's API.
pub(super) fn frame(spec: &StickyApp, user: i64) -> PodSpec {
    let placement = &spec.placement;
    let tolerations = placement.tolerations.iter().map(|toleration| Toleration {
        key: Some(toleration.key.clone()),
        operator: Some(if toleration.value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: toleration.value.clone(),
        effect: toleration.effect.map(|effect| effect.word().to_owned()),
        ..Toleration::default()
    });
    PodSpec {
        automount_service_account_token: Some(false),
        // A Service named `sticky` would otherwise add variables that start like the app's own.
        enable_service_links: Some(false),
        node_selector: Some(placement.node_selector.clone()).filter(|labels| !labels.is_empty()),
        tolerations: Some(tolerations.collect()).filter(|all: &Vec<_>| !all.is_empty()),
        security_context: Some(self::user(user)),
        ..PodSpec::default()
    }
}

/// A pod that belongs to no release: a user without an account on any system, and nothing else.
pub(crate) fn frame_alone() -> PodSpec {
    PodSpec { enable_service_links: Some(false), security_context: Some(user(NOBODY)), ..PodSpec::default() }
}

fn user(user: i64) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user),
        run_as_group: Some(user),
        fs_group: Some(user),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
        ..PodSecurityContext::default()
    }
}

/// A container that can write only to volumes and can't gain privileges.
pub(crate) fn unprivileged() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() }),
        ..SecurityContext::default()
    }
}

pub(super) fn resources(of: &Resources) -> ResourceRequirements {
    let amounts = |amounts: &Amounts| {
        let pairs = [("cpu", &amounts.cpu), ("memory", &amounts.memory)];
        let map: BTreeMap<_, _> =
            pairs.into_iter().filter_map(|(name, amount)| Some((name.to_owned(), Quantity(amount.as_ref()?.to_string())))).collect();
        Some(map).filter(|map| !map.is_empty())
    };
    ResourceRequirements { requests: amounts(&of.requests), limits: amounts(&of.limits), ..ResourceRequirements::default() }
}

pub(super) fn variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.into()), ..EnvVar::default() }
}

/// A probe that restarts the container, on any port. A restart helps against a deadlock and makes slowness worse, so it takes at least a
/// minute in which no question is answered within 10 s.
pub(super) fn alive(probe: Probe) -> Probe {
    Probe { period_seconds: Some(10), timeout_seconds: Some(10), failure_threshold: Some(6), ..probe }
}

/// An HTTP probe with a timeout of 2 s; the period is in seconds.
pub(super) fn asks(path: &str, port: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::String(port.to_owned()), ..HTTPGetAction::default() }),
        period_seconds: Some(period),
        timeout_seconds: Some(2),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

pub(super) fn annotation(key: &str, value: &str) -> Option<BTreeMap<String, String>> {
    Some(map([(key, value)]))
}
