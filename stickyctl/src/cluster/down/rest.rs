//! What is left in a namespace, of whatever kind.

use crate::cluster::errors::{ANSWER, failure, late};
use crate::exit::Failure;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::discovery::{Discovery, Scope, verbs};
use kube::{Api, Client};

/// Kinds that come and go by themselves, or that hold no state of anybody.
const PASSING: [&str; 5] = ["Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics"];
/// What Kubernetes puts into every namespace.
const EVERYWHERE: [(&str, &str); 2] = [("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")];

/// Titles of the objects that nobody would want to lose with the namespace. What has an owner goes with it and is not counted.
///
/// # Errors
/// The API server could not be asked; a kind that may not be listed might have any number of objects.
pub async fn of(client: &Client, namespace: &str) -> Result<Vec<String>, Failure> {
    let doing = format!("looking for what is left in namespace {namespace}");
    let said = |error: kube::Error| failure(&doing, &error);
    let discovery = tokio::time::timeout(ANSWER, Discovery::new(client.clone()).run_aggregated()).await.map_err(|_| late(&doing))?.map_err(said)?;
    let mut left = Vec::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if capabilities.scope == Scope::Namespaced && capabilities.supports_operation(verbs::LIST) && !PASSING.contains(&resource.kind.as_str()) {
                left.extend(of_kind(client, namespace, &resource, &doing).await?);
            }
        }
    }
    Ok(left)
}

async fn of_kind(client: &Client, namespace: &str, resource: &ApiResource, doing: &str) -> Result<Vec<String>, Failure> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let list = tokio::time::timeout(ANSWER, api.list_metadata(&ListParams::default().limit(50))).await.map_err(|_| late(doing))?;
    let list = list.map_err(|error| failure(&format!("{doing}: listing {}", resource.plural), &error))?;
    let metas = list.items.into_iter().map(|object| object.metadata);
    let counts = metas.filter(|meta| meta.owner_references.as_ref().is_none_or(Vec::is_empty));
    Ok(counts
        .filter_map(|meta| meta.name)
        .filter(|name| !EVERYWHERE.contains(&(resource.kind.as_str(), name.as_str())))
        .map(|name| format!("{} {name}", resource.kind.to_ascii_lowercase()))
        .collect())
}
