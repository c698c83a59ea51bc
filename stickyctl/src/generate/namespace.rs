//! The namespace, which admits only unprivileged pods.

use super::meta::map;
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The namespace. It enforces Pod Security's level "restricted", so the API server checks that the pods have no privileges.
pub(super) fn namespace(spec: &StickyApp) -> Namespace {
    let labels = map([
        ("app.kubernetes.io/name", "sticky-sessions"),
        ("app.kubernetes.io/instance", &spec.name),
        ("app.kubernetes.io/managed-by", "stickyctl"),
        ("pod-security.kubernetes.io/enforce", "restricted"),
    ]);
    Namespace { metadata: ObjectMeta { name: Some(spec.namespace.clone()), labels: Some(labels), ..ObjectMeta::default() }, ..Namespace::default() }
}
