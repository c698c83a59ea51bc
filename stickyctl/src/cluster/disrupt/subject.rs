//! A workload as it was read.

use super::error::Error;
use super::reference::{Kind, Reference};
use crate::cluster::errors::ask;
use crate::cluster::ready::is_ready;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::{GroupVersionKind, Selector};
use kube::{Api, Client};
use serde_json::Value;
use std::collections::BTreeSet;

/// A Deployment or a StatefulSet as it was read.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) reference: Reference,
    /// Selects its pods, as in `a=b,c=d`.
    pub(crate) selector: String,
    pub(super) object: DynamicObject,
}

impl Subject {
    /// Reads a workload.
    ///
    /// # Errors
    /// It doesn't exist, or its selector can't be used.
    pub(crate) async fn read(client: &Client, namespace: &str, reference: &Reference) -> Result<Self, Error> {
        let all = api(client, namespace, reference.kind);
        let doing = format!("reading {reference} in namespace {namespace}");
        let object = ask(&doing, all.get_opt(&reference.name)).await?.ok_or_else(|| Error::Absent(reference.clone(), namespace.to_owned()))?;
        let selector = selector(&object.data["spec"]["selector"]).ok_or_else(|| Error::NoSelector(reference.clone()))?;
        Ok(Self { client: client.clone(), namespace: namespace.to_owned(), reference: reference.clone(), selector, object })
    }

    /// The same, read again.
    pub(crate) async fn again(&self) -> Result<Self, Error> {
        Self::read(&self.client, &self.namespace, &self.reference).await
    }

    /// The workload that owns the pods which match a selector.
    ///
    /// # Errors
    /// None or several of them do, or pods or ReplicaSets can't be read.
    pub(crate) async fn of_pods(client: &Client, namespace: &str, selector: &str) -> Result<Self, Error> {
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let found = ask(&format!("listing pods in namespace {namespace}"), pods.list(&ListParams::default().labels(selector))).await?;
        let mut owners = BTreeSet::new();
        for pod in found.items {
            let owner = pod.metadata.owner_references.unwrap_or_default().into_iter().find(|owner| owner.controller == Some(true));
            let hash = pod.metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
            match owner {
                Some(owner) if owner.kind == "StatefulSet" => drop(owners.insert(Reference { kind: Kind::StatefulSet, name: owner.name })),
                // A Deployment names its ReplicaSets after itself and the hash of their template.
                Some(owner) if owner.kind == "ReplicaSet" => {
                    let name = hash.and_then(|hash| owner.name.strip_suffix(hash)).and_then(|name| name.strip_suffix('-'));
                    owners.extend(name.map(|name| Reference { kind: Kind::Deployment, name: name.to_owned() }));
                }
                _ => {}
            }
        }
        let at = || (namespace.to_owned(), selector.to_owned());
        let mut owners: Vec<Reference> = owners.into_iter().collect();
        match (owners.pop(), owners.is_empty()) {
            (None, _) => {
                let (namespace, selector) = at();
                Err(Error::NoOwner { namespace, selector })
            }
            (Some(only), true) => Self::read(client, namespace, &only).await,
            (Some(last), false) => {
                let (namespace, selector) = at();
                owners.push(last);
                Err(Error::SeveralOwners { namespace, selector, all: owners })
            }
        }
    }

    pub(super) fn api(&self) -> Api<DynamicObject> {
        api(&self.client, &self.namespace, self.reference.kind)
    }

    /// The number of pods that it asks for.
    pub(crate) fn replicas(&self) -> i64 {
        self.object.data["spec"]["replicas"].as_i64().unwrap_or(1)
    }

    pub(super) fn spec(&self) -> &Value {
        &self.object.data["spec"]
    }

    fn status(&self, key: &str) -> i64 {
        self.object.data["status"][key].as_i64().unwrap_or(0)
    }

    /// How many of its pods are ready and of the newest template.
    pub(super) fn up_to_date(&self) -> i64 {
        let updated = self.status("updatedReplicas").min(self.status("readyReplicas"));
        // A StatefulSet counts none if all are of one revision and nothing was ever updated.
        let is_one = self.object.data["status"]["currentRevision"] == self.object.data["status"]["updateRevision"];
        if self.reference.kind == Kind::StatefulSet && is_one { self.status("readyReplicas") } else { updated }
    }

    /// Whether its controller has seen its spec, and all its pods are ready and of the newest template.
    pub(super) fn is_done(&self) -> bool {
        let seen = self.status("observedGeneration") >= self.object.metadata.generation.unwrap_or(0);
        seen && self.up_to_date() == self.replicas() && self.status("replicas") == self.replicas()
    }

    /// Its pods, terminating ones included.
    pub(crate) async fn pods(&self) -> Result<Vec<Pod>, Error> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let doing = format!("listing the pods of {} in namespace {}", self.reference, self.namespace);
        Ok(ask(&doing, pods.list(&ListParams::default().labels(&self.selector))).await?.items)
    }

    /// Names of its pods that are ready and not terminating, sorted.
    pub(crate) async fn ready(&self) -> Result<Vec<String>, Error> {
        let mut ready: Vec<String> = self.pods().await?.into_iter().filter(is_ready).filter_map(|pod| pod.metadata.name).collect();
        ready.sort();
        Ok(ready)
    }
}

fn api(client: &Client, namespace: &str, kind: Kind) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("apps", "v1", kind.kind()), kind.plural());
    Api::namespaced_with(client.clone(), namespace, &resource)
}

fn selector(selector: &Value) -> Option<String> {
    let selector: LabelSelector = serde_json::from_value(selector.clone()).ok()?;
    Selector::try_from(selector).ok().map(|selector| selector.to_string()).filter(|text| !text.is_empty())
}
