//! The objects of a front door, for `up --install-front-door` on a cluster that has none. What follows is about ingress-nginx and Traefik;
//! Envoy Gateway follows the same rules, and [`gateway`] has what is different.
//!
//! # Its rights
//! An installed front door may read the Secrets of one namespace only. Neither door runs without `list` and `watch` on the Secrets of
//! every namespace that it watches: ingress-nginx waits for its cache of Secrets before it looks at any Ingress
//! (`internal/ingress/controller/store/store.go`, `Informer.Run`), and so does Traefik's ingress-nginx provider
//! (`pkg/provider/kubernetes/ingress-nginx/client.go`, `WatchAll`). Without that right both wait forever and serve nothing (tried with
//! Traefik 3.6.12: 404 to every request until the right was granted, 200 six seconds later). Both ask for all Secrets of a namespace
//! at once, so a Role that names one Secret (`resourceNames`) doesn't help. Only the number of namespaces can be chosen: an installed
//! door watches **the release's namespace alone**, with a Role in that namespace. That is also how it reads the release's `tlsSecret`.
//! A release in another namespace needs a door and a class of its own, or a door that was installed for the whole cluster.
//!
//! Cluster-wide it reads IngressClasses, and nothing else.
//!
//! # The Ingresses that it serves
//! Both doors serve every IngressClass whose `spec.controller` is the one that they were started with, whatever the class's name; the
//! option named after the class is for the old annotation. So the controller is `k8s.io/ingress-nginx` for the class `nginx` only, as
//! everywhere, and a word of its own for every other class. The door also selects the class by name (both have an option for that),
//! because the `spec.controller` of an existing IngressClass can't be changed.
//!
//! # How to reach it
//! A door is *exposed* if a node has the label `ingress-ready=true`, as in kind's documentation: its pod runs on that node and takes the
//! host's ports 80 and 443. Elsewhere it has a Service inside the cluster and nothing on any host; `forward` then leads to it.
//!
//! ingress-nginx's admission webhook is left out. It refuses an Ingress with an invalid annotation, but needs a certificate that two
//! Jobs create with rights on the webhook configurations of the whole cluster, and it refuses valid Ingresses too while it starts
//! (kubernetes/ingress-nginx#5401). The only Ingresses here come from a checked spec.

mod choice;
pub mod gateway;
mod nginx;
mod parts;
mod pod;
mod rbac;
mod traefik;

pub use choice::{COMPONENT, ENVOY_GATEWAY, INGRESS_READY, Install, NGINX, TRAEFIK};

use crate::generate::object::Object;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::ServiceAccount;

/// All objects of a front door, in the order in which they are applied. The watched namespace is not among them and must exist.
///
/// The caller must leave out a namespace, an IngressClass and a GatewayClass that exist and that stickyctl doesn't manage.
#[must_use]
pub fn objects(install: &Install) -> Vec<Object> {
    let proxy = match install.door {
        FrontDoor::Nginx => nginx::proxy(install),
        FrontDoor::Traefik => traefik::proxy(install),
        FrontDoor::Gateway => return gateway::objects(install),
    };
    let mut all: Vec<Object> =
        vec![install.namespace().into(), ServiceAccount { metadata: install.within(&install.namespace), ..ServiceAccount::default() }.into()];
    // IngressClasses have no namespace.
    all.extend(rbac::everywhere(install, vec![rbac::rule("networking.k8s.io", &["ingressclasses"], &["get", "list", "watch"])]));
    all.extend(rbac::within(install, &install.namespace, install.name(), proxy.own.clone()));
    all.extend(rbac::within(install, &install.watched, format!("front-door-{}", install.name()), proxy.watched.clone()));
    all.push(install.ingress_class().into());
    all.push(pod::service(install).into());
    all.push(pod::deployment(install, proxy).into());
    all
}

#[cfg(test)]
mod tests;
