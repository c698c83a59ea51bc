//! What the front doors for Ingresses share: Deployment, Service, ports.

use super::choice::{INGRESS_READY, Install};
use super::parts::Proxy;
use crate::generate::meta::map;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile, Service, ServicePort, ServiceSpec, Toleration,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The names of the two ports, in pods and in the Service.
const HTTP: &str = "http";
const HTTPS: &str = "https";

pub(super) fn deployment(install: &Install, proxy: Proxy) -> Deployment {
    // Two pods can't have one host port: the old one goes first.
    let (surge, unavailable) = if install.exposed { (0, 1) } else { (1, 0) };
    Deployment {
        metadata: install.within(&install.namespace),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(3),
            selector: LabelSelector { match_labels: Some(install.selector()), ..LabelSelector::default() },
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(surge)),
                    max_unavailable: Some(IntOrString::Int(unavailable)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(install.labels()), ..ObjectMeta::default() }),
                spec: Some(pod(install, proxy)),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn pod(install: &Install, Proxy { container, ports, .. }: Proxy) -> PodSpec {
    let port = |name: &str, number: i32, host: i32| ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        host_port: install.exposed.then_some(host),
        ..ContainerPort::default()
    };
    let container = Container {
        image: Some(install.image()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        ports: Some(vec![port(HTTP, ports.http, 80), port(HTTPS, ports.https, 443)]),
        ..container
    };
    PodSpec {
        containers: vec![container],
        // A Service named `traefik` would otherwise add variables that begin like Traefik's own.
        enable_service_links: Some(false),
        node_selector: install.exposed.then(|| map([(INGRESS_READY, "true")])),
        tolerations: install.exposed.then(|| vec![control_plane()]),
        security_context: Some(seccomp()),
        service_account_name: Some(install.name()),
        ..PodSpec::default()
    }
}

/// Lets a pod onto the node with the host ports, which is the control plane's in kind's documents.
pub(super) fn control_plane() -> Toleration {
    Toleration {
        key: Some("node-role.kubernetes.io/control-plane".to_owned()),
        operator: Some("Exists".to_owned()),
        effect: Some("NoSchedule".to_owned()),
        ..Toleration::default()
    }
}

pub(super) fn seccomp() -> PodSecurityContext {
    PodSecurityContext {
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
        ..PodSecurityContext::default()
    }
}

/// The Service inside the cluster, for `kubectl port-forward` and for clients there.
pub(super) fn service(install: &Install) -> Service {
    let port = |name: &str, number: i32| ServicePort {
        name: Some(name.to_owned()),
        port: number,
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    };
    Service {
        metadata: install.within(&install.namespace),
        spec: Some(ServiceSpec { selector: Some(install.selector()), ports: Some(vec![port(HTTP, 80), port(HTTPS, 443)]), ..ServiceSpec::default() }),
        ..Service::default()
    }
}
