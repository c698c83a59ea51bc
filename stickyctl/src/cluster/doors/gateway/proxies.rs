//! The pods that carry a Gateway's traffic, and their port for plain HTTP. No I/O.

use crate::cluster::doors::detect::counts;
use crate::cluster::doors::options::{Options, version, words};
use crate::cluster::release::Place;
use crate::gateway_api::{Gateway, Listener};
use crate::generate::meta::pairs;
use k8s_openapi::api::core::v1::{Container, Pod, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Envoy Gateway's labels on everything that belongs to a Gateway (`internal/gatewayapi/translator.go`, v1.9.1).
const OWNER: &str = "gateway.envoyproxy.io/owning-gateway-name";
const OWNERS_NAMESPACE: &str = "gateway.envoyproxy.io/owning-gateway-namespace";
/// Its label if one set of proxies serves all Gateways of a class (`mergeGateways` in its EnvoyProxy).
const CLASS: &str = "gateway.envoyproxy.io/owning-gatewayclass";
/// The standard's label on what an implementation creates for a Gateway, in the Gateway's namespace (GEP-1762).
const STANDARD: &str = "gateway.networking.k8s.io/gateway-name";
/// Below this, Envoy Gateway's proxies listen on another port than the Gateway says, so that they need no rights
/// (`servicePortToContainerPort` in `internal/gatewayapi/listener.go`, v1.9.1).
const PRIVILEGED: u16 = 1_024;
const SHIFT: u16 = 10_000;

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
    let is_traefiks = controller.split('/').next() == Some("traefik.io");
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

/// The version of a controller, from the tag of its image. Envoy Gateway's own image runs beside each of its proxies too, as the
/// shutdown manager.
pub(super) fn version_of(controller: &str, pods: &[Pod]) -> Option<String> {
    let is_its = |container: &&Container| match controller.split('/').next() {
        Some("gateway.envoyproxy.io") => words(container).any(|word| word.rsplit('/').next() == Some("envoy-gateway")) || named(container, "gateway"),
        Some("traefik.io") => is_traefik(container),
        _ => false,
    };
    pods.iter().filter(|pod| counts(pod)).flat_map(containers).filter(is_its).find_map(|container| version(container.image.as_deref()?))
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

/// The port of the pods behind a listener's: the Service's `targetPort`, and without a Service the rule of Envoy Gateway, or the same.
pub(super) fn port(proxies: &Proxies, services: &[Service], listener: u16) -> u16 {
    let of_service = services.iter().flat_map(|service| service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()));
    let targets = of_service.filter(|port| port.port == i32::from(listener)).filter_map(|port| match port.target_port.as_ref()? {
        IntOrString::Int(number) => u16::try_from(*number).ok(),
        IntOrString::String(name) => proxies.pods.iter().flat_map(containers).find_map(|container| container_port(container, name)),
    });
    targets.into_iter().next().unwrap_or(if proxies.is_envoys && listener < PRIVILEGED { listener + SHIFT } else { listener })
}

fn container_port(container: &Container, name: &str) -> Option<u16> {
    let port = container.ports.iter().flatten().find(|port| port.name.as_deref() == Some(name))?;
    u16::try_from(port.container_port).ok()
}
