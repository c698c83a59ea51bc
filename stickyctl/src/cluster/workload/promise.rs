//! What a front door promises about the sessions of a route. No I/O.

use crate::cluster::doors::{Found, Proxy};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::networking::v1::Ingress;
use sticky_affinity::promise::Promise;

const PREFIX: &str = "nginx.ingress.kubernetes.io";

/// What an Ingress asks for in the annotations of ingress-nginx (`internal/ingress/annotations/sessionaffinity`): a ring unless it says
/// `persistent`.
pub(super) fn of_ingress(ingress: &Ingress) -> Option<Promise> {
    let value =
        |key: &str| ingress.metadata.annotations.as_ref()?.get(&format!("{PREFIX}/{key}")).map(String::as_str).filter(|value| !value.is_empty());
    match (value("affinity"), value("affinity-mode")) {
        (Some("cookie"), Some("persistent")) => Some(Promise::Persistent),
        (Some("cookie"), _) => Some(Promise::Ring),
        _ => value("upstream-hash-by").map(|_| Promise::Ring),
    }
}

/// What the front door makes of it. Traefik has no ring, and the cookies of HAProxy name a server.
pub(super) const fn kept(door: &Found, asked: Option<Promise>) -> Promise {
    match (door.proxy, asked) {
        (Proxy::Door(FrontDoor::Traefik) | Proxy::OtherTraefik | Proxy::HaproxyIngress | Proxy::Haproxytech, _) => Promise::Persistent,
        (Proxy::Door(FrontDoor::Nginx | FrontDoor::Gateway), Some(promise)) => promise,
        _ => Promise::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn annotations_of_ingress_nginx() {
        let asked = |annotations: Value| of_ingress(&serde_json::from_value(json!({"metadata": {"annotations": annotations}})).unwrap());
        let key = |name: &str| format!("{PREFIX}/{name}");
        assert_eq!(asked(json!({key("affinity"): "cookie"})), Some(Promise::Ring));
        assert_eq!(asked(json!({key("affinity"): "cookie", key("affinity-mode"): "persistent"})), Some(Promise::Persistent));
        assert_eq!(asked(json!({key("affinity-mode"): "persistent"})), None, "without affinity");
        assert_eq!(asked(json!({key("upstream-hash-by"): "$arg_a"})), Some(Promise::Ring));
    }
}
