//! The pods that carry a Gateway's traffic, and their port for plain HTTP. No I/O.

use crate::cluster::doors::detect::counts;
use crate::cluster::doors::options::{Options, version, words};
use crate::cluster::release::Place;
use crate::gateway_api::envoy::{OWNER, OWNERS_NAMESPACE, container_port};
use crate::gateway_api::{Gateway, Listener};
use crate::generate::meta::pairs;
use crate::spec::gateway::{ENVOY_DOMAIN, domain};
use k8s_openapi::api::core::v1::{Container, Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The domain in the controller name of Traefik's provider for the Gateway API.
const TRAEFIK_DOMAIN: &str = "traefik.io";
/// Envoy Gateway's label if one set of proxies serves all Gateways of a class (`mergeGateways` in its EnvoyProxy).
const CLASS: &str = "gateway.envoyproxy.io/owning-gatewayclass";
/// The standard's label on what an implementation creates for a Gateway, in the Gateway's namespace (GEP-1762).
const STANDARD: &str = "gateway.networking.k8s.io/gateway-name";

/// Pods of a Gateway, and the labels that select them and their Service.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Proxies {
    pub(super) pods: Vec<Pod>,
    pub(super) namespace: String,
    pub(super) selector: String,
    /// Whether the labels are Envoy Gateway's.
    is_envoys: bool,
}

/// The pods of a Gateway; `None` if no pod is marked as one of its. Newest ready pods don't come first: the caller sorts.
pub(super) fn of(pods: &[Pod], gateway: &Place, class: &str, controller: &str) -> Option<Proxies> {
    let envoys = [(OWNER, gateway.name.as_str()), (OWNERS_NAMESPACE, &gateway.namespace)];
    let is_traefiks = domain(controller) == TRAEFIK_DOMAIN;
    let running = || pods.iter().filter(|pod| counts(pod));
    let labelled = |labels: &[(&str, &str)], is_envoys| {
        let has = |pod: &&Pod| labels.iter().all(|(key, value)| label(pod, key) == Some(*value));
        let of_namespace = |pod: &&Pod| is_envoys || pod.metadata.namespace.as_deref() == Some(&gateway.namespace);
        let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
        found(running().filter(has).filter(of_namespace).cloned().collect(), selector, is_envoys)
    };
    labelled(&envoys, true)
        .or_else(|| labelled(&[(CLASS, class)], true))
        .or_else(|| labelled(&[(STANDARD, &gateway.name)], false))
        .or_else(|| traefik(running().filter(|_| is_traefiks)))
}

/// All in the namespace of the first: a Gateway has its pods in one.
fn found(mut pods: Vec<Pod>, selector: String, is_envoys: bool) -> Option<Proxies> {
    let namespace = pods.first()?.metadata.namespace.clone().unwrap_or_default();
    pods.retain(|pod| pod.metadata.namespace.as_deref() == Some(&namespace));
    Some(Proxies { pods, namespace, selector, is_envoys })
}

/// Traefik serves all Gateways from its own pods, which no label tells apart from others.
fn traefik<'a>(pods: impl Iterator<Item = &'a Pod>) -> Option<Proxies> {
    let all: Vec<Pod> = pods.filter(|pod| containers(pod).iter().any(is_traefik)).cloned().collect();
    let mut labels = all.first()?.metadata.labels.clone().unwrap_or_default();
    // Those of one revision only.
    labels.retain(|key, _| !["pod-template-hash", "controller-revision-hash", "pod-template-generation"].contains(&key.as_str()));
    found(all, pairs(&labels), false)
}

/// Whether Traefik's provider for the Gateway API is on (`pkg/config/static/static_config.go`).
fn is_traefik(container: &Container) -> bool {
    Options::of_traefik(container).has_part("providers.kubernetesgateway")
}

/// A controller's version, from the tag of its image, and its namespace. Envoy Gateway's own image runs beside each of its proxies too,
/// as the shutdown manager.
pub(super) fn controller(controller: &str, pods: &[Pod]) -> Option<(Option<String>, String)> {
    let is_its = |container: &&Container| match domain(controller) {
        ENVOY_DOMAIN => words(container).any(|word| word.rsplit('/').next() == Some("envoy-gateway")) || named(container, "gateway"),
        TRAEFIK_DOMAIN => is_traefik(container),
        _ => false,
    };
    let all = pods.iter().filter(|pod| counts(pod)).flat_map(|pod| containers(pod).iter().map(move |container| (pod, container)));
    let mut its = all
        .filter(|(_, container)| is_its(container))
        .map(|(pod, container)| (container.image.as_deref().and_then(version), pod.metadata.namespace.clone().unwrap_or_default()));
    let first = its.next()?;
    // A mirror's image may have no version in its tag.
    Some(if first.0.is_none() { its.find(|other| other.0.is_some()).unwrap_or(first) } else { first })
}

/// Whether an image is `envoyproxy/NAME`, in whatever registry.
fn named(container: &Container, name: &str) -> bool {
    let image = container.image.as_deref().unwrap_or_default();
    let path = image.split('@').next().unwrap_or_default();
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    folder.rsplit('/').next() == Some("envoyproxy") && last.split(':').next() == Some(name)
}

fn containers(pod: &Pod) -> &[Container] {
    pod.spec.as_ref().map_or(&[], |spec| &spec.containers)
}

fn label<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// The listener that takes plain HTTP: the named one, or else the first one for HTTP, or else the first.
pub(super) fn listener<'a>(gateway: &'a Gateway, section: Option<&str>) -> Option<&'a Listener> {
    let all = &gateway.spec.listeners;
    match section {
        Some(section) => all.iter().find(|one| one.name == section),
        None => all.iter().find(|one| one.protocol == "HTTP").or(all.first()),
    }
}

/// The listener that ends TLS for HTTP: the named one, or else the first.
pub(super) fn secure_listener<'a>(gateway: &'a Gateway, section: Option<&str>) -> Option<&'a Listener> {
    gateway.spec.listeners.iter().find(|one| one.protocol == "HTTPS" && section.is_none_or(|section| section == one.name))
}

/// The port of the pods behind a listener's: the Service's `targetPort`, and without a Service the rule of Envoy Gateway, or the same.
pub(super) fn port(proxies: &Proxies, services: &[Service], listener: u16) -> u16 {
    let of_service = services.iter().flat_map(|service| service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()));
    let targets = of_service.filter(|port| port.port == i32::from(listener)).filter_map(|port| match port.target_port.as_ref()? {
        IntOrString::Int(number) => u16::try_from(*number).ok(),
        IntOrString::String(name) => proxies.pods.iter().flat_map(containers).find_map(|container| named_port(container, name)),
    });
    targets.into_iter().next().unwrap_or(if proxies.is_envoys { container_port(listener) } else { listener })
}

fn named_port(container: &Container, name: &str) -> Option<u16> {
    let port = container.ports.iter().flatten().find(|port| port.name.as_deref() == Some(name))?;
    u16::try_from(port.container_port).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn pod(namespace: &str, labels: Value, containers: Value) -> Pod {
        serde_json::from_value(json!({"metadata": {"name": "p", "namespace": namespace, "labels": labels}, "spec": {"containers": containers}}))
            .unwrap()
    }

    fn envoy(labels: Value) -> Pod {
        pod("envoy-gateway-system", labels, json!([{"name": "envoy", "image": "docker.io/envoyproxy/envoy:distroless-v1.39.1"}]))
    }

    fn find(pods: &[Pod], controller: &str) -> Option<(String, String)> {
        let gateway = Place { name: "web".to_owned(), namespace: "shop".to_owned() };
        of(pods, &gateway, "eg", controller).map(|proxies| (proxies.namespace, proxies.selector))
    }

    #[test]
    fn a_gateways_pods_by_whatever_label_they_have() {
        let eg = "gateway.envoyproxy.io/gatewayclass-controller";
        let own = envoy(json!({OWNER: "web", OWNERS_NAMESPACE: "shop"}));
        let other = envoy(json!({OWNER: "web", OWNERS_NAMESPACE: "other"}));
        let seen = find(&[other.clone(), own], eg).unwrap();
        assert_eq!(seen, ("envoy-gateway-system".to_owned(), format!("{OWNER}=web,{OWNERS_NAMESPACE}=shop")));
        assert_eq!(find(&[other], eg), None);
        let merged = envoy(json!({CLASS: "eg"}));
        assert_eq!(find(&[merged], eg).unwrap().1, format!("{CLASS}=eg"));
        let standard = |namespace| pod(namespace, json!({STANDARD: "web"}), json!([]));
        assert_eq!(find(&[standard("other"), standard("shop")], "istio.io/gateway-controller").unwrap().0, "shop");
        assert_eq!(find(&[standard("other")], "istio.io/gateway-controller"), None, "a Gateway of the same name elsewhere");
    }

    #[test]
    fn traefiks_own_pods() {
        let labels = json!({"app": "traefik", "pod-template-hash": "1"});
        let traefik = |argument: &str| pod("edge", labels.clone(), json!([{"name": "t", "image": "traefik:v3.6.12", "args": [argument]}]));
        let with = [traefik("--providers.kubernetesgateway=true")];
        assert_eq!(find(&with, "traefik.io/gateway-controller"), Some(("edge".to_owned(), "app=traefik".to_owned())));
        assert_eq!(find(&with, "example.com/other"), None);
        assert_eq!(find(&[traefik("--providers.kubernetesingress")], "traefik.io/gateway-controller"), None);
        assert_eq!(controller("traefik.io/gateway-controller", &with), Some((Some("3.6.12".to_owned()), "edge".to_owned())));
    }

    #[test]
    fn envoy_gateways_version_from_its_own_image() {
        let version = |containers: Value| controller("gateway.envoyproxy.io/x", &[pod("a", json!({}), containers)])?.0;
        assert_eq!(version(json!([{"name": "e", "image": "docker.io/envoyproxy/gateway:v1.9.1"}])).as_deref(), Some("1.9.1"));
        assert_eq!(version(json!([{"name": "e", "image": "mirror.example:5000/eg:v1.8.0", "command": ["envoy-gateway"]}])).as_deref(), Some("1.8.0"));
        assert_eq!(version(json!([{"name": "e", "image": "docker.io/envoyproxy/envoy:v1.39.1"}])), None);
        assert_eq!(version(json!([{"name": "e", "image": "example.com/gateway:v1.0.0"}])), None, "somebody else's");
    }

    #[test]
    fn the_port_behind_a_listener() {
        let containers = json!([{"name": "e", "image": "x", "ports": [{"name": "web", "containerPort": 8088}]}]);
        let own = pod("a", json!({OWNER: "web", OWNERS_NAMESPACE: "shop"}), containers);
        let gateway = Place { name: "web".to_owned(), namespace: "shop".to_owned() };
        let proxies = of(&[own], &gateway, "eg", "c").unwrap();
        let service = |target: Value| -> Vec<Service> {
            vec![
                serde_json::from_value(
                    json!({"metadata": {}, "spec": {"ports": [{"port": 443, "targetPort": 9443}, {"port": 80, "targetPort": target}]}}),
                )
                .unwrap(),
            ]
        };
        assert_eq!([port(&proxies, &[], 80), port(&proxies, &[], 8_080)], [10_080, 8_080], "without a Service, by the rule");
        assert_eq!(port(&proxies, &service(json!(80)), 80), 80);
        assert_eq!(port(&proxies, &service(json!("web")), 80), 8_088);
        let others = Proxies { is_envoys: false, ..proxies };
        assert_eq!(port(&others, &[], 80), 80);
    }

    #[test]
    fn the_listener_for_plain_http() {
        let gateway: Gateway = serde_json::from_value(json!({"metadata": {}, "spec": {"gatewayClassName": "eg", "listeners": [
            {"name": "tls", "port": 443, "protocol": "HTTPS"}, {"name": "web", "port": 80, "protocol": "HTTP"}]}}))
        .unwrap();
        let name = |section| listener(&gateway, section).map(|one| one.name.as_str());
        assert_eq!([name(None), name(Some("tls")), name(Some("absent"))], [Some("web"), Some("tls"), None]);
        let secure = |section| secure_listener(&gateway, section).map(|one| one.name.as_str());
        assert_eq!([secure(None), secure(Some("tls")), secure(Some("web"))], [Some("tls"), Some("tls"), None]);
    }
}
