//! The Gateway, for a front door of the Gateway API.

use super::version::Version;
use super::words::{Controller, Host, Label, Subdomain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the Gateway API whose CRDs are assumed if none is named: the one that Envoy Gateway 1.9.1 comes with.
pub const API: Version = Version(1, 6, 1);
/// The domain in the controller names of Envoy Gateway, which lets its users choose the rest.
pub const ENVOY_DOMAIN: &str = "gateway.envoyproxy.io";
/// The controller of the classes that Envoy Gateway's own documents create.
pub const ENVOY_GATEWAY: &str = "gateway.envoyproxy.io/gatewayclass-controller";
/// The name of the plain listener of the Gateway that is created for a release.
pub const HTTP: &str = "http";
/// The name of its listener with TLS.
pub const HTTPS: &str = "https";

/// The Gateway that the route attaches to; used with `ingress.frontDoor: gateway` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Gateway {
    /// The GatewayClass.
    #[schemars(with = "Subdomain")]
    pub class: String,
    /// The class's controller, as its `spec.controllerName` names it. Envoy Gateway also gets a policy, for what the standard can't
    /// say; `up` reads the controller from the cluster.
    #[schemars(with = "Controller")]
    pub controller: String,
    /// An existing Gateway to attach to; if left out, one is created for the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub name: Option<String>,
    /// The namespace of the existing Gateway; if left out, the release's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Label>")]
    pub namespace: Option<String>,
    /// The listener of the Gateway; if left out, every listener that allows the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Subdomain>")]
    pub section: Option<String>,
    /// Host names of the route beside `ingress.host`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Host>")]
    pub hostnames: Vec<String>,
    /// The version of the Gateway API's CRDs, which decides how session persistence is written; `up` reads it from the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Version>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            class: "eg".to_owned(),
            controller: ENVOY_GATEWAY.to_owned(),
            name: None,
            namespace: None,
            section: None,
            hostnames: Vec::new(),
            api: None,
        }
    }
}

impl Gateway {
    /// Whether the controller is Envoy Gateway, whatever its class's controller is called.
    #[must_use]
    pub fn is_envoy(&self) -> bool {
        domain(&self.controller) == ENVOY_DOMAIN
    }
}

/// What stands before the first slash of a controller's name; it tells the implementation.
#[must_use]
pub fn domain(controller: &str) -> &str {
    controller.split_once('/').map_or(controller, |(domain, _)| domain)
}
