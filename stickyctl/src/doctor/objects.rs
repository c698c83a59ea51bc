//! The objects that checks look at.

use super::finding::{About, Place};
use crate::cluster::doors::gateway::crd::Definition;
use crate::gateway_api::envoy::BackendTrafficPolicy;
use crate::gateway_api::{Gateway, GatewayClass, HttpRoute};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, PodTemplateSpec, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// An object, and where it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<K> {
    /// The object.
    pub object: K,
    /// Its place; `None` on a cluster.
    pub place: Option<Place>,
}

impl<K: k8s_openapi::Metadata<Ty = ObjectMeta>> Read<K> {
    /// The object as findings name it.
    #[must_use]
    pub fn about(&self) -> About {
        about(K::KIND, self.object.metadata(), self.place.as_ref())
    }

    /// Namespace and name; the namespace of a cluster-wide object is empty.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        let meta = self.object.metadata();
        (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default())
    }
}

fn about(kind: &str, meta: &ObjectMeta, place: Option<&Place>) -> About {
    About {
        kind: kind.to_owned(),
        namespace: meta.namespace.clone().unwrap_or_default(),
        name: meta.name.clone().unwrap_or_default(),
        place: place.cloned(),
    }
}

/// A workload: a Deployment, a StatefulSet or a DaemonSet.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// As in `Deployment`.
    pub kind: &'static str,
    /// Name, namespace, labels and annotations.
    pub metadata: ObjectMeta,
    /// How many pods it shall have; `None` for a DaemonSet, which has one on each node.
    pub replicas: Option<i32>,
    /// How it replaces its pods.
    pub strategy: Strategy,
    /// Makes its pods.
    pub template: PodTemplateSpec,
    /// Its place; `None` on a cluster.
    pub place: Option<Place>,
}

/// How a workload replaces its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Some at a time, of which at most so many may be missing.
    Rolling(Option<IntOrString>),
    /// All at once: `Recreate`.
    Recreate,
    /// None, until somebody deletes them: `OnDelete`.
    OnDelete,
}

impl Workload {
    /// The workload as findings name it.
    #[must_use]
    pub fn about(&self) -> About {
        about(self.kind, &self.metadata, self.place.as_ref())
    }

    /// A pod as the template makes it, owned by the workload.
    #[must_use]
    pub fn pod(&self) -> Pod {
        let mut metadata = self.template.metadata.clone().unwrap_or_default();
        metadata.name.clone_from(&self.metadata.name);
        metadata.namespace.clone_from(&self.metadata.namespace);
        metadata.owner_references = Some(vec![k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference {
            api_version: "apps/v1".to_owned(),
            kind: self.kind.to_owned(),
            name: self.metadata.name.clone().unwrap_or_default(),
            controller: Some(true),
            ..Default::default()
        }]);
        Pod { metadata, spec: self.template.spec.clone(), status: None }
    }
}

impl From<Read<Deployment>> for Workload {
    fn from(Read { object, place }: Read<Deployment>) -> Self {
        let spec = object.spec.unwrap_or_default();
        let strategy = spec.strategy.unwrap_or_default();
        let strategy = match strategy.type_.as_deref() {
            Some("Recreate") => Strategy::Recreate,
            _ => Strategy::Rolling(strategy.rolling_update.and_then(|rolling| rolling.max_unavailable)),
        };
        Self { kind: "Deployment", metadata: object.metadata, replicas: Some(spec.replicas.unwrap_or(1)), strategy, template: spec.template, place }
    }
}

impl From<Read<StatefulSet>> for Workload {
    fn from(Read { object, place }: Read<StatefulSet>) -> Self {
        let spec = object.spec.unwrap_or_default();
        let strategy = spec.update_strategy.unwrap_or_default();
        let strategy = match strategy.type_.as_deref() {
            Some("OnDelete") => Strategy::OnDelete,
            // One pod at a time, unless a feature gate is on.
            _ => Strategy::Rolling(strategy.rolling_update.and_then(|rolling| rolling.max_unavailable).or(Some(IntOrString::Int(1)))),
        };
        Self { kind: "StatefulSet", metadata: object.metadata, replicas: Some(spec.replicas.unwrap_or(1)), strategy, template: spec.template, place }
    }
}

impl From<Read<DaemonSet>> for Workload {
    fn from(Read { object, place }: Read<DaemonSet>) -> Self {
        let spec = object.spec.unwrap_or_default();
        let strategy = spec.update_strategy.unwrap_or_default();
        let strategy = match strategy.type_.as_deref() {
            Some("OnDelete") => Strategy::OnDelete,
            _ => Strategy::Rolling(strategy.rolling_update.and_then(|rolling| rolling.max_unavailable).or(Some(IntOrString::Int(1)))),
        };
        Self { kind: "DaemonSet", metadata: object.metadata, replicas: None, strategy, template: spec.template, place }
    }
}

/// A kind that could not be read, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The kind in the plural, as in `IngressClasses`.
    pub kind: &'static str,
    /// Where, as in `in namespace shop`; empty for all.
    pub scope: String,
    /// Why, in the API server's words.
    pub why: String,
}

/// A document of a known kind that does not have its kind's fields: the API server would reject it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The object.
    pub about: About,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

/// Where objects were read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// A cluster: what isn't there doesn't exist, unless it is among [`Objects::unread`].
    Cluster,
    /// Files: what isn't there may exist on the cluster.
    #[default]
    Files,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// Where from.
    pub origin: Origin,
    /// All Ingresses.
    pub ingresses: Vec<Read<Ingress>>,
    /// All IngressClasses.
    pub classes: Vec<Read<IngressClass>>,
    /// All HTTPRoutes.
    pub routes: Vec<Read<HttpRoute>>,
    /// All Gateways.
    pub gateways: Vec<Read<Gateway>>,
    /// All GatewayClasses.
    pub gateway_classes: Vec<Read<GatewayClass>>,
    /// All policies of Envoy Gateway.
    pub policies: Vec<Read<BackendTrafficPolicy>>,
    /// All Services.
    pub services: Vec<Read<Service>>,
    /// All EndpointSlices; none in files.
    pub slices: Vec<EndpointSlice>,
    /// All workloads.
    pub workloads: Vec<Workload>,
    /// Pods, or those that the templates of workloads make. On a cluster also those of controllers in other namespaces.
    pub pods: Vec<Read<Pod>>,
    /// All autoscalers.
    pub autoscalers: Vec<Read<HorizontalPodAutoscaler>>,
    /// ConfigMaps; on a cluster only those that controllers name in their arguments.
    pub config_maps: Vec<Read<ConfigMap>>,
    /// What the cluster's definition of HTTPRoute knows; `None` in files, without the Gateway API, and without permission.
    pub definition: Option<Definition>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What does not have the fields of its kind.
    pub unfit: Vec<Unfit>,
}

impl Objects {
    /// Whether a kind, in the plural, was read as a whole: what isn't in the list doesn't exist.
    #[must_use]
    pub fn has_all(&self, kind: &str) -> bool {
        self.origin == Origin::Cluster && !self.unread.iter().any(|unread| unread.kind == kind)
    }

    /// What was read, as pairs of a kind in the plural and a count, without kinds of which there is none.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let of = |kind: &str| self.workloads.iter().filter(|workload| workload.kind == kind).count();
        let all = [
            ("Ingresses", self.ingresses.len()),
            ("IngressClasses", self.classes.len()),
            ("HTTPRoutes", self.routes.len()),
            ("Gateways", self.gateways.len()),
            ("GatewayClasses", self.gateway_classes.len()),
            ("BackendTrafficPolicies", self.policies.len()),
            ("Services", self.services.len()),
            ("Deployments", of("Deployment")),
            ("StatefulSets", of("StatefulSet")),
            ("DaemonSets", of("DaemonSet")),
            ("HorizontalPodAutoscalers", self.autoscalers.len()),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Makes the pods of the workloads, for files and for clusters whose pods may not be listed.
    pub(super) fn make_pods(&mut self) {
        self.pods.extend(self.workloads.iter().map(|workload| Read { object: workload.pod(), place: workload.place.clone() }));
    }
}

/// A kind that lives in a namespace.
pub(super) trait Namespaced: k8s_openapi::Resource<Scope = NamespaceResourceScope> {}
impl<K: k8s_openapi::Resource<Scope = NamespaceResourceScope>> Namespaced for K {}
