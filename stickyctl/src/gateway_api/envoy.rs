//! Envoy Gateway's own policies, for what the standard can't say (`api/v1alpha1` of Envoy Gateway 1.9.1), and how to recognize its
//! proxies.

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

super::kind!(
    /// How Envoy talks to the pods of a route.
    BackendTrafficPolicy, BackendTrafficPolicySpec, PolicyStatus,
    "gateway.envoyproxy.io", "v1alpha1", "BackendTrafficPolicy", "backendtrafficpolicies", NamespaceResourceScope
);

/// Its label on everything that belongs to a Gateway, with the Gateway's name (`internal/gatewayapi/translator.go`).
pub const OWNER: &str = "gateway.envoyproxy.io/owning-gateway-name";
/// The same with the Gateway's namespace.
pub const OWNERS_NAMESPACE: &str = "gateway.envoyproxy.io/owning-gateway-namespace";

/// The port inside its proxies for a listener's: another one below 1024, so that they need no rights (`servicePortToContainerPort` in
/// `internal/gatewayapi/listener.go`, `wellKnownPortShift` in `translator.go`).
#[must_use]
pub const fn container_port(listener: u16) -> u16 {
    if listener < 1_024 { listener + 10_000 } else { listener }
}

/// The object that a policy is for, in the policy's namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRef {
    /// Its API group.
    pub group: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// How Envoy talks to pods.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendTrafficPolicySpec {
    /// The routes that it is for.
    #[serde(default)]
    pub target_refs: Vec<TargetRef>,
    /// How it is merged with a policy of the Gateway; without it, it replaces that policy for its routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_type: Option<String>,
    /// How a pod is selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancer>,
    /// When a request is tried again with another pod; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Time limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<BackendTimeout>,
}

/// When a request is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// What failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_on: Option<RetryOn>,
}

/// What failed before a request is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOn {
    /// `connect-failure`, among others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<String>,
}

/// How a pod is selected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// `ConsistentHash`, among others.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What is hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistent_hash: Option<ConsistentHash>,
}

/// What is hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistentHash {
    /// `Cookie`, among others.
    #[serde(rename = "type")]
    pub kind: String,
    /// The cookie, which Envoy sets if a request has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<HashCookie>,
}

/// The cookie that is hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashCookie {
    /// Its name.
    pub name: String,
    /// Its Max-Age, as a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Further attributes, as in `SameSite: Lax`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// Time limits of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendTimeout {
    /// Those of TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<BackendTcpTimeout>,
    /// Those of HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<BackendHttpTimeout>,
}

/// Time limits of connections to pods, each a duration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendTcpTimeout {
    /// How long a connection may take to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<String>,
}

/// Time limits of requests to pods, each a duration; `0s` switches a limit off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendHttpTimeout {
    /// How long a request or a WebSocket may be silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_idle_timeout: Option<String>,
    /// How long a connection is kept without a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_idle_timeout: Option<String>,
}

/// What controllers say of a policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyStatus {
    /// One for each Gateway that it has an effect on.
    #[serde(default)]
    pub ancestors: Vec<PolicyAncestor>,
}

/// What one controller says of a policy and one Gateway.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAncestor {
    /// The controller that says it.
    pub controller_name: String,
    /// `Accepted`, among others.
    #[serde(default)]
    pub conditions: Vec<Condition>,
}
