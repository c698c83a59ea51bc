//! The Envoy Gateway that `up` installed for a release. It goes with the last Gateway that uses its class.
//!
//! It created objects itself: the proxies of each Gateway, which it deletes once the Gateway is gone, and a finalizer on its GatewayClass,
//! which it removes once no Gateway uses the class. So it is deleted last, after both. If it doesn't run any more, `down` does both in
//! its place: a GatewayClass must not stay in deletion for good.

use super::installed::{Installed, PAUSE, Server};
use crate::cluster::errors::{ApiError, ask, ask_if_allowed};
use crate::cluster::inventory::{self, is_managed};
use crate::cluster::release::Place;
use crate::cluster::seen::if_there;
use crate::gateway_api::envoy::OWNERS_NAMESPACE;
use crate::gateway_api::{Gateway, GatewayClass};
use crate::generate::front_door::install::gateway::{WATCHED, certificates};
use crate::generate::front_door::install::{COMPONENT, ENVOY_GATEWAY};
use crate::output::Live;
use crate::poll::{Deadline, until};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount};
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::PartialObjectMeta;
use kube::{Api, Client};
use serde_json::json;
use std::time::Duration;

/// The finalizer on a GatewayClass that Gateways use (`GatewayClassFinalizerGatewaysExist` of the Gateway API).
const FINALIZER: &str = "gateway-exists-finalizer.gateway.networking.k8s.io";
/// How long Envoy Gateway gets for each of its own steps, before `down` takes them itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// The Envoy Gateway that was installed for a release's namespace and whose class no Gateway but the release's uses. Without permission
/// to read Deployments and GatewayClasses of the whole cluster there is none, because it can't be deleted without them.
///
/// # Errors
/// The API server did not answer as it should.
pub(super) async fn installed(client: &Client, place: &Place) -> Result<Option<Installed>, ApiError> {
    let ours = format!("app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/component={COMPONENT},app.kubernetes.io/managed-by=stickyctl");
    let params = ListParams::default().labels(&ours);
    let servers: Api<Deployment> = Api::all(client.clone());
    let Some(servers) = ask_if_allowed("looking for an installed Envoy Gateway", servers.list_metadata(&params)).await? else { return Ok(None) };
    for server in servers.items.iter().filter(|server| is_managed(&server.metadata)) {
        let watched = server.metadata.annotations.as_ref().and_then(|all| all.get(WATCHED));
        let instance = server.metadata.labels.as_ref().and_then(|all| all.get("app.kubernetes.io/instance"));
        let (Some(watched), Some(instance), Some(namespace)) = (watched, instance, &server.metadata.namespace) else { continue };
        if *watched != place.namespace {
            continue;
        }
        let mut door = Installed {
            title: format!("Envoy Gateway {ENVOY_GATEWAY}"),
            namespace: namespace.clone(),
            name: instance.clone(),
            server: Some(Server { watched: watched.clone(), class: None }),
        };
        let classes: Api<GatewayClass> = Api::all(client.clone());
        let Some(found) = ask_if_allowed("listing GatewayClasses", if_there(classes.list_metadata(&door.params()))).await? else {
            return Ok(None);
        };
        let class = found.and_then(|found| found.items.into_iter().find(|class| is_managed(&class.metadata))?.metadata.name);
        if let Some(class) = &class
            && others(client, class, place).await?
        {
            continue;
        }
        door.server = Some(Server { watched: watched.clone(), class });
        return Ok(Some(door));
    }
    Ok(None)
}

/// Whether a Gateway that isn't the release's own uses a class. The server sees only those in the namespace that it watches.
async fn others(client: &Client, class: &str, place: &Place) -> Result<bool, ApiError> {
    let gateways: Api<Gateway> = Api::namespaced(client.clone(), &place.namespace);
    let Some(found) = ask("listing Gateways", if_there(gateways.list(&ListParams::default()))).await? else { return Ok(false) };
    let is_own = |gateway: &Gateway| {
        let labels = gateway.metadata.labels.as_ref();
        is_managed(&gateway.metadata) && labels.and_then(|labels| labels.get("app.kubernetes.io/instance")) == Some(&place.name)
    };
    Ok(found.items.iter().any(|gateway| gateway.spec.gateway_class_name == class && !is_own(gateway)))
}

impl Server {
    /// A selector for what Envoy Gateway created for the Gateways of the watched namespace.
    fn proxies(&self) -> ListParams {
        let watched = &self.watched;
        ListParams::default().labels(&format!("app.kubernetes.io/managed-by=envoy-gateway,{OWNERS_NAMESPACE}={watched}"))
    }

    /// Everything that Envoy Gateway has to do before it can be deleted: its proxies and its class are gone afterwards.
    ///
    /// # Errors
    /// The API server refused.
    pub(super) async fn settle(&self, client: &Client, namespace: &str, line: &Live, deadline: Deadline) -> Result<(), ApiError> {
        line.says("waiting until Envoy Gateway has deleted its proxies");
        let proxies: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        let gone = until(deadline.at_most(PATIENCE), PAUSE, async || {
            let left = ask("listing the proxies of Envoy Gateway", proxies.list_metadata(&self.proxies())).await?;
            Ok::<_, ApiError>(left.items.is_empty().then_some(()))
        });
        if gone.await?.is_none() {
            self.delete_proxies(client, namespace).await?;
        }
        if let Some(class) = &self.class {
            line.says(&format!("deleting gatewayclass {class}"));
            delete_class(client, class, deadline).await?;
        }
        // The app is gone, so a drain would only keep clients on a proxy that has nothing to give them.
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let doing = "deleting the proxies' pods";
        for pod in ask(doing, pods.list_metadata(&self.proxies())).await?.items {
            let name = pod.metadata.name.unwrap_or_default();
            ask(doing, if_there(pods.delete(&name, &DeleteParams::default().grace_period(1)))).await?;
        }
        let gone = until(deadline.at_most(PATIENCE), PAUSE, async || {
            let left = ask(doing, pods.list_metadata(&self.proxies())).await?;
            Ok::<_, ApiError>(left.items.is_empty().then_some(()))
        });
        // Their node may be gone; they go with it.
        gone.await.map(drop)
    }

    async fn delete_proxies(&self, client: &Client, namespace: &str) -> Result<(), ApiError> {
        for resource in [
            ApiResource::erase::<Deployment>(&()),
            ApiResource::erase::<Service>(&()),
            ApiResource::erase::<ConfigMap>(&()),
            ApiResource::erase::<ServiceAccount>(&()),
        ] {
            let doing = format!("deleting the {} of Envoy Gateway's proxies", resource.plural);
            let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
            for PartialObjectMeta { metadata, .. } in ask(&doing, api.list_metadata(&self.proxies())).await?.items {
                inventory::delete(&api, (metadata.name.as_deref().unwrap_or_default(), metadata.uid.as_ref()), DeleteParams::background(), &doing)
                    .await?;
            }
        }
        Ok(())
    }
}

/// Deletes the Secrets that the certificate Job created: they have no labels of ours.
///
/// # Errors
/// The API server refused.
pub(super) async fn delete_certificates(client: &Client, namespace: &str) -> Result<(), ApiError> {
    let resource = ApiResource::erase::<Secret>(&());
    let secrets: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let doing = "deleting Envoy Gateway's certificates";
    let made = ListParams::default().labels("control-plane=envoy-gateway");
    for PartialObjectMeta { metadata, .. } in ask(doing, secrets.list_metadata(&made)).await?.items {
        if let Some(name) = metadata.name.as_deref().filter(|name| certificates::SECRETS.contains(name)) {
            inventory::delete(&secrets, (name, metadata.uid.as_ref()), DeleteParams::background(), doing).await?;
        }
    }
    Ok(())
}

/// Deletes a GatewayClass and waits until it is gone. The finalizer that its controller doesn't remove is removed here, unless a Gateway
/// still uses the class.
async fn delete_class(client: &Client, class: &str, deadline: Deadline) -> Result<(), ApiError> {
    let all: Api<GatewayClass> = Api::all(client.clone());
    let doing = format!("deleting gatewayclass {class}");
    ask(&doing, if_there(all.delete(class, &DeleteParams::background()))).await?;
    let gone = until(deadline.at_most(PATIENCE), PAUSE, async || {
        let found = ask(&doing, if_there(all.get_metadata(class))).await?;
        Ok::<_, ApiError>(found.is_none().then_some(()))
    });
    if gone.await?.is_some() {
        return Ok(());
    }
    let Some(found) = ask(&doing, if_there(all.get_metadata(class))).await? else { return Ok(()) };
    let kept: Vec<String> = found.metadata.finalizers.into_iter().flatten().filter(|one| one != FINALIZER).collect();
    let patch = json!({"metadata": {"finalizers": kept, "resourceVersion": found.metadata.resource_version}});
    ask(&doing, if_there(all.patch_metadata(class, &PatchParams::default(), &Patch::Merge(patch)))).await.map(drop)
}
