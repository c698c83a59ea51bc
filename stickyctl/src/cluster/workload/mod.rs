//! An application of somebody else's on a cluster: its route, the front door that serves it, its Service and its pods.
//!
//! [`find`] reads the objects. What they say is decided without I/O: of an Ingress in `ingress`, of an HTTPRoute in `http_route`,
//! of a path in `path`, of a host in `host`. `door` finds the front door, with what `doors` recognizes.

mod door;
mod error;
mod hints;
mod host;
mod http_route;
mod ingress;
mod lead;
mod path;
mod promise;
mod reference;
mod rights;
mod route;
#[cfg(test)]
mod tests;

pub(crate) use error::Error;
pub(crate) use hints::Hints;
pub(crate) use reference::{Kind, Reference};
pub(crate) use rights::{Needs, rights};

use super::doors::Found;
use super::errors::ask;
use super::ready::is_ready;
use super::release::Place;
use crate::generate::meta::pairs;
use crate::generate::rbac::Right;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::api::ListParams;
use kube::{Api, Client};
use route::Route;
use sticky_affinity::promise::Promise;

/// An application and the way to it, as its objects on the cluster describe it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Workload {
    /// The Ingress or the HTTPRoute.
    pub(crate) route: Reference,
    /// The namespace of the route.
    pub(crate) route_namespace: String,
    /// The namespace of the Service and its pods: the route's, unless an HTTPRoute names another.
    pub(crate) namespace: String,
    /// A host that the route accepts, with a label in place of a wildcard; `None` if it takes any.
    pub(crate) host: Option<String>,
    /// The path to request, from the route's first rule.
    pub(crate) path: String,
    /// Whether users reach it over TLS.
    pub(crate) tls: bool,
    /// The IngressClass or the GatewayClass; empty for an Ingress without one.
    pub(crate) class: String,
    /// The Gateway of an HTTPRoute.
    pub(crate) gateway: Option<Place>,
    /// The front door that serves the class.
    pub(crate) door: Found,
    /// The Service behind the route.
    pub(crate) service: String,
    /// The port of the Service, 1 to 65535; `None` if the route names none that the Service has.
    pub(crate) port: Option<u16>,
    /// Selects the pods of the Service, as in `a=b,c=d`.
    pub(crate) selector: String,
    /// Names of those pods that are ready.
    pub(crate) pods: Vec<String>,
    /// Other Services that get a part of the same rule's requests.
    pub(crate) others: Vec<Place>,
    /// What the front door promises about its sessions.
    pub(crate) promise: Promise,
    /// The rights that finding it took, apart from those for pods.
    pub(crate) reads: Vec<Right>,
}

/// Finds an application by a reference in a namespace.
///
/// # Errors
/// [`Error`]: what was looked up, and why that failed.
pub(crate) async fn find(client: &Client, namespace: &str, reference: &Reference, hints: &Hints) -> Result<Workload, Error> {
    let mut reads = Vec::new();
    let (name, route) = Route::of(client, namespace, reference, &mut reads).await?;
    let route = route.follow(client, namespace, &name, hints, &mut reads).await?;
    let lead = route.lead;
    let at = lead.service;
    reads.push(Right::within(&at.namespace, "", &["services"], &["get"]).named(&at.name));
    let service: Api<Service> = Api::namespaced(client.clone(), &at.namespace);
    let found = ask(&format!("reading service {at}"), service.get_opt(&at.name)).await?;
    let absent = || Error::NoService { route: name.clone(), namespace: namespace.to_owned(), service: at.clone() };
    let spec = found.ok_or_else(absent)?.spec.unwrap_or_default();
    let selector = pairs(&spec.selector.clone().unwrap_or_default());
    if selector.is_empty() {
        return Err(Error::NoSelector(at));
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), &at.namespace);
    let doing = format!("listing the pods of service {at}");
    let pods = ask(&doing, pods.list(&ListParams::default().labels(&selector))).await?.items;
    let path = lead.path.or_else(|pattern| hints.path.clone().ok_or(pattern)).map_err(|pattern| Error::Pattern {
        route: name.clone(),
        namespace: namespace.to_owned(),
        path: pattern,
        host: lead.host.clone(),
    })?;
    Ok(Workload {
        route: name,
        route_namespace: namespace.to_owned(),
        namespace: at.namespace,
        host: lead.host,
        path,
        tls: lead.tls,
        class: route.class,
        gateway: route.gateway,
        promise: promise::kept(&route.door, lead.promise),
        door: route.door,
        service: at.name,
        port: lead.port.and_then(|port| number(&spec.ports.unwrap_or_default(), &port)),
        selector,
        pods: pods.into_iter().filter(is_ready).filter_map(|pod| pod.metadata.name).collect(),
        others: lead.others,
        reads,
    })
}

/// The number of a Service's port.
fn number(ports: &[k8s_openapi::api::core::v1::ServicePort], wanted: &IntOrString) -> Option<u16> {
    let found = ports.iter().find(|port| match wanted {
        IntOrString::Int(number) => port.port == *number,
        IntOrString::String(name) => port.name.as_ref() == Some(name),
    })?;
    u16::try_from(found.port).ok()
}
