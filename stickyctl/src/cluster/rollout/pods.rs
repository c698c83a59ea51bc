//! A release's pods.

use super::trouble::is_ready;
use crate::cluster::connect::Cluster;
use crate::cluster::errors::ask;
use crate::exit::Failure;
use crate::generate::meta::{Component, selector_text};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use std::collections::BTreeSet;

/// Names of the pods of the app that serve.
///
/// # Errors
/// As [`all`].
pub async fn serving(cluster: &Cluster, spec: &StickyApp) -> Result<BTreeSet<String>, Failure> {
    Ok(all(cluster, spec).await?.into_iter().filter(is_ready).filter_map(|pod| pod.metadata.name).collect())
}

/// All pods of the app, those that leave included.
///
/// # Errors
/// They can't be listed.
pub async fn all(cluster: &Cluster, spec: &StickyApp) -> Result<Vec<Pod>, Failure> {
    let all: Api<Pod> = Api::namespaced(cluster.client.clone(), &spec.namespace);
    let params = ListParams::default().labels(&selector_text(spec, Component::App));
    Ok(ask(&format!("listing the pods of {}", spec.name), all.list(&params)).await?.items)
}
