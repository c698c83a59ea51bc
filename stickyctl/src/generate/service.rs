//! Services, and the ports that everything speaks of by name.

use super::meta::{Component, meta, redis_name, selector_labels};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The site's port of a pod.
pub const HTTP: &str = "http";
/// Its number.
pub const HTTP_PORT: i32 = 8_080;
/// The admin port of a pod; no Service has it.
pub const ADMIN: &str = "admin";
/// Its number.
pub const ADMIN_PORT: i32 = 9_090;
/// Redis' port.
pub const REDIS: &str = "redis";
/// Its number.
pub const REDIS_PORT: i32 = 6_379;

/// The Service that gives Redis' pod its own name.
pub(super) fn headless_name(spec: &StickyApp) -> String {
    format!("{}-headless", redis_name(spec))
}

/// The app: what the Ingress names. It has no affinity of its own: a front door goes to the pods and passes it by.
pub(super) fn app(spec: &StickyApp) -> Service {
    service(spec, Component::App, spec.name.clone(), (HTTP, 80), None)
}

pub(super) fn redis(spec: &StickyApp) -> Service {
    service(spec, Component::Redis, redis_name(spec), (REDIS, REDIS_PORT), None)
}

pub(super) fn redis_headless(spec: &StickyApp) -> Service {
    service(spec, Component::Redis, headless_name(spec), (REDIS, REDIS_PORT), Some("None".to_owned()))
}

fn service(spec: &StickyApp, component: Component, name: String, (port, number): (&str, i32), cluster_ip: Option<String>) -> Service {
    Service {
        metadata: meta(spec, component, name),
        spec: Some(ServiceSpec {
            cluster_ip,
            selector: Some(selector_labels(spec, component)),
            ports: Some(vec![ServicePort {
                name: Some(port.to_owned()),
                port: number,
                target_port: Some(IntOrString::String(port.to_owned())),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}
