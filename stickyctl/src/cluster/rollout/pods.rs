//! A release's pods.

use crate::cluster::errors::{ApiError, ask};
use crate::cluster::ready::is_ready;
use crate::generate::meta::{Component, TRACK, Track, selector_text, track_text};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client};
use std::collections::BTreeSet;

/// Names of the app's pods that are ready and stay.
///
/// # Errors
/// As [`all`].
pub(crate) async fn serving(client: &Client, spec: &StickyApp) -> Result<BTreeSet<String>, ApiError> {
    Ok(all(client, spec).await?.into_iter().filter(is_ready).filter_map(|pod| pod.metadata.name).collect())
}

/// All pods of the app, including those that are terminating. The pods of a canary count as long as the spec has one.
///
/// # Errors
/// They can't be listed.
pub(crate) async fn all(client: &Client, spec: &StickyApp) -> Result<Vec<Pod>, ApiError> {
    let all: Api<Pod> = Api::namespaced(client.clone(), &spec.namespace);
    let params =
        ListParams::default().labels(&if spec.canary.pods > 0 { selector_text(spec, Component::App) } else { track_text(spec, Track::Stable) });
    Ok(ask(&format!("listing the pods of {}", spec.name), all.list(&params)).await?.items)
}

/// Whether a pod of the app is one of the canary's.
pub(crate) fn is_canary(pod: &Pod) -> bool {
    pod.metadata.labels.as_ref().and_then(|labels| labels.get(TRACK)).is_some_and(|track| track == Track::Canary.word())
}
