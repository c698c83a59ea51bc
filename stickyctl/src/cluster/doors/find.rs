//! Reads what [`super::detect`] decides over.

use super::detect::{controller, doors, users};
use super::serving::Doors;
use crate::cluster::errors::{ask, failure};
use crate::exit::Failure;
use crate::generate::front_door::install::Install;
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, IngressClassSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, ListParams};
use kube::{Client, Error};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Objects asked for at a time: a big cluster's pods don't fit into one answer.
const PAGE: u32 = 500;

/// All front doors of the cluster. Without the right to list all pods: those in the usual namespaces, in the one that the spec
/// names for its front door, and in the release's own ([`Doors::only_in`] says so). Without the right to list IngressClasses,
/// which objects of the cluster ask for: as if the release's class were there and as everybody has it ([`Doors::class_unread`]).
///
/// # Errors
/// What [`failure`] makes of the API server's answer.
pub async fn find(client: &Client, spec: &StickyApp) -> Result<Doors, Failure> {
    let doing = "listing IngressClasses";
    let (classes, class_unread) = match list(doing, &Api::<IngressClass>::all(client.clone())).await? {
        Ok(classes) => (classes, false),
        Err(Error::Api(status)) if status.is_forbidden() => (vec![assumed(spec)], true),
        Err(error) => return Err(failure(doing, &error)),
    };
    let (pods, only_in) = pods(client, spec).await?;
    let by_name = classes.iter().filter_map(|class| Some((class.metadata.name.clone()?, controller(class)?.to_owned()))).collect();
    Ok(Doors { found: doors(&pods, &classes), classes: by_name, only_in, class_unread })
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
/// What [`failure`] makes of the API server's answer; without the right to list all Ingresses nobody can tell.
pub async fn used_by(client: &Client, class: &str) -> Result<Vec<String>, Failure> {
    let doing = "listing all Ingresses";
    let ingresses: Vec<Ingress> = list(doing, &Api::all(client.clone())).await?.map_err(|error| failure(doing, &error))?;
    Ok(users(&ingresses, class))
}

async fn pods(client: &Client, spec: &StickyApp) -> Result<(Vec<Pod>, Option<Vec<String>>), Failure> {
    let doing = "looking for front doors in all namespaces";
    match list(doing, &Api::<Pod>::all(client.clone())).await? {
        Ok(pods) => return Ok((pods, None)),
        Err(Error::Api(status)) if status.is_forbidden() => {}
        Err(error) => return Err(failure(doing, &error)),
    }
    let mut namespaces = vec!["ingress-nginx", "traefik", spec.ingress.namespace(), &spec.namespace];
    namespaces.sort_unstable();
    namespaces.dedup();
    let mut all = Vec::new();
    let mut seen = Vec::new();
    for namespace in namespaces {
        match list(&format!("looking for front doors in {namespace}"), &Api::<Pod>::namespaced(client.clone(), namespace)).await? {
            Ok(pods) => {
                all.extend(pods);
                seen.push(namespace.to_owned());
            }
            Err(Error::Api(status)) if status.is_forbidden() => {}
            Err(error) => return Err(failure(&format!("looking for front doors in {namespace}"), &error)),
        }
    }
    Ok((all, Some(seen)))
}

/// All objects, page by page; each page has its own time limit. What the API server says to a page is the inner result.
async fn list<K>(doing: &str, api: &Api<K>) -> Result<Result<Vec<K>, Error>, Failure>
where
    K: Clone + DeserializeOwned + Debug,
{
    let mut all = Vec::new();
    let mut parameters = ListParams::default().limit(PAGE);
    loop {
        let page = match ask(doing, async { Ok(api.list(&parameters).await) }).await? {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        all.extend(page.items);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(Ok(all)),
        }
    }
}
