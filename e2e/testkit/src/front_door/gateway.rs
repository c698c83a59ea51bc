//! A route's objects for Envoy Gateway: an HTTPRoute, and a policy for what the Gateway API has no field for.

use super::facts::{COOKIE, GatewayCase, HashedCookie};
use super::route::{Affinity, Mode, Route, Sticky, is_regex};
use serde_json::{Map, Value, json};

/// The HTTPRoute of a route, and its BackendTrafficPolicy if it needs one.
pub(super) fn objects(gateway: &str, host: &str, route: &Route) -> Vec<Value> {
    let (session, mut policy) = affinity(&route.affinity);
    if route.upstream {
        policy.insert("routingType".into(), json!("Service"));
    }
    if let Some(idle) = route.limits.idle {
        policy.insert("timeout".into(), json!({"http": {"streamIdleTimeout": idle}}));
    }
    let rules: Vec<Value> = route
        .rules
        .iter()
        .map(|(path, service)| {
            let kind = if is_regex(path) { "RegularExpression" } else { "PathPrefix" };
            let backends = std::iter::once(service).chain(&route.canary).map(|name| json!({"name": name, "port": 80, "weight": 1}));
            let mut rule = json!({"matches": [{"path": {"type": kind, "value": path}}], "backendRefs": backends.collect::<Vec<_>>()});
            if let Some(session) = &session {
                rule["sessionPersistence"] = session.clone();
            }
            if let Some(request) = route.limits.request {
                rule["timeouts"] = json!({"request": request});
            }
            rule
        })
        .collect();
    let mut all = Vec::new();
    // First, because a route works at once, and a policy that comes later changes it while it is observed.
    if !policy.is_empty() {
        policy.insert("targetRefs".into(), json!([{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route.name}]));
        all.push(json!({
            "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "BackendTrafficPolicy", "metadata": {"name": route.name}, "spec": policy,
        }));
    }
    all.push(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": route.name},
        "spec": {"parentRefs": [{"name": gateway}], "hostnames": [host], "rules": rules},
    }));
    all
}

/// `sessionPersistence` of the route's rules, and its policy's spec without the target.
fn affinity(affinity: &Affinity) -> (Option<Value>, Map<String, Value>) {
    let mut policy = Map::new();
    let session = match affinity {
        Affinity::Off => None,
        Affinity::Sticky(Sticky { mode, name, change, .. }) => {
            if *change {
                policy.insert("retry".into(), json!({"numRetries": 2, "retryOn": {"triggers": ["connect-failure"]}}));
            }
            let name = name.as_deref().unwrap_or(COOKIE);
            if *mode == Some(Mode::Balanced) {
                policy.insert("loadBalancer".into(), hashed(&HashedCookie { name: name.to_owned(), ..HashedCookie::default() }));
                None
            } else {
                Some(json!({"sessionName": name}))
            }
        }
        Affinity::Case(case) => match &case.gateway {
            Some(GatewayCase::Session(session)) => Some(json!(session)),
            Some(GatewayCase::Hash(cookie)) => {
                policy.insert("loadBalancer".into(), hashed(cookie));
                None
            }
            Some(GatewayCase::Policy(spec)) => {
                policy.extend(spec.clone());
                None
            }
            None => None,
        },
    };
    (session, policy)
}

/// A load balancer that hashes a cookie. Without a `ttl`, Envoy hashes a cookie that somebody else sets; with `0s`, it sets one for the
/// browser's session.
fn hashed(cookie: &HashedCookie) -> Value {
    json!({"type": "ConsistentHash", "consistentHash": {"type": "Cookie", "cookie": cookie}})
}
