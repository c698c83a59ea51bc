//! NetworkPolicies: only the app reaches Redis, only the front door the app, only the metrics namespace its admin port.

use super::meta::{Component, map, meta, redis_name, selector};
use super::service::{ADMIN, HTTP, REDIS};
use crate::spec::StickyApp;
use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub(super) fn app(spec: &StickyApp) -> NetworkPolicy {
    let networks = spec
        .network_policy
        .allow_from
        .iter()
        .map(|net| NetworkPolicyPeer { ip_block: Some(IPBlock { cidr: net.to_string(), ..IPBlock::default() }), ..NetworkPolicyPeer::default() });
    let site = std::iter::once(namespace(spec.ingress.namespace())).chain(networks).collect();
    let mut rules = vec![rule(HTTP, site)];
    rules.extend(spec.metrics.namespace.as_deref().map(|name| rule(ADMIN, vec![namespace(name)])));
    policy(spec, Component::App, spec.name.clone(), rules)
}

pub(super) fn redis(spec: &StickyApp) -> NetworkPolicy {
    let app = NetworkPolicyPeer { pod_selector: Some(selector(spec, Component::App)), ..NetworkPolicyPeer::default() };
    policy(spec, Component::Redis, redis_name(spec), vec![rule(REDIS, vec![app])])
}

/// All pods of a namespace; the API server itself sets the label.
fn namespace(name: &str) -> NetworkPolicyPeer {
    let labels = map([("kubernetes.io/metadata.name", name)]);
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }),
        ..NetworkPolicyPeer::default()
    }
}

fn rule(port: &str, from: Vec<NetworkPolicyPeer>) -> NetworkPolicyIngressRule {
    // The default protocol is spelled out: server-side apply treats the list of rules as one value, and the one that the API server
    // completes would differ from ours for every other field manager.
    let port =
        NetworkPolicyPort { port: Some(IntOrString::String(port.to_owned())), protocol: Some("TCP".to_owned()), ..NetworkPolicyPort::default() };
    NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![port]) }
}

fn policy(spec: &StickyApp, component: Component, name: String, rules: Vec<NetworkPolicyIngressRule>) -> NetworkPolicy {
    NetworkPolicy {
        metadata: meta(spec, component, name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(spec, component)),
            policy_types: Some(vec!["Ingress".to_owned()]),
            ingress: Some(rules),
            ..NetworkPolicySpec::default()
        }),
    }
}
