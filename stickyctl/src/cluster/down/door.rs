//! The front door that `up` installed for this release: it goes with the last Ingress that uses its class.

use super::{LOOK, rest};
use crate::cluster::doors;
use crate::cluster::errors::ask;
use crate::cluster::inventory::{self, is_managed};
use crate::exit::{Exit, Failure};
use crate::generate::front_door::install::COMPONENT;
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, ObjectMeta};
use kube::{Api, Client};
use std::time::Instant;

/// A front door of ours that nobody needs any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// As in `Traefik 3.6.12`.
    pub title: String,
    /// Its namespace.
    pub namespace: String,
    name: String,
}

/// The door that was installed for a release's namespace and whose classes no other Ingress uses.
///
/// # Errors
/// The API server could not be asked. Without the right to read what is the whole cluster's, there is none.
pub async fn installed(client: &Client, spec: Option<&StickyApp>, release: &str, namespace: &str) -> Result<Option<Installed>, Failure> {
    let unknown = StickyApp { namespace: namespace.to_owned(), ..StickyApp::default() };
    let all = doors::find(client, spec.unwrap_or(&unknown)).await?;
    if all.only_in.is_some() || all.class_unread {
        return Ok(None);
    }
    for door in all.found.iter().filter(|door| door.ours && door.watch == doors::Watch::Namespaces(vec![namespace.to_owned()])) {
        let Some(name) = door.workload.rsplit('/').next() else { continue };
        let mut users = Vec::new();
        for class in &door.classes {
            users.extend(doors::find::used_by(client, class).await?);
        }
        // What it does not watch it does not serve.
        let own = format!("{namespace}/{release}");
        if !users.iter().any(|user| *user != own && user.starts_with(&format!("{namespace}/"))) {
            return Ok(Some(Installed { title: door.title(), namespace: door.namespace.clone(), name: name.to_owned() }));
        }
    }
    Ok(None)
}

/// The kinds of an installed door, the ones that send users first, and last what it stands on.
fn kinds() -> [ApiResource; 8] {
    [
        ApiResource::erase::<IngressClass>(&()),
        ApiResource::erase::<Deployment>(&()),
        ApiResource::erase::<Service>(&()),
        ApiResource::erase::<ServiceAccount>(&()),
        ApiResource::erase::<RoleBinding>(&()),
        ApiResource::erase::<Role>(&()),
        ApiResource::erase::<ClusterRoleBinding>(&()),
        ApiResource::erase::<ClusterRole>(&()),
    ]
}

impl Installed {
    fn params(&self) -> ListParams {
        ListParams::default().labels(&format!(
            "app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/instance={},app.kubernetes.io/component={COMPONENT},app.kubernetes.io/managed-by=stickyctl",
            self.name
        ))
    }
}

/// Deletes all of it, and its namespace if nothing else is in it.
///
/// # Errors
/// Something does not go.
pub async fn delete(client: &Client, door: &Installed, deadline: Instant) -> Result<(), Failure> {
    for resource in kinds() {
        let doing = format!("deleting the {} of {}", resource.plural, door.title);
        let all: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        for object in ask(&doing, all.list_metadata(&door.params())).await?.items {
            delete_one(client, &resource, object.metadata, &doing).await?;
        }
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), &door.namespace);
    while !ask("listing the front door's pods", pods.list_metadata(&door.params())).await?.items.is_empty() {
        wait(deadline, &format!("the pods of {}", door.title)).await?;
    }
    let all: Api<Namespace> = Api::all(client.clone());
    let namespaces = ask("listing namespaces", all.list_metadata(&door.params())).await?.items;
    let own = namespaces.into_iter().find(|one| one.metadata.name.as_deref() == Some(&door.namespace) && is_managed(&one.metadata));
    let Some(own) = own else { return Ok(()) };
    if !rest::of(client, &door.namespace).await?.is_empty() {
        return Ok(());
    }
    let doing = format!("deleting namespace {}", door.namespace);
    delete_one(client, &ApiResource::erase::<Namespace>(&()), own.metadata, &doing).await?;
    while ask(&doing, all.get_metadata_opt(&door.namespace)).await?.is_some() {
        wait(deadline, &format!("namespace {}", door.namespace)).await?;
    }
    Ok(())
}

async fn delete_one(client: &Client, resource: &ApiResource, meta: ObjectMeta, doing: &str) -> Result<(), Failure> {
    if !is_managed(&meta) {
        return Ok(());
    }
    let api: Api<DynamicObject> = match &meta.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    };
    let name = meta.name.as_deref().unwrap_or_default();
    inventory::delete(&api, (name, meta.uid.as_ref()), DeleteParams::background(), doing).await
}

async fn wait(deadline: Instant, what: &str) -> Result<(), Failure> {
    if Instant::now() > deadline {
        return Err(Failure::new(Exit::TimedOut, format!("waiting for {what} to go: still there")).try_this("kubectl get namespaces,pods -A"));
    }
    tokio::time::sleep(LOOK).await;
    Ok(())
}
