//! The objects of a release: everything that carries its labels, and whether stickyctl applied it.

use super::errors::{ApiError, ask};
use super::release::{MANAGER, Place};
use super::seen::if_readable;
use crate::gateway_api::envoy::BackendTrafficPolicy;
use crate::gateway_api::{Gateway, HttpRoute, ReferenceGrant};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, ObjectMeta, Preconditions};
use kube::{Api, Client};

/// An object of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Whether our field manager is among those that wrote it.
    pub(crate) is_ours: bool,
    uid: Option<String>,
    resource: ApiResource,
}

impl Item {
    /// As in `deployment sticky-sessions`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.kind.to_ascii_lowercase(), self.name)
    }

    /// Deletes exactly this object: one that was recreated meanwhile has another uid and stays.
    ///
    /// # Errors
    /// The API server refused. One that is already gone is not an error.
    pub(crate) async fn delete(&self, client: &Client, namespace: &str) -> Result<(), ApiError> {
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &self.resource);
        delete(&api, (&self.name, self.uid.as_ref()), DeleteParams::foreground(), &format!("deleting {}", self.title())).await
    }
}

/// Deletes exactly the object with this name and uid.
///
/// # Errors
/// The API server refused. One that is already gone is not an error.
pub(crate) async fn delete(
    api: &Api<DynamicObject>,
    (name, uid): (&str, Option<&String>),
    params: DeleteParams,
    doing: &str,
) -> Result<(), ApiError> {
    let params = params.preconditions(Preconditions { uid: uid.cloned(), resource_version: None });
    ask(doing, async {
        match api.delete(name, &params).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            done => done.map(drop),
        }
    })
    .await
}

/// The kinds that a cluster may not have, in the order of deletion: a route goes before its policies, so that no request is served
/// without them.
fn optional() -> [ApiResource; 4] {
    [
        ApiResource::erase::<HttpRoute>(&()),
        ApiResource::erase::<Gateway>(&()),
        ApiResource::erase::<BackendTrafficPolicy>(&()),
        ApiResource::erase::<ReferenceGrant>(&()),
    ]
}

/// The kinds that a release consists of, in the order of deletion: first what brings users in, then what serves them.
fn kinds() -> [ApiResource; 10] {
    [
        ApiResource::erase::<Ingress>(&()),
        ApiResource::erase::<HorizontalPodAutoscaler>(&()),
        ApiResource::erase::<Deployment>(&()),
        ApiResource::erase::<StatefulSet>(&()),
        ApiResource::erase::<Service>(&()),
        ApiResource::erase::<PodDisruptionBudget>(&()),
        ApiResource::erase::<NetworkPolicy>(&()),
        ApiResource::erase::<ConfigMap>(&()),
        ApiResource::erase::<Secret>(&()),
        claims(),
    ]
}

fn claims() -> ApiResource {
    ApiResource::erase::<PersistentVolumeClaim>(&())
}

/// The labels of all objects of a release, as a selector.
pub(crate) fn selector(name: &str) -> String {
    let ours = "app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/managed-by=stickyctl";
    // An installed front door may have the same name, and has another component.
    format!("{ours},app.kubernetes.io/instance={name},app.kubernetes.io/component in (app,redis)")
}

/// Lists a release's objects, metadata only: a Secret's content is never read. Of the Gateway API, what the cluster doesn't have or
/// the user may not list counts as absent: whoever applied it had both.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn list(client: &Client, Place { name, namespace }: &Place) -> Result<Vec<Item>, ApiError> {
    let params = ListParams::default().labels(&selector(name));
    let mut items = Vec::new();
    for (resource, is_optional) in optional().into_iter().map(|one| (one, true)).chain(kinds().into_iter().map(|one| (one, false))) {
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
        let doing = format!("listing {} in namespace {namespace}", resource.plural);
        let call = api.list_metadata(&params);
        let found = if is_optional { ask(&doing, if_readable(call)).await? } else { Some(ask(&doing, call).await?) };
        items.extend(found.into_iter().flat_map(|list| list.items).filter_map(|object| item(&resource, object.metadata)));
    }
    Ok(items)
}

fn item(resource: &ApiResource, meta: ObjectMeta) -> Option<Item> {
    // A controller's child goes with its owner.
    if meta.owner_references.as_ref().is_some_and(|owners| !owners.is_empty()) {
        return None;
    }
    Some(Item { kind: resource.kind.clone(), is_ours: is_managed(&meta), name: meta.name?, uid: meta.uid, resource: resource.clone() })
}

/// Whether our field manager is among those that wrote an object.
pub(crate) fn is_managed(meta: &ObjectMeta) -> bool {
    meta.managed_fields.iter().flatten().any(|entry| entry.manager.as_deref() == Some(MANAGER))
}

/// Whether an item is a PersistentVolumeClaim: data, which is deleted only on request. The StatefulSet's controller creates it, with
/// the labels of our template.
pub(crate) fn is_claim(item: &Item) -> bool {
    item.kind == claims().kind
}
