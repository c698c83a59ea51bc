//! A front door to install: its options, and the names and labels derived from them.

use crate::generate::meta::{map, pairs};
use crate::spec::StickyApp;
use crate::spec::gateway::{self, ENVOY_DOMAIN};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::{IngressClass, IngressClassSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// The version of ingress-nginx to install: the last release of the project.
pub const NGINX: &str = "1.15.1";
/// The digest of its image, for all platforms, as in the project's own `deploy.yaml`.
const NGINX_DIGEST: &str = "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1";
/// The version of Envoy Gateway to install.
pub const ENVOY_GATEWAY: &str = "1.9.1";
/// The version of Traefik to install.
pub const TRAEFIK: &str = "3.6.12";

/// The label of a node whose ports 80 and 443 a front door may take; its value is `true`.
pub const INGRESS_READY: &str = "ingress-ready";
/// The value of `app.kubernetes.io/component` on all objects of an installed door, including its pods.
pub const COMPONENT: &str = "front-door";

/// The usual IngressClass and its controller.
const USUAL: (&str, &str) = ("nginx", "k8s.io/ingress-nginx");
/// The usual GatewayClass and its controller, as in Envoy Gateway's own quickstart.
const USUAL_OF_GATEWAYS: (&str, &str) = ("eg", gateway::ENVOY_GATEWAY);
/// The name of Envoy Gateway's Deployment, Service, ServiceAccount and Roles.
pub(super) const ENVOY_GATEWAY_NAME: &str = "envoy-gateway";

/// A front door to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// `ingress.frontDoor` in the spec.
    pub door: FrontDoor,
    /// The IngressClass or GatewayClass that it serves.
    pub class: String,
    /// The namespace that it runs in.
    pub namespace: String,
    /// The only namespace whose Ingresses or Gateways, Services and Secrets it reads. It must exist, because a Role is created in it.
    pub watched: String,
    /// Whether it takes the ports 80 and 443 of a node with the label [`INGRESS_READY`].
    pub exposed: bool,
}

impl Install {
    /// The front door for a release.
    #[must_use]
    pub fn of(spec: &StickyApp, exposed: bool) -> Self {
        Self {
            door: spec.ingress.front_door,
            class: spec.class().to_owned(),
            namespace: spec.ingress.namespace().to_owned(),
            watched: spec.namespace.clone(),
            exposed,
        }
    }

    /// The name of its Deployment, Service, ServiceAccount and Roles. For the usual class it is the usual one, so that the usual commands
    /// work; for another class it contains the class, so that two doors fit into one namespace. Envoy Gateway always has the usual one.
    #[must_use]
    pub fn name(&self) -> String {
        if self.door == FrontDoor::Gateway { ENVOY_GATEWAY_NAME.to_owned() } else { self.instance() }
    }

    /// The value of the label `app.kubernetes.io/instance` on all its objects: the usual name, and the class unless it is the usual one.
    #[must_use]
    pub fn instance(&self) -> String {
        let usual = match self.door {
            FrontDoor::Nginx => "ingress-nginx-controller",
            FrontDoor::Traefik => "traefik",
            FrontDoor::Gateway => ENVOY_GATEWAY_NAME,
        };
        if self.class == self.usual().0 {
            return usual.to_owned();
        }
        // A Service's name has no dots and at most 63 characters.
        let mut name = format!("{usual}-{}", self.class.replace('.', "-"));
        name.truncate(63);
        name.trim_end_matches('-').to_owned()
    }

    /// The namespaces that Envoy Gateway watches: the release's and its own.
    pub(super) fn namespaces(&self) -> Vec<&str> {
        let mut all = vec![self.watched.as_str(), &self.namespace];
        all.dedup();
        all
    }

    fn usual(&self) -> (&'static str, &'static str) {
        if self.door == FrontDoor::Gateway { USUAL_OF_GATEWAYS } else { USUAL }
    }

    /// The controller in the class and in the door's arguments or configuration.
    #[must_use]
    pub fn controller(&self) -> String {
        match (self.class == self.usual().0, self.door) {
            (true, _) => self.usual().1.to_owned(),
            (false, FrontDoor::Gateway) => format!("{ENVOY_DOMAIN}/stickyctl-{}", self.class),
            (false, _) => format!("stickyctl.dev/{}", self.class),
        }
    }

    /// The address in the status of each Ingress: the local one, as in kind's variant of ingress-nginx, or that of the Service.
    pub(super) fn published(&self) -> String {
        if self.exposed { "localhost".to_owned() } else { format!("{}.{}.svc", self.name(), self.namespace) }
    }

    #[must_use]
    pub(super) fn image(&self) -> String {
        match self.door {
            FrontDoor::Nginx => format!("registry.k8s.io/ingress-nginx/controller:v{NGINX}@{NGINX_DIGEST}"),
            FrontDoor::Traefik => format!("docker.io/library/traefik:v{TRAEFIK}"),
            FrontDoor::Gateway => format!("docker.io/envoyproxy/gateway:v{ENVOY_GATEWAY}"),
        }
    }

    pub(super) fn selector(&self) -> BTreeMap<String, String> {
        map([
            ("app.kubernetes.io/name", "sticky-sessions"),
            ("app.kubernetes.io/instance", &self.instance()),
            ("app.kubernetes.io/component", COMPONENT),
        ])
    }

    /// A selector for its pods, as in `a=b,c=d`.
    #[must_use]
    pub fn selector_text(&self) -> String {
        pairs(&self.selector())
    }

    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.selector();
        labels.insert("app.kubernetes.io/managed-by".to_owned(), "stickyctl".to_owned());
        labels
    }

    /// Metadata of an object without a namespace.
    pub(super) fn of_cluster(&self, name: String) -> ObjectMeta {
        ObjectMeta { name: Some(name), labels: Some(self.labels()), ..ObjectMeta::default() }
    }

    /// Metadata of an object in one of the two namespaces.
    pub(super) fn within(&self, namespace: &str) -> ObjectMeta {
        ObjectMeta { namespace: Some(namespace.to_owned()), ..self.of_cluster(self.name()) }
    }

    pub(super) fn namespace(&self) -> Namespace {
        // A host port is more than "baseline" admits. Without one the pods keep to "restricted".
        let level = if self.exposed { "privileged" } else { "restricted" };
        let mut metadata = self.of_cluster(self.namespace.clone());
        metadata.labels.get_or_insert_default().insert("pod-security.kubernetes.io/enforce".to_owned(), level.to_owned());
        Namespace { metadata, ..Namespace::default() }
    }

    pub(super) fn ingress_class(&self) -> IngressClass {
        let spec = IngressClassSpec { controller: Some(self.controller()), ..IngressClassSpec::default() };
        IngressClass { metadata: self.of_cluster(self.class.clone()), spec: Some(spec) }
    }
}
