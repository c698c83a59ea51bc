//! The namespace, in which only pods without any privilege are admitted.

use super::meta::map;
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// The namespace. Pod Security's level "restricted" is enforced, so that what these manifests promise is checked by the API
/// server.
pub(super) fn namespace(spec: &StickyApp) -> Namespace {
    let labels = map([
        ("app.kubernetes.io/name", "sticky-sessions"),
        ("app.kubernetes.io/instance", &spec.name),
        ("app.kubernetes.io/managed-by", "stickyctl"),
        ("pod-security.kubernetes.io/enforce", "restricted"),
    ]);
    Namespace { metadata: ObjectMeta { name: Some(spec.namespace.clone()), labels: Some(labels), ..ObjectMeta::default() }, ..Namespace::default() }
}
