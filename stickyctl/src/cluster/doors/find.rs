//! Reads the objects that `detect` needs.

use super::controller::controller;
use super::detect::{doors, users};
use super::gateway::{self, Gateways};
use super::serving::Doors;
use crate::cluster::errors::{ApiError, ask, ask_if_allowed};
use crate::generate::front_door::install::Install;
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, IngressClassSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, ListParams};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// The variable with the namespaces of front doors, separated by commas: a hint for a run that may not list the pods of all namespaces.
pub(crate) const DOORS: &str = "STICKYCTL_DOOR_NAMESPACES";
/// Objects requested at a time: a big cluster's pods don't fit into one answer.
const PAGE: u32 = 500;

/// All front doors of the cluster. Without permission to list all pods: those in the usual namespaces, in the one that the spec
/// names for its front door, and in the release's own ([`Doors::only_in`] says so). Without permission to list IngressClasses,
/// which are cluster-wide: as if the release's class existed and were the usual one ([`Doors::class_unread`]). For a release behind the
/// Gateway API also its class and its Gateway.
///
/// # Errors
/// The API server did not answer as it should.
pub async fn find(client: &Client, spec: &StickyApp) -> Result<Doors, ApiError> {
    let classes: Option<Vec<IngressClass>> = list("listing IngressClasses", &Api::all(client.clone())).await?;
    let class_unread = classes.is_none();
    let classes = classes.unwrap_or_else(|| vec![assumed(spec)]);
    let (pods, only_in) = pods(client, spec).await?;
    let by_name = classes.iter().filter_map(|class| Some((class.metadata.name.clone()?, controller(class)?.to_owned()))).collect();
    let gateways = match spec.ingress.front_door {
        FrontDoor::Gateway => Some(Box::new(Gateways::read(client, spec, &pods).await?)),
        FrontDoor::Nginx | FrontDoor::Traefik => None,
    };
    Ok(Doors { found: doors(&pods, &classes), classes: by_name, only_in, class_unread, gateways })
}

fn assumed(spec: &StickyApp) -> IngressClass {
    IngressClass {
        metadata: ObjectMeta { name: Some(spec.ingress.class.clone()), ..ObjectMeta::default() },
        spec: Some(IngressClassSpec { controller: Some(Install::of(spec, false).controller()), ..IngressClassSpec::default() }),
    }
}

/// The Ingresses of a class in the whole cluster, as `namespace/name`.
///
/// # Errors
/// The API server did not answer as it should. Missing permission is an error here, because the class could be in use anywhere.
pub async fn used_by(client: &Client, class: &str) -> Result<Vec<String>, ApiError> {
    let doing = "listing all Ingresses";
    let api: Api<Ingress> = Api::all(client.clone());
    match list(doing, &api).await? {
        Some(all) => Ok(users(&all, class)),
        // Asked once more for the API server's own words.
        None => ask(doing, api.list(&ListParams::default().limit(1))).await.map(|few| users(&few.items, class)),
    }
}

async fn pods(client: &Client, spec: &StickyApp) -> Result<(Vec<Pod>, Option<Vec<String>>), ApiError> {
    let mut namespaces = vec!["ingress-nginx", "traefik", spec.ingress.namespace(), &spec.namespace];
    let gateway = gateway::place(spec).namespace;
    if spec.ingress.front_door == FrontDoor::Gateway {
        namespaces.push(&gateway);
    }
    pods_in(client, &namespaces).await
}

/// The pods of all namespaces. Without permission for that, those in `namespaces`, as far as they can be listed, and the namespaces where
/// they could.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn pods_in(client: &Client, namespaces: &[&str]) -> Result<(Vec<Pod>, Option<Vec<String>>), ApiError> {
    if let Some(pods) = list("looking for front doors in all namespaces", &Api::<Pod>::all(client.clone())).await? {
        return Ok((pods, None));
    }
    // A run inside the cluster may list only what it was started for.
    let told = std::env::var(DOORS).unwrap_or_default();
    let told = told.split(',').filter(|namespace| !namespace.is_empty());
    let namespaces: BTreeSet<&str> = namespaces.iter().copied().chain(told).collect();
    let mut all = Vec::new();
    let mut seen = Vec::new();
    for namespace in namespaces {
        let doing = format!("looking for front doors in namespace {namespace}");
        if let Some(pods) = list(&doing, &Api::<Pod>::namespaced(client.clone(), namespace)).await? {
            all.extend(pods);
            seen.push(namespace.to_owned());
        }
    }
    Ok((all, Some(seen)))
}

/// All objects, page by page, each with a time limit of its own; `None` without permission to list them.
pub(crate) async fn list<K>(doing: &str, api: &Api<K>) -> Result<Option<Vec<K>>, ApiError>
where
    K: Clone + DeserializeOwned + Debug,
{
    let mut all = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let Some(page) = ask_if_allowed(doing, api.list(&params)).await? else { return Ok(None) };
        all.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(Some(all)),
        }
    }
}
