//! What Envoy Gateway's programs share: the server and the Job that makes its certificates.

use super::super::choice::Install;
use crate::generate::meta::map;
use crate::generate::pod::unprivileged;
use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, SecurityContext};
use std::collections::BTreeMap;

/// The annotation on its Deployment and its GatewayClass with the namespace that it watches.
pub const WATCHED: &str = "stickyctl.dev/watched-namespace";
/// The version of Envoy that it was tested with (`api/v1alpha1/shared_types.go`, `DefaultEnvoyProxyImage`).
const ENVOY: &str = "1.39.1";
/// The user of its image.
const USER: i64 = 65_532;

/// The image of the proxies.
pub(super) fn proxy_image() -> String {
    format!("docker.io/envoyproxy/envoy:distroless-v{ENVOY}")
}

/// The variable that tells its programs their namespace.
pub(super) fn namespace() -> EnvVar {
    let field = ObjectFieldSelector { field_path: "metadata.namespace".to_owned(), ..ObjectFieldSelector::default() };
    EnvVar {
        name: "ENVOY_GATEWAY_NAMESPACE".to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        ..EnvVar::default()
    }
}

pub(super) fn secure() -> SecurityContext {
    SecurityContext { run_as_non_root: Some(true), run_as_user: Some(USER), run_as_group: Some(USER), ..unprivileged() }
}

pub(super) fn watched(install: &Install) -> BTreeMap<String, String> {
    map([(WATCHED, &install.watched)])
}
