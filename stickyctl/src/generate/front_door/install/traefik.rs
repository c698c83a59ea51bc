//! Traefik's container and rights, from its `pkg/provider/kubernetes/ingress-nginx` and its own chart.

use super::choice::Install;
use super::parts::{Ports, Proxy, asks, requests};
use super::rbac::rule;
use crate::generate::meta::map;
use crate::generate::pod::alive;
use crate::generate::pod::unprivileged;
use k8s_openapi::api::core::v1::{Container, SecurityContext};
use k8s_openapi::api::rbac::v1::PolicyRule;

/// A user that the image has no name for, as in its own chart.
const USER: i64 = 65_532;
const HEALTH: i32 = 8_080;

/// Ports that need no privileges.
const PORTS: Ports = Ports { http: 8_000, https: 8_443 };

pub(super) fn proxy(install: &Install) -> Proxy {
    Proxy { container: container(install), ports: PORTS, own: Vec::new(), watched: watched_rules() }
}

fn container(install: &Install) -> Container {
    let option = |key: &str, value: &str| format!("--providers.kubernetesingressnginx.{key}={value}");
    Container {
        args: Some(vec![
            format!("--entrypoints.web.address=:{}", PORTS.http),
            format!("--entrypoints.websecure.address=:{}", PORTS.https),
            format!("--entrypoints.traefik.address=:{HEALTH}"),
            "--ping=true".to_owned(),
            "--global.checknewversion=false".to_owned(),
            "--providers.kubernetesingressnginx=true".to_owned(),
            option("controllerclass", &install.controller()),
            option("ingressclass", &install.class),
            option("ingressclassbyname", "true"),
            option("watchingresswithoutclass", "false"),
            option("watchnamespace", &install.watched),
            option("publishstatusaddress", &install.published()),
        ]),
        readiness_probe: Some(asks("/ping", HEALTH, 2, 1)),
        liveness_probe: Some(alive(asks("/ping", HEALTH, 10, 6))),
        security_context: Some(SecurityContext { run_as_non_root: Some(true), run_as_user: Some(USER), run_as_group: Some(USER), ..unprivileged() }),
        resources: Some(requests(map([("cpu", "100m"), ("memory", "64Mi")]))),
        ..Container { name: install.name(), ..Container::default() }
    }
}

/// Rights in the namespace of the release.
fn watched_rules() -> Vec<PolicyRule> {
    vec![
        rule("", &["services", "secrets"], &["list", "watch"]),
        rule("discovery.k8s.io", &["endpointslices"], &["list", "watch"]),
        rule("networking.k8s.io", &["ingresses"], &["list", "watch"]),
        rule("networking.k8s.io", &["ingresses/status"], &["update"]),
    ]
}
