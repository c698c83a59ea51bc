//! The objects that checks look at.

use super::finding::Place;
use crate::gateway_api::HttpRoute;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};

/// An object, and where it was read from.
#[derive(Debug, Clone)]
pub struct Read<K> {
    /// The object.
    pub object: K,
    /// Its place; `None` on a cluster.
    pub place: Option<Place>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    /// All Ingresses.
    pub ingresses: Vec<Read<Ingress>>,
    /// All IngressClasses.
    pub classes: Vec<Read<IngressClass>>,
    /// All HTTPRoutes.
    pub routes: Vec<Read<HttpRoute>>,
    /// All Services.
    pub services: Vec<Read<Service>>,
    /// All EndpointSlices; none in files.
    pub slices: Vec<EndpointSlice>,
    /// Pods, or those that the templates of workloads make.
    pub pods: Vec<Read<Pod>>,
}
