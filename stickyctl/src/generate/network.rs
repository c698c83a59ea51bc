//! NetworkPolicies: only the app reaches Redis, only the front door the app, only the metrics namespace its admin port. If egress is
//! restricted, too, the app reaches only DNS and Redis, and Redis nothing.

use super::meta::{Component, map, meta, redis_name, selector};
use super::service::{ADMIN, HTTP, REDIS, REDIS_PORT};
use crate::spec::StickyApp;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The port of DNS servers.
const DNS: i32 = 53;

pub(super) fn app(spec: &StickyApp) -> NetworkPolicy {
    let networks = spec
        .network_policy
        .allow_from
        .iter()
        .map(|net| NetworkPolicyPeer { ip_block: Some(IPBlock { cidr: net.to_string(), ..IPBlock::default() }), ..NetworkPolicyPeer::default() });
    let site = std::iter::once(namespace(spec.ingress.namespace())).chain(networks).collect();
    let mut rules = vec![rule(HTTP, site)];
    rules.extend(spec.metrics.namespace.as_deref().map(|name| rule(ADMIN, vec![namespace(name)])));
    policy(spec, Component::App, spec.name.clone(), rules, vec![to_dns(), to_redis(spec)])
}

pub(super) fn redis(spec: &StickyApp) -> NetworkPolicy {
    let app = NetworkPolicyPeer { pod_selector: Some(selector(spec, Component::App)), ..NetworkPolicyPeer::default() };
    policy(spec, Component::Redis, redis_name(spec), vec![rule(REDIS, vec![app])], Vec::new())
}

/// DNS servers may run in any namespace, or on the node itself.
fn to_dns() -> NetworkPolicyEgressRule {
    let ports = ["UDP", "TCP"].map(|protocol| port(IntOrString::Int(DNS), protocol));
    NetworkPolicyEgressRule { ports: Some(ports.to_vec()), to: None }
}

/// The Redis of the release, or the port of a Redis elsewhere: a policy knows no host names.
fn to_redis(spec: &StickyApp) -> NetworkPolicyEgressRule {
    let redis = NetworkPolicyPeer { pod_selector: Some(selector(spec, Component::Redis)), ..NetworkPolicyPeer::default() };
    let (to, number) = match &spec.redis.url {
        None => (Some(vec![redis]), IntOrString::String(REDIS.to_owned())),
        Some(url) => (None, IntOrString::Int(port_of(url))),
    };
    NetworkPolicyEgressRule { ports: Some(vec![port(number, "TCP")]), to }
}

/// The port in the URL of a Redis, or the usual one.
fn port_of(url: &str) -> i32 {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    // The colons of an IPv6 address are in brackets.
    authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(REDIS_PORT)
}

/// All pods of a namespace; the API server itself sets the label.
fn namespace(name: &str) -> NetworkPolicyPeer {
    let labels = map([("kubernetes.io/metadata.name", name)]);
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }),
        ..NetworkPolicyPeer::default()
    }
}

fn rule(name: &str, from: Vec<NetworkPolicyPeer>) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![port(IntOrString::String(name.to_owned()), "TCP")]) }
}

/// The default protocol is spelled out: server-side apply treats the list of rules as one value, and the one that the API server completes
/// would differ from ours for every other field manager.
fn port(port: IntOrString, protocol: &str) -> NetworkPolicyPort {
    NetworkPolicyPort { port: Some(port), protocol: Some(protocol.to_owned()), ..NetworkPolicyPort::default() }
}

fn policy(
    spec: &StickyApp,
    component: Component,
    name: String,
    from: Vec<NetworkPolicyIngressRule>,
    to: Vec<NetworkPolicyEgressRule>,
) -> NetworkPolicy {
    let restricts = spec.network_policy.restrict_egress;
    let types = if restricts { &["Ingress", "Egress"][..] } else { &["Ingress"] };
    NetworkPolicy {
        metadata: meta(spec, component, name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(selector(spec, component)),
            policy_types: Some(types.iter().map(|word| (*word).to_owned()).collect()),
            ingress: Some(from),
            // Without any rule nothing may leave.
            egress: Some(to).filter(|to| restricts && !to.is_empty()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_a_redis_elsewhere() {
        for (url, port) in [
            ("redis://r", 6_379),
            ("rediss://app@cache.example:6380/1?a=b:99", 6_380),
            ("redis://[2001:db8::1]", 6_379),
            ("redis://[2001:db8::1]:7000/", 7_000),
        ] {
            assert_eq!(port_of(url), port, "{url}");
        }
    }
}
