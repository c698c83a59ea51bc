//! Envoy Gateway: a server that turns Gateways and HTTPRoutes into the configuration of Envoy, and starts one Envoy for each Gateway.
//!
//! # Names
//! Envoy Gateway fixes some names. Its proxies connect to the Service `envoy-gateway` in their own namespace
//! (`internal/infrastructure/kubernetes/proxy/resource.go`, `XdsServerHost`), and the certificates are in the Secrets `envoy-gateway` and
//! `envoy`. So there can be **one Envoy Gateway in a namespace**, and its objects have the same names whatever its class. The class is in
//! the label `app.kubernetes.io/instance`. An Envoy Gateway of another class needs another namespace, and a controller name of its own,
//! because each of them takes every GatewayClass that has its controller name.
//!
//! # Settings of the proxies
//! There is no EnvoyProxy object: its settings are the `envoyProxy` of the server's configuration, which applies to every Gateway of its
//! class. An EnvoyProxy would have to be in the namespace that the server watches, which is the release's.
//!
//! # Custom resource definitions
//! They are not installed; see [`crds`].
//!
//! # Its rights
//! In the release's namespace it reads what a Gateway can refer to, the Secrets included, and writes the status of the kinds that a
//! release has. In its own namespace it manages the proxies. Cluster-wide it reads GatewayClasses, Namespaces and Nodes, and changes its
//! own GatewayClass. It lists every kind that its source watches, because it is not ready until all its caches are filled
//! (`internal/provider/kubernetes/kubernetes.go`, `cacheReadyCheck`).
//!
//! It watches its own namespace like the release's. Otherwise some starts don't find the Services and Secrets of its proxies ("unknown
//! namespace for the cache"), and no Gateway is ever programmed: the cache's options for these kinds are twice in a map that is keyed by
//! pointers, once without the namespace (v1.9.1, `newProvider`; envoyproxy/gateway#9100 meant to make this unnecessary).
//!
//! There is no admission webhook, because the topology injector, which needs one, is off. Leader election is off too: there is one
//! replica.

pub mod certificates;
mod config;
pub mod crds;
mod program;
mod rights;
mod server;

pub use program::WATCHED;

use super::choice::Install;
use super::rbac;
use crate::gateway_api::{GatewayClass, GatewayClassSpec};
use crate::generate::object::Object;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// All objects in the order in which they are applied. The Job has to finish before the Deployment is applied: its pod waits for a Secret.
pub(super) fn objects(install: &Install) -> Vec<Object> {
    let mut all: Vec<Object> =
        vec![install.namespace().into(), ServiceAccount { metadata: install.within(&install.namespace), ..ServiceAccount::default() }.into()];
    all.extend(rbac::everywhere(install, rights::everywhere(install)));
    all.extend(rbac::within(install, &install.namespace, install.name(), rights::own()));
    for namespace in install.namespaces() {
        all.extend(rbac::within(install, namespace, format!("front-door-{}", install.name()), rights::watched()));
    }
    all.extend(certificates::objects(install));
    let config = config::config_map(install);
    all.push(class(install).into());
    all.push(server::service(install).into());
    let deployment = server::deployment(install, &config);
    all.push(config.into());
    all.push(deployment.into());
    all
}

fn class(install: &Install) -> GatewayClass {
    let metadata = ObjectMeta { annotations: Some(program::watched(install)), ..install.of_cluster(install.class.clone()) };
    let spec = GatewayClassSpec { controller_name: install.controller() };
    GatewayClass { metadata, spec, status: None }
}
