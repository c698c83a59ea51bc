//! A route's objects for a front door that reads ingress-nginx's annotations.

use super::route::{Affinity, Route, Sticky, is_regex};
use serde_json::{Map, Value, json};

const PREFIX: &str = "nginx.ingress.kubernetes.io";
type Annotations = Vec<(String, String)>;

/// The Ingresses of a route.
pub(super) fn objects(class: &str, host: &str, route: &Route) -> Vec<Value> {
    let mut own = annotations(&route.affinity);
    if route.upstream {
        own.push(pair("service-upstream", "true"));
    }
    let canary = route.canary.as_ref().map(|service| {
        let canary = Route { name: service.clone(), rules: vec![("/".into(), service.clone())], ..route.clone() };
        let mut own = own.clone();
        own.extend([pair("canary", "true"), pair("canary-weight", "50")]);
        ingress(class, host, &canary, own)
    });
    std::iter::once(ingress(class, host, route, own)).chain(canary).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn annotations(affinity: &Affinity) -> Annotations {
    match affinity {
        Affinity::Off => Vec::new(),
        Affinity::Case(case) => case.annotations.clone().into_iter().collect(),
        Affinity::Sticky(Sticky { mode, name, path, change }) => {
            let more = [
                mode.map(|mode| pair("affinity-mode", mode.word())),
                name.as_deref().map(|name| pair("session-cookie-name", name)),
                path.as_deref().map(|path| pair("session-cookie-path", path)),
                change.then(|| pair("session-cookie-change-on-failure", "true")),
            ];
            std::iter::once(pair("affinity", "cookie")).chain(more.into_iter().flatten()).collect()
        }
    }
}

fn ingress(class: &str, host: &str, route: &Route, annotations: Annotations) -> Value {
    let paths = route.rules.iter().map(|(path, service)| {
        let kind = if is_regex(path) { "ImplementationSpecific" } else { "Prefix" };
        json!({"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}})
    });
    let mut spec = json!({"ingressClassName": class, "rules": [{"host": host, "http": {"paths": paths.collect::<Vec<_>>()}}]});
    if let Some(secret) = &route.secret {
        spec["tls"] = json!([{"hosts": [host], "secretName": secret}]);
    }
    let annotations: Map<_, _> = annotations.into_iter().map(|(key, value)| (format!("{PREFIX}/{key}"), json!(value))).collect();
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": route.name, "annotations": annotations}, "spec": spec})
}
