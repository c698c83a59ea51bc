//! What Envoy Gateway may do, from the watches in its `internal/provider/kubernetes/controller.go` and `kubernetes.go` and the calls in its
//! `internal/infrastructure/kubernetes`. Its chart grants more.

use super::super::choice::Install;
use super::super::rbac::rule;
use super::certificates::HMAC;
use k8s_openapi::api::rbac::v1::PolicyRule;

const READ: &[&str] = &["list", "watch"];
/// It reads an object again, past its cache, before it writes the status (`status_updater.go`).
const READ_AGAIN: &[&str] = &["get", "list", "watch"];
const GATEWAY: &str = "gateway.networking.k8s.io";
const ENVOY: &str = "gateway.envoyproxy.io";

/// Rights in the whole cluster. Nodes are read for the addresses of Services of type NodePort, Namespaces for listeners that select
/// routes by them.
pub(super) fn everywhere(install: &Install) -> Vec<PolicyRule> {
    let own = |rule: PolicyRule| PolicyRule { resource_names: Some(vec![install.class.clone()]), ..rule };
    vec![
        rule("", &["namespaces", "nodes"], READ),
        rule(GATEWAY, &["gatewayclasses"], READ_AGAIN),
        // Its finalizer.
        own(rule(GATEWAY, &["gatewayclasses"], &["patch"])),
        own(rule(GATEWAY, &["gatewayclasses/status"], &["update"])),
    ]
}

/// Rights in its own namespace beside [`watched`]: the proxies' objects.
pub(super) fn own() -> Vec<PolicyRule> {
    let managed = &["create", "delete", "deletecollection", "list", "patch", "watch"];
    // It creates none of these with the settings here, but always deletes what is left of them.
    let absent = &["deletecollection", "list", "watch"];
    vec![
        rule("", &["configmaps", "serviceaccounts", "services"], managed),
        rule("apps", &["deployments"], managed),
        rule("apps", &["daemonsets"], absent),
        rule("autoscaling", &["horizontalpodautoscalers"], absent),
        rule("policy", &["poddisruptionbudgets"], absent),
        // Read once, past the cache, for the key of its cache of Wasm modules.
        PolicyRule { resource_names: Some(vec![HMAC.to_owned()]), ..rule("", &["secrets"], &["get"]) },
    ]
}

/// Rights in each namespace that it watches. It lists EnvoyPatchPolicies though they are switched off, if the cluster has the kind.
pub(super) fn watched() -> Vec<PolicyRule> {
    let routes = &["backendtlspolicies", "grpcroutes", "listenersets", "referencegrants", "tcproutes", "tlsroutes", "udproutes"];
    let policies = &["envoyextensionpolicies", "envoypatchpolicies", "envoyproxies", "httproutefilters", "securitypolicies"];
    vec![
        rule("", &["configmaps", "secrets", "services"], READ),
        rule("discovery.k8s.io", &["endpointslices"], READ),
        rule("multicluster.x-k8s.io", &["serviceimports"], READ),
        rule(GATEWAY, routes, READ),
        rule(GATEWAY, &["gateways", "httproutes"], READ_AGAIN),
        rule(GATEWAY, &["gateways/status", "httproutes/status"], &["update"]),
        rule(ENVOY, policies, READ),
        rule(ENVOY, &["backendtrafficpolicies", "clienttrafficpolicies"], READ_AGAIN),
        rule(ENVOY, &["backendtrafficpolicies/status", "clienttrafficpolicies/status"], &["update"]),
    ]
}
