//! A release's pods.

use crate::cluster::errors::{ApiError, ask};
use crate::cluster::ready::is_ready;
use crate::generate::meta::{Component, selector_text};
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

/// All pods of the app, including those that are terminating.
///
/// # Errors
/// They can't be listed.
pub(crate) async fn all(client: &Client, spec: &StickyApp) -> Result<Vec<Pod>, ApiError> {
    let all: Api<Pod> = Api::namespaced(client.clone(), &spec.namespace);
    let params = ListParams::default().labels(&selector_text(spec, Component::App));
    Ok(ask(&format!("listing the pods of {}", spec.name), all.list(&params)).await?.items)
}
