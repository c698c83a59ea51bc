//! The front door of a release behind the Gateway API.
//!
//! An Ingress's controller is found among pods, because nothing else tells it. Here the API tells: the Gateway names its GatewayClass,
//! the class names its controller, and the controller reports in conditions that it has accepted them. Pods are needed for two things
//! only: what the controller's version is, and where `forward` and `verify` connect to (`proxies`).
//!
//! A release has a Gateway of its own, or attaches to one that exists; [`place`] says which. [`crd`] reads what the cluster can store of
//! session persistence.

pub mod crd;
mod error;
mod proxies;

pub use error::Error;

use super::detect::{door, workload};
use super::model::{Door, Found, Marks, Proxy, Unclassed, Watch};
use crate::cluster::errors::{ApiError, ask_if_allowed};
use crate::cluster::inventory::is_managed;
use crate::cluster::ready::is_ready;
use crate::cluster::release::Place;
use crate::cluster::seen::{Seen, see};
use crate::gateway_api::{Gateway, GatewayClass, Listener, implementations};
use crate::generate::front_door::install::gateway::WATCHED;
use crate::spec::StickyApp;
use crate::spec::gateway::{ENVOY_DOMAIN, domain};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::ListParams;
use kube::{Api, Client};
use proxies::Proxies;
use std::cmp::Reverse;

/// What a cluster has of the Gateway API for one release.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gateways {
    /// The class of the Gateway.
    pub class: Seen<GatewayClass>,
    /// The name of the class: the Gateway's, or the spec's if the Gateway isn't known.
    pub class_name: String,
    /// The Gateway that the release attaches to, its own or another.
    pub gateway: Seen<Gateway>,
    /// The front door, if a controller serves the class.
    pub found: Option<Found>,
}

/// The Gateway that a release attaches to: the one that the spec names, or the release's own.
#[must_use]
pub fn place(spec: &StickyApp) -> Place {
    let namespace = spec.gateway.namespace.clone().unwrap_or_else(|| spec.namespace.clone());
    Place { name: spec.gateway.name.clone().unwrap_or_else(|| spec.name.clone()), namespace }
}

impl Gateways {
    /// Reads class and Gateway, and finds the Gateway's pods among `pods`.
    ///
    /// # Errors
    /// The API server did not answer as it should.
    pub(super) async fn read(client: &Client, spec: &StickyApp, pods: &[Pod]) -> Result<Self, ApiError> {
        let at = place(spec);
        let all: Api<Gateway> = Api::namespaced(client.clone(), &at.namespace);
        let gateway = see(&format!("reading gateway {at}"), &all, &at.name).await?;
        // A Gateway of the release's own gets the spec's class with the next apply.
        let live = gateway.here().filter(|_| spec.gateway.name.is_some());
        let class_name = live.map_or_else(|| spec.gateway.class.clone(), |live| live.spec.gateway_class_name.clone());
        let class = see(&format!("reading gatewayclass {class_name}"), &Api::<GatewayClass>::all(client.clone()), &class_name).await?;
        let mut seen = Self { class, class_name, gateway, found: None };
        if seen.may_serve(spec) {
            let controller = seen.controller(spec).to_owned();
            let proxies = proxies::of(pods, &at, &seen.class_name, &controller);
            let services = match &proxies {
                Some(proxies) => services(client, proxies).await?,
                None => Vec::new(),
            };
            seen.found = Some(seen.door(spec, pods, proxies.as_ref(), &services));
        }
        Ok(seen)
    }

    /// The controller of the class: its own, or the spec's if the class can't be read.
    #[must_use]
    pub fn controller<'a>(&'a self, spec: &'a StickyApp) -> &'a str {
        self.class.here().map_or(&spec.gateway.controller, |class| &class.spec.controller_name)
    }

    /// The front door that serves a release; `None` if nothing serves the class and it may be installed.
    ///
    /// # Errors
    /// Class or Gateway are not as they have to be.
    pub(super) fn serving(&self, spec: &StickyApp) -> Result<Option<&Found>, Error> {
        let at = place(spec);
        if self.gateway == Seen::NoKind || self.class == Seen::NoKind {
            return Err(Error::NoApi);
        }
        if spec.gateway.name.is_some() && self.gateway == Seen::Absent {
            return Err(Error::NoGateway(at));
        }
        if spec.gateway.name.is_some() && self.class == Seen::Absent {
            return Err(Error::NoClass { gateway: at, class: self.class_name.clone() });
        }
        if let Some(refused) = self.accepted().filter(|condition| condition.status == "False") {
            return Err(Error::ClassRefused {
                class: self.class_name.clone(),
                controller: self.controller(spec).to_owned(),
                reason: refused.reason.clone(),
                message: refused.message.clone(),
            });
        }
        match self.class.here() {
            // A class that was left over can be served by what is installed for it; only Envoy Gateway is.
            Some(class) if self.found.is_none() && domain(&class.spec.controller_name) != ENVOY_DOMAIN => {
                Err(Error::ClassPending { class: self.class_name.clone(), controller: class.spec.controller_name.clone() })
            }
            _ => match &self.found {
                Some(found) if !found.watches(&spec.namespace) => Err(Error::Elsewhere {
                    class: self.class_name.clone(),
                    door: found.title(),
                    watched: found.watched(),
                    namespace: spec.namespace.clone(),
                }),
                found => Ok(found.as_ref()),
            },
        }
    }

    /// What the controller watches: an annotation says it of one that `up` installed. Nothing says it of others.
    fn watch(&self) -> Watch {
        let annotations = self.class.here().and_then(|class| class.metadata.annotations.as_ref());
        annotations.and_then(|all| all.get(WATCHED)).map_or(Watch::Everything, |one| Watch::Namespaces(vec![one.clone()]))
    }

    fn accepted(&self) -> Option<&Condition> {
        let conditions = &self.class.here()?.status.as_ref()?.conditions;
        conditions.iter().find(|condition| condition.type_ == "Accepted")
    }

    /// Whether a controller has accepted the class. Without permission to read classes, which are cluster-wide, it is taken to be so.
    fn may_serve(&self, spec: &StickyApp) -> bool {
        match (&self.class, &self.gateway) {
            (Seen::Unread, Seen::Absent) => spec.gateway.name.is_none(),
            (Seen::Unread, gateway) => *gateway != Seen::NoKind,
            (Seen::Here(_), _) => self.accepted().is_some_and(|condition| condition.status == "True"),
            (Seen::NoKind | Seen::Absent, _) => false,
        }
    }

    fn door(&self, spec: &StickyApp, pods: &[Pod], proxies: Option<&Proxies>, services: &[Service]) -> Found {
        let controller = self.controller(spec);
        let (version, home) = proxies::controller(controller, pods).unzip();
        // Envoy Gateway's proxies will run beside it, those of others beside their Gateway (GEP-1762).
        let home =
            if domain(controller) == ENVOY_DOMAIN { home.unwrap_or_else(|| spec.ingress.namespace().to_owned()) } else { place(spec).namespace };
        let listener = self.gateway.here().and_then(|gateway| proxies::listener(gateway, spec.gateway.section.as_deref()));
        let secure = self.gateway.here().and_then(|gateway| proxies::secure_listener(gateway, spec.gateway.section.as_deref()));
        let at = |listener: u16| proxies.map(|proxies| proxies::port(proxies, services, listener));
        let ports = (at(listener.map_or(80, |listener| listener.port)).unwrap_or_default(), secure.and_then(|listener| at(listener.port)));
        Found {
            version: version.flatten(),
            watch: self.watch(),
            ours: self.class.here().is_some_and(|class| {
                let labels = class.metadata.labels.as_ref();
                is_managed(&class.metadata) && labels.and_then(|all| all.get("app.kubernetes.io/managed-by")).is_some_and(|by| by == "stickyctl")
            }),
            ..carried(controller, &self.class_name, proxies, home, ports)
        }
    }
}

/// The front door whose `proxies` carry a Gateway's traffic, with their ports for plain HTTP and for HTTPS; without any, in namespace
/// `home`.
fn carried(controller: &str, class: &str, proxies: Option<&Proxies>, home: String, (port, https_port): (u16, Option<u16>)) -> Found {
    let mut own: Vec<&Pod> = proxies.iter().flat_map(|proxies| &proxies.pods).collect();
    own.sort_by_key(|pod| (Reverse(is_ready(pod)), Reverse(pod.metadata.creation_timestamp.clone()), pod.metadata.name.clone()));
    Found {
        proxy: Proxy::Door(FrontDoor::Gateway),
        product: implementations::of(controller).map_or_else(|| format!("controller {controller}"), |known| known.name.to_owned()),
        version: None,
        namespace: proxies.map_or(home, |proxies| proxies.namespace.clone()),
        workload: own.first().map(|pod| workload(pod)).unwrap_or_default(),
        marks: Marks::Labels { selector: proxies.map(|proxies| proxies.selector.clone()).unwrap_or_default(), port, https_port },
        classes: vec![class.to_owned()],
        unclassed: Unclassed::default(),
        watch: Watch::Everything,
        pods: own.into_iter().map(|pod| -> Door { door(pod, port, https_port) }).collect(),
        ours: false,
    }
}

/// The front door of a Gateway, whose pods are among `pods`; `None` if none of them carries its traffic. `plain` and `secure` are
/// the listeners whose ports it is asked for.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn carrying(
    client: &Client,
    (at, class): (&Place, &GatewayClass),
    (plain, secure): (Option<&Listener>, Option<&Listener>),
    pods: &[Pod],
) -> Result<Option<Found>, ApiError> {
    let (controller, name) = (&class.spec.controller_name, class.metadata.name.as_deref().unwrap_or_default());
    let Some(proxies) = proxies::of(pods, at, name, controller) else { return Ok(None) };
    let services = services(client, &proxies).await?;
    let port = |listener: Option<&Listener>| listener.map(|listener| proxies::port(&proxies, &services, listener.port));
    let ports = (port(plain).unwrap_or(80), port(secure));
    let version = proxies::controller(controller, pods).and_then(|(version, _)| version);
    Ok(Some(Found { version, ..carried(controller, name, Some(&proxies), at.namespace.clone(), ports) }))
}

/// The Services of a Gateway's pods, which say what port of the pods stands behind a listener; none without permission.
async fn services(client: &Client, proxies: &Proxies) -> Result<Vec<Service>, ApiError> {
    let all: Api<Service> = Api::namespaced(client.clone(), &proxies.namespace);
    let doing = format!("listing the Services of the Gateway's pods in namespace {}", proxies.namespace);
    let listed = ask_if_allowed(&doing, all.list(&ListParams::default().labels(&proxies.selector))).await?;
    Ok(listed.map(|list| list.items).unwrap_or_default())
}
