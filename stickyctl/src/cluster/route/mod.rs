//! A release's route through a Gateway as it is on the cluster: HTTPRoute, Gateway, Envoy Gateway's policies, and what controllers
//! say of them.
//!
//! [`read`] reads them. [`conditions`] finds what isn't accepted, without I/O.

pub(crate) mod conditions;

use crate::cluster::doors::gateway::place;
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::inventory::selector;
use crate::cluster::release::Place;
use crate::cluster::seen::{Seen, if_readable, see};
use crate::gateway_api::envoy::BackendTrafficPolicy;
use crate::gateway_api::{Gateway, HttpRoute, Listener, ParentRef};
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use kube::api::ListParams;
use kube::{Api, Client};

/// A route and what belongs to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Live {
    pub(crate) route: Seen<HttpRoute>,
    /// The Gateway that the route attaches to, or that the spec names if there is no route.
    pub(crate) at: Place,
    pub(crate) gateway: Seen<Gateway>,
    /// Envoy Gateway's policies for the route.
    pub(crate) policies: Vec<BackendTrafficPolicy>,
}

impl Live {
    /// The first Gateway that the route attaches to: ours has no other.
    pub(crate) fn parent(&self) -> Option<&ParentRef> {
        self.route.here()?.spec.parent_refs.first()
    }

    /// The listeners that the route attaches to, as far as its reference says.
    pub(crate) fn listeners(&self) -> impl Iterator<Item = &Listener> {
        let section = self.parent().and_then(|parent| parent.section_name.as_deref());
        let all = self.gateway.here().map(|gateway| gateway.spec.listeners.as_slice()).unwrap_or_default();
        all.iter().filter(move |listener| section.is_none_or(|section| section == listener.name))
    }

    /// A host that the route accepts over plain HTTP, perhaps with a wildcard: one of its own, or else its listener's. `None` is any.
    pub(crate) fn host(&self) -> Option<String> {
        let own = self.route.here().and_then(|route| route.spec.hostnames.first());
        own.or_else(|| self.listeners().find(|listener| listener.protocol == "HTTP")?.hostname.as_ref()).cloned()
    }

    /// Whether no listener takes plain HTTP.
    pub(crate) fn is_tls_only(&self) -> bool {
        self.listeners().next().is_some() && self.listeners().all(|listener| listener.protocol != "HTTP")
    }
}

/// Reads a release's route. Missing kinds, objects and permissions are not errors.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn read(client: &Client, spec: &StickyApp) -> Result<Live, ApiError> {
    let routes: Api<HttpRoute> = Api::namespaced(client.clone(), &spec.namespace);
    let route = see(&format!("reading httproute {} in namespace {}", spec.name, spec.namespace), &routes, &spec.name).await?;
    let parent = route.here().and_then(|route| route.spec.parent_refs.first());
    let at = match parent {
        Some(parent) => Place { name: parent.name.clone(), namespace: parent.namespace.clone().unwrap_or_else(|| spec.namespace.clone()) },
        None => place(spec),
    };
    let gateways: Api<Gateway> = Api::namespaced(client.clone(), &at.namespace);
    let gateway = see(&format!("reading gateway {at}"), &gateways, &at.name).await?;
    let policies = if spec.gateway.is_envoy() { policies(client, spec).await? } else { Vec::new() };
    Ok(Live { route, at, gateway, policies })
}

/// A host that a release's route accepts, perhaps with a wildcard; `None` is any.
///
/// # Errors
/// The API server did not answer as it should.
pub(crate) async fn host(client: &Client, spec: &StickyApp) -> Result<Option<String>, ApiError> {
    match spec.ingress.front_door {
        FrontDoor::Nginx | FrontDoor::Traefik => Ok(spec.ingress.host.clone()),
        FrontDoor::Gateway => Ok(read(client, spec).await?.host()),
    }
}

/// None where the kind is missing or may not be listed.
async fn policies(client: &Client, spec: &StickyApp) -> Result<Vec<BackendTrafficPolicy>, ApiError> {
    let all: Api<BackendTrafficPolicy> = Api::namespaced(client.clone(), &spec.namespace);
    let own = ListParams::default().labels(&selector(&spec.name));
    let found = ask(&format!("listing the BackendTrafficPolicies in namespace {}", spec.namespace), if_readable(all.list(&own))).await?;
    Ok(found.map(|list| list.items).unwrap_or_default())
}
