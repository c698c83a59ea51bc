//! A pod's admin port: why its app is not ready.

use super::tunnel::PodPort;
use super::tunnel::http::get;
use crate::generate::service::{ADMIN, ADMIN_PORT};
use k8s_openapi::api::core::v1::Pod;
use kube::{Client, ResourceExt};
use serde::Deserialize;
use std::time::Duration;

/// Timeout for the answer of a pod that is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The body of `/readyz`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Readyz {
    /// Why it is not ready, or not all of its workers are.
    pub(crate) reason: Option<String>,
    /// Workers that the pod should have.
    pub(crate) workers: usize,
    pub(crate) workers_ready: usize,
}

/// Whether a container of it runs, so that it can be asked.
pub(crate) fn runs(pod: &Pod) -> bool {
    let containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    containers.filter_map(|container| container.state.as_ref()).any(|state| state.running.is_some())
}

/// The port of `/metrics` and `/readyz`.
pub(crate) fn admin(pod: &Pod) -> PodPort {
    let ports = pod.spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| container.ports.iter().flatten());
    let named = ports.into_iter().find(|port| port.name.as_deref() == Some(ADMIN)).map_or(ADMIN_PORT, |port| port.container_port);
    PodPort { namespace: pod.namespace().unwrap_or_default(), name: pod.name_any(), port: u16::try_from(named).unwrap_or_default() }
}

/// Why a pod's app is not ready, in its own words; `None` if it does not say.
pub(crate) async fn reason(client: &Client, pod: &Pod) -> Option<String> {
    let asked = tokio::time::timeout(PATIENCE, async { get(client, &admin(pod), "localhost", "/readyz").await.ok() }).await.ok()??;
    serde_json::from_slice::<Readyz>(&asked.body).ok()?.reason
}
