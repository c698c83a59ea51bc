//! The front door that `up` installed for this release: it goes with the last Ingress that uses its class.

use super::rest;
use crate::cluster::doors;
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::inventory::{self, is_managed};
use crate::cluster::namespace;
use crate::cluster::release::Place;
use crate::exit::{Exit, Explained};
use crate::output::{Live, short};
use crate::poll::{Deadline, until};
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ApiResource, DeleteParams, DynamicObject};
use kube::{Api, Client};
use std::time::Duration;

mod gateway;
mod installed;

pub(super) use installed::Installed;
use installed::PAUSE;

/// A front door that is not completely gone.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("deleting {title}: its pods are still there after {}", short(*timeout))]
    Late { title: String, timeout: Duration },
    #[error(transparent)]
    Namespace(#[from] namespace::Error),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Late { .. } => Exit::TimedOut,
            Self::Namespace(error) => error.exit(),
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Late { .. } => vec!["kubectl get namespaces,pods -A".to_owned()],
            Self::Namespace(error) => error.next_steps(),
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// The front door that was installed for a release's namespace and whose classes no other Ingress or Gateway uses. Without permission to
/// read the whole cluster there is none, because others could use it.
///
/// # Errors
/// The API server did not answer as it should.
pub(super) async fn installed(client: &Client, place: &Place) -> Result<Option<Installed>, ApiError> {
    match for_ingresses(client, place).await? {
        Some(door) => Ok(Some(door)),
        None => gateway::installed(client, place).await,
    }
}

async fn for_ingresses(client: &Client, Place { name: release, namespace }: &Place) -> Result<Option<Installed>, ApiError> {
    // Whatever the release has: its front door may have been another one.
    let all = doors::find(client, &StickyApp { namespace: namespace.clone(), ..StickyApp::default() }).await?;
    if all.only_in.is_some() || all.class_unread {
        return Ok(None);
    }
    for door in all.found.iter().filter(|door| door.ours && door.watch == doors::Watch::Namespaces(vec![namespace.clone()])) {
        let Some(name) = door.workload.rsplit('/').next() else { continue };
        let mut users = Vec::new();
        for class in &door.classes {
            users.extend(doors::find::used_by(client, class).await?);
        }
        // It serves only what it watches.
        let own = format!("{namespace}/{release}");
        if !users.iter().any(|user| *user != own && user.starts_with(&format!("{namespace}/"))) {
            return Ok(Some(Installed { title: door.title(), namespace: door.namespace.clone(), name: name.to_owned(), server: None }));
        }
    }
    Ok(None)
}

/// The kinds of an installed front door in the order of deletion: first what brings users in, last what it depends on.
fn kinds() -> [ApiResource; 10] {
    [
        ApiResource::erase::<IngressClass>(&()),
        ApiResource::erase::<Deployment>(&()),
        ApiResource::erase::<Job>(&()),
        ApiResource::erase::<ConfigMap>(&()),
        ApiResource::erase::<Service>(&()),
        ApiResource::erase::<ServiceAccount>(&()),
        ApiResource::erase::<RoleBinding>(&()),
        ApiResource::erase::<Role>(&()),
        ApiResource::erase::<ClusterRoleBinding>(&()),
        ApiResource::erase::<ClusterRole>(&()),
    ]
}

/// Deletes all of it, and its namespace if nothing else is in it.
///
/// # Errors
/// Something does not go away, or the API server refused.
pub(super) async fn delete(client: &Client, door: &Installed, line: &Live, deadline: Deadline) -> Result<(), Error> {
    if let Some(server) = &door.server {
        server.settle(client, &door.namespace, line, deadline).await?;
    }
    for resource in kinds() {
        let doing = format!("deleting the {} of {}", resource.plural, door.title);
        let all: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        for object in ask(&doing, all.list_metadata(&door.params())).await?.items.into_iter().filter(|object| is_managed(&object.metadata)) {
            let api: Api<DynamicObject> = match &object.metadata.namespace {
                Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
                None => all.clone(),
            };
            let name = object.metadata.name.as_deref().unwrap_or_default();
            inventory::delete(&api, (name, object.metadata.uid.as_ref()), DeleteParams::background(), &doing).await?;
        }
    }
    if door.server.is_some() {
        gateway::delete_certificates(client, &door.namespace).await?;
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), &door.namespace);
    let gone = until(deadline, PAUSE, async || {
        let left = ask("listing the front door's pods", pods.list_metadata(&door.params())).await?;
        Ok::<_, ApiError>(left.items.is_empty().then_some(()))
    });
    gone.await?.ok_or_else(|| Error::Late { title: door.title.clone(), timeout: deadline.timeout() })?;
    let all: Api<Namespace> = Api::all(client.clone());
    let namespaces = ask("listing namespaces", all.list(&door.params())).await?.items;
    let own = namespaces.into_iter().find(|one| one.metadata.name.as_deref() == Some(&door.namespace) && is_managed(&one.metadata));
    match own {
        Some(own) if rest::of(client, &door.namespace).await?.is_empty() => Ok(namespace::delete(client, &own, deadline).await?),
        _ => Ok(()),
    }
}
