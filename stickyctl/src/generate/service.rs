//! Services, and the ports that all objects refer to by name.

use super::meta::{Component, meta, redis_name, selector_labels};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The name of the port that serves the page.
pub(crate) const HTTP: &str = "http";
/// The number of [`HTTP`].
pub(crate) const HTTP_PORT: i32 = 8_080;
/// The port of the app's Service, which leads to [`HTTP`].
pub(super) const SERVICE_PORT: u16 = 80;
/// The name of the admin port, which no Service exposes.
pub(crate) const ADMIN: &str = "admin";
/// The number of [`ADMIN`].
pub(crate) const ADMIN_PORT: i32 = 9_090;
/// The name of the Redis port.
pub(crate) const REDIS: &str = "redis";
/// The number of [`REDIS`].
pub(crate) const REDIS_PORT: i32 = 6_379;

/// The name of the Service that gives the Redis pod its own DNS name.
pub(super) fn headless_name(spec: &StickyApp) -> String {
    format!("{}-headless", redis_name(spec))
}

/// The backend of the Ingress. It has no session affinity of its own, because a front door connects to the pods directly.
pub(super) fn app(spec: &StickyApp) -> Service {
    service(spec, Component::App, spec.name.clone(), (HTTP, SERVICE_PORT.into()), None)
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
