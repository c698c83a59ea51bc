//! The Gateway: listeners, and who may attach routes to them.

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::{Deserialize, Serialize};

super::kind!(
    /// Listeners that routes attach to.
    Gateway, GatewaySpec, GatewayStatus, "gateway.networking.k8s.io", "v1", "Gateway", "gateways", NamespaceResourceScope
);

/// What is wanted of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySpec {
    /// The name of its class.
    pub gateway_class_name: String,
    /// The ports that it listens on.
    #[serde(default)]
    pub listeners: Vec<Listener>,
}

/// A port of a Gateway, for some hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    /// A name that is unique within the Gateway; `sectionName` of a route refers to it.
    pub name: String,
    /// The host, perhaps with a wildcard; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The port, 1 to 65535.
    pub port: u16,
    /// `HTTP` or `HTTPS`, among others.
    pub protocol: String,
    /// The certificates, for `HTTPS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTls>,
    /// The routes that may attach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_routes: Option<AllowedRoutes>,
}

/// How a listener ends TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerTls {
    /// Secrets with certificates.
    #[serde(default)]
    pub certificate_refs: Vec<CertificateRef>,
}

/// A Secret with a certificate, in the namespace of the Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRef {
    /// Its name.
    pub name: String,
}

/// Which routes may attach to a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedRoutes {
    /// By their namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<RouteNamespaces>,
}

/// The namespaces whose routes may attach.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteNamespaces {
    /// `Same`, `All` or `Selector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What the controller says of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayStatus {
    /// Where it can be reached.
    #[serde(default)]
    pub addresses: Vec<GatewayAddress>,
    /// `Accepted` and `Programmed`, among others.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The state of each listener.
    #[serde(default)]
    pub listeners: Vec<ListenerStatus>,
}

/// An address of a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayAddress {
    /// An IP address or a host name.
    #[serde(default)]
    pub value: String,
}

/// What the controller says of a listener.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerStatus {
    /// The listener's name.
    pub name: String,
    /// `ResolvedRefs`, among others: whether its certificates are there.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}
