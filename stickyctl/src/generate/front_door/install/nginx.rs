//! ingress-nginx's container and rights, from its own `deploy/static/provider/kind/deploy.yaml`, restricted to one namespace.

use super::choice::Install;
use super::parts::{Ports, Proxy, asks, requests};
use super::rbac::rule;
use crate::generate::meta::map;
use crate::generate::pod::alive;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, EnvVar, EnvVarSource, ExecAction, Lifecycle, LifecycleHandler, ObjectFieldSelector, Probe, SecurityContext,
};
use k8s_openapi::api::rbac::v1::PolicyRule;

/// The lease with which several pods agree on the one that writes the status of Ingresses.
const LEASE: &str = "ingress-nginx-leader";
const HEALTH: i32 = 10_254;

/// `www-data` in the image. nginx and the controller write their configuration to `/etc` and `/tmp`, so their root is writable, as in
/// the project's own manifests.
const USER: i64 = 101;

/// The ports of the image. Others would work for HTTP, but a redirect to HTTPS would then name the port.
const PORTS: Ports = Ports { http: 80, https: 443 };

pub(super) fn proxy(install: &Install) -> Proxy {
    Proxy { container: container(install), ports: PORTS, own: own_rules(), watched: watched_rules() }
}

fn container(install: &Install) -> Container {
    let name = install.name();
    Container {
        args: Some(vec![
            "/nginx-ingress-controller".to_owned(),
            format!("--election-id={LEASE}"),
            format!("--controller-class={}", install.controller()),
            format!("--ingress-class={}", install.class),
            "--ingress-class-by-name=true".to_owned(),
            "--watch-ingress-without-class=false".to_owned(),
            format!("--watch-namespace={}", install.watched),
            format!("--publish-status-address={}", install.published()),
            "--enable-metrics=false".to_owned(),
        ]),
        env: Some(vec![
            field("POD_NAME", "metadata.name"),
            field("POD_NAMESPACE", "metadata.namespace"),
            EnvVar { name: "LD_PRELOAD".to_owned(), value: Some("/usr/local/lib/libmimalloc.so".to_owned()), ..EnvVar::default() },
        ]),
        // Waits until nginx has let its connections go; the grace period bounds it.
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler {
                exec: Some(ExecAction { command: Some(vec!["/wait-shutdown".to_owned()]) }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        readiness_probe: Some(asks("/healthz", HEALTH, 2, 3)),
        liveness_probe: Some(Probe { initial_delay_seconds: Some(10), ..alive(asks("/healthz", HEALTH, 10, 6)) }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            // Its programs carry this capability as files: without it in the bounding set the kernel refuses to start them.
            capabilities: Some(Capabilities { add: Some(vec!["NET_BIND_SERVICE".to_owned()]), drop: Some(vec!["ALL".to_owned()]) }),
            read_only_root_filesystem: Some(false),
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            ..SecurityContext::default()
        }),
        resources: Some(requests(map([("cpu", "100m"), ("memory", "90Mi")]))),
        ..Container { name, ..Container::default() }
    }
}

fn field(name: &str, path: &str) -> EnvVar {
    let from = ObjectFieldSelector { field_path: path.to_owned(), ..ObjectFieldSelector::default() };
    EnvVar { name: name.to_owned(), value_from: Some(EnvVarSource { field_ref: Some(from), ..EnvVarSource::default() }), ..EnvVar::default() }
}

/// Rights in its own namespace: its pod and the lease.
fn own_rules() -> Vec<PolicyRule> {
    let leases = "coordination.k8s.io";
    vec![
        rule("", &["pods"], &["get", "list"]),
        PolicyRule { resource_names: Some(vec![LEASE.to_owned()]), ..rule(leases, &["leases"], &["get", "update"]) },
        // A name can't be asked for before there is one.
        rule(leases, &["leases"], &["create"]),
        rule("", &["events"], &["create", "patch"]),
    ]
}

/// Rights in the namespace of the release. The namespace itself is read once, at the start, and must exist.
fn watched_rules() -> Vec<PolicyRule> {
    vec![
        rule("", &["namespaces"], &["get"]),
        rule("", &["services", "secrets", "configmaps"], &["get", "list", "watch"]),
        rule("discovery.k8s.io", &["endpointslices"], &["get", "list", "watch"]),
        rule("networking.k8s.io", &["ingresses"], &["get", "list", "watch"]),
        rule("networking.k8s.io", &["ingresses/status"], &["update"]),
        rule("", &["events"], &["create", "patch"]),
    ]
}
