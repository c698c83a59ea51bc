//! What an Ingress says of the way to an application. No I/O.

use super::lead::Lead;
use super::path::{Compared, concrete};
use super::{host, promise};
use crate::cluster::doors::detect::OLD_CLASS;
use crate::cluster::release::Place;
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressBackend, IngressServiceBackend, IngressSpec, IngressTLS};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Each of these makes every path of an Ingress a regular expression: of ingress-nginx (its user guide, "Ingress Path Matching"), which
/// Traefik's provider of its name follows.
const REGEX: [&str; 2] = ["nginx.ingress.kubernetes.io/use-regex", "nginx.ingress.kubernetes.io/rewrite-target"];
/// Of Traefik's own provider (`pkg/provider/kubernetes/ingress/annotations.go`).
const MATCHER: &str = "traefik.ingress.kubernetes.io/router.pathmatcher";
const ROUTER_TLS: &str = "traefik.ingress.kubernetes.io/router.tls";
const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";

/// How an Ingress names its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// By `ingressClassName`, which goes before the annotation.
    Named(String),
    /// By the annotation that came before it.
    Annotated(String),
    /// In neither way.
    Neither,
}

impl Class {
    pub(super) fn of(ingress: &Ingress) -> Self {
        let named = spec(ingress).and_then(|spec| spec.ingress_class_name.clone()).filter(|name| !name.is_empty());
        let old = || annotation(ingress, OLD_CLASS).map(str::to_owned);
        named.map(Self::Named).or_else(|| old().map(Self::Annotated)).unwrap_or(Self::Neither)
    }
}

/// The way to the Service with a name, or to that of the first rule. `Err` is what there is instead.
pub(super) fn lead(ingress: &Ingress, service: Option<&str>) -> Result<Lead, String> {
    let namespace = ingress.metadata.namespace.clone().unwrap_or_default();
    let spec = spec(ingress).ok_or("has no spec")?;
    let wanted = |backend: &&IngressServiceBackend| service.is_none_or(|name| backend.name == name);
    let (rule_host, path, backend) = paths(spec)
        .find_map(|(host, path)| Some((host, Some(path), path.backend.service.as_ref().filter(wanted)?)))
        .or_else(|| Some((None, None, spec.default_backend.as_ref()?.service.as_ref().filter(wanted)?)))
        .ok_or_else(|| instead(spec))?;
    let compared = compared(ingress);
    let path = path.and_then(|path| path.path.as_deref()).unwrap_or_default();
    Ok(Lead {
        tls: is_tls(ingress, spec, rule_host),
        host: rule_host.map(host::concrete),
        path: concrete(path, compared).ok_or_else(|| path.to_owned()),
        service: Place { name: backend.name.clone(), namespace },
        port: backend.port.as_ref().and_then(|port| port.number.map(IntOrString::Int).or_else(|| port.name.clone().map(IntOrString::String))),
        promise: promise::of_ingress(ingress),
        others: Vec::new(),
    })
}

/// Whether an Ingress leads to a Service of its namespace.
pub(super) fn leads_to(ingress: &Ingress, service: &str) -> bool {
    lead(ingress, Some(service)).is_ok()
}

fn spec(ingress: &Ingress) -> Option<&IngressSpec> {
    ingress.spec.as_ref()
}

fn annotation<'a>(ingress: &'a Ingress, key: &str) -> Option<&'a str> {
    ingress.metadata.annotations.as_ref()?.get(key).map(String::as_str).filter(|value| !value.is_empty())
}

fn paths(spec: &IngressSpec) -> impl Iterator<Item = (Option<&str>, &HTTPIngressPath)> {
    spec.rules.iter().flatten().flat_map(|rule| {
        let host = rule.host.as_deref().filter(|host| !host.is_empty());
        rule.http.iter().flat_map(|http| &http.paths).map(move |path| (host, path))
    })
}

fn compared(ingress: &Ingress) -> Compared {
    let is_regex = annotation(ingress, REGEX[0]) == Some("true")
        || annotation(ingress, REGEX[1]).is_some()
        || annotation(ingress, MATCHER).is_some_and(|matcher| matcher.eq_ignore_ascii_case("PathRegexp"));
    if is_regex { Compared::FromStart } else { Compared::Literally }
}

fn is_tls(ingress: &Ingress, spec: &IngressSpec, host: Option<&str>) -> bool {
    let covers = |tls: &IngressTLS| {
        let hosts = tls.hosts.iter().flatten();
        tls.hosts.as_ref().is_none_or(Vec::is_empty) || host.is_none_or(|host| hosts.clone().any(|own| host::matches(own, host)))
    };
    let by_traefik = || {
        let is_secure = |points: &str| points.split(',').any(|point| point.trim() == "websecure");
        annotation(ingress, ROUTER_TLS) == Some("true") || annotation(ingress, ENTRY_POINTS).is_some_and(is_secure)
    };
    spec.tls.iter().flatten().any(covers) || by_traefik()
}

fn instead(spec: &IngressSpec) -> String {
    let resource = |backend: &IngressBackend| backend.resource.as_ref().map(|resource| format!("{} {}", resource.kind, resource.name));
    let mut backends = paths(spec).map(|(_, path)| &path.backend).chain(&spec.default_backend);
    match backends.find_map(resource) {
        Some(resource) => format!("leads to {resource}"),
        None => "has no rule with a backend".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn ingress(annotations: Value, spec: Value) -> Ingress {
        serde_json::from_value(json!({"metadata": {"name": "shop", "namespace": "n", "annotations": annotations}, "spec": spec})).unwrap()
    }

    fn path(path: &str, service: &str) -> Value {
        json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}})
    }

    #[test]
    fn the_first_rule_or_that_of_the_service() {
        let rules = json!([
            {"host": "*.shop.example", "http": {"paths": [path("/app", "front"), path("/api", "back")]}},
            {"http": {"paths": [path("", "any")]}},
        ]);
        let shop = ingress(json!({}), json!({"rules": rules, "tls": [{"hosts": ["*.shop.example"]}]}));
        let seen = |service| {
            let lead = lead(&shop, service).unwrap();
            (lead.host, lead.path.unwrap(), lead.tls, lead.service.name)
        };
        let host = Some("any.shop.example".to_owned());
        assert_eq!(seen(None), (host.clone(), "/app".to_owned(), true, "front".to_owned()));
        assert_eq!(seen(Some("back")), (host, "/api".to_owned(), true, "back".to_owned()));
        assert_eq!(seen(Some("any")), (None, "/".to_owned(), true, "any".to_owned()));
        assert!(!leads_to(&shop, "other") && leads_to(&shop, "back"));
    }

    #[test]
    fn without_rules() {
        let backend = json!({"service": {"name": "all", "port": {"name": "http"}}});
        let only = lead(&ingress(json!({}), json!({"defaultBackend": backend})), None).unwrap();
        assert_eq!((only.service.name.as_str(), only.host, only.path), ("all", None, Ok("/".to_owned())));
        assert_eq!(only.port, Some(IntOrString::String("http".to_owned())));
        let resource = json!({"resource": {"apiGroup": "k8s.example", "kind": "Bucket", "name": "b"}});
        assert_eq!(lead(&ingress(json!({}), json!({"defaultBackend": resource})), None).unwrap_err(), "leads to Bucket b");
        assert_eq!(lead(&ingress(json!({}), json!({"rules": [{"host": "a"}]})), None).unwrap_err(), "has no rule with a backend");
    }

    #[test]
    fn regular_expressions() {
        let of = |annotations: Value, text: &str| {
            lead(&ingress(annotations, json!({"rules": [{"http": {"paths": [path(text, "s")]}}]})), None).unwrap().path
        };
        let regex = json!({REGEX[0]: "true"});
        assert_eq!(of(regex.clone(), "/app(/|$)(.*)"), Ok("/app".to_owned()));
        assert_eq!(of(json!({REGEX[1]: "/$2"}), "/app/(.+)"), Ok("/app/a".to_owned()));
        assert_eq!(of(json!({MATCHER: "PathRegexp"}), "/[0-9]+"), Ok("/1".to_owned()));
        assert_eq!(of(json!({}), "/app(/|$)(.*)"), Ok("/app(/|$)(.*)".to_owned()), "literally");
        assert_eq!(of(regex, "/[0-9]{8}"), Err("/[0-9]{8}".to_owned()));
    }

    #[test]
    fn tls_is_by_host() {
        let tls = |annotations: Value, hosts: Value| {
            let spec = json!({"rules": [{"host": "a.example", "http": {"paths": [path("/", "s")]}}], "tls": [{"hosts": hosts}]});
            lead(&ingress(annotations, spec), None).unwrap().tls
        };
        assert!(tls(json!({}), json!(["b.example", "a.example"])) && tls(json!({}), json!(["*.example"])) && tls(json!({}), json!([])));
        assert!(!tls(json!({}), json!(["b.example"])));
        assert!(tls(json!({ROUTER_TLS: "true"}), json!(["b.example"])) && tls(json!({ENTRY_POINTS: "web, websecure"}), json!(["b.example"])));
    }

    #[test]
    fn classes() {
        let class = |annotations: Value, name: Value| Class::of(&ingress(annotations, json!({"ingressClassName": name})));
        let old = json!({OLD_CLASS: "old"});
        assert_eq!(class(old.clone(), json!("new")), Class::Named("new".to_owned()));
        assert_eq!(class(old, Value::Null), Class::Annotated("old".to_owned()));
        assert_eq!(class(json!({}), Value::Null), Class::Neither);
    }
}
