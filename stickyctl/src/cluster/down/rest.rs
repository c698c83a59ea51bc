//! What is left in a namespace, of any kind.

use crate::cluster::errors::{ApiError, ask};
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::discovery::{Discovery, Scope, verbs};
use kube::{Api, Client};

/// Kinds that controllers create and delete, or that hold no user's state.
const PASSING: [&str; 5] = ["Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics"];
/// What Kubernetes puts into every namespace.
const EVERYWHERE: [(&str, &str); 2] = [("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")];

/// Titles of the objects that a user might miss if the namespace were deleted. Objects with an owner are deleted with it and don't count.
///
/// # Errors
/// The API server did not answer as it should. A kind that may not be listed is an error: there might be any number of objects.
pub(super) async fn of(client: &Client, namespace: &str) -> Result<Vec<String>, ApiError> {
    let doing = format!("looking for what is left in namespace {namespace}");
    let discovery = ask(&doing, Discovery::new(client.clone()).run_aggregated()).await?;
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

async fn of_kind(client: &Client, namespace: &str, resource: &ApiResource, doing: &str) -> Result<Vec<String>, ApiError> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let list = ask(&format!("{doing}: listing {}", resource.plural), api.list_metadata(&ListParams::default().limit(50))).await?;
    let metas = list.items.into_iter().map(|object| object.metadata);
    let counts = metas.filter(|meta| meta.owner_references.as_ref().is_none_or(Vec::is_empty));
    Ok(counts
        .filter_map(|meta| meta.name)
        .filter(|name| !EVERYWHERE.contains(&(resource.kind.as_str(), name.as_str())))
        .map(|name| format!("{} {name}", resource.kind.to_ascii_lowercase()))
        .collect())
}
