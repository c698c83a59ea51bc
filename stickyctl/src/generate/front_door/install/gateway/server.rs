//! Envoy Gateway's server: Deployment and Service, from its chart's `envoy-gateway-deployment.yaml`.

use super::super::choice::{ENVOY_GATEWAY_NAME, Install};
use super::super::parts::{asks, requests};
use super::super::pod::seccomp;
use super::program::{namespace, secure, watched};
use super::{certificates, config};
use crate::generate::meta::map;
use crate::generate::pod::alive;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, PodSpec, PodTemplateSpec, SecretVolumeSource, Service,
    ServicePort, ServiceSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

const HEALTH: i32 = 8_081;
/// The port on which the proxies fetch their configuration; the server listens on no other one that anything here uses.
const CONFIGURATION: (&str, i32) = ("grpc", 18_000);

/// `config` is what the server reads; its pod is replaced when that changes.
pub(super) fn deployment(install: &Install, config: &ConfigMap) -> Deployment {
    let mut metadata = install.within(&install.namespace);
    metadata.annotations = Some(watched(install));
    let annotations = map([(config::DIGEST, &config::digest(config))]);
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(3),
            selector: LabelSelector { match_labels: Some(install.selector()), ..LabelSelector::default() },
            // Two servers would both write, as there is no leader election. The proxies go on without one.
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(install.labels()), annotations: Some(annotations), ..ObjectMeta::default() }),
                spec: Some(pod(install)),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn pod(install: &Install) -> PodSpec {
    let volume = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
    PodSpec {
        containers: vec![container(install)],
        enable_service_links: Some(false),
        security_context: Some(seccomp()),
        service_account_name: Some(ENVOY_GATEWAY_NAME.to_owned()),
        termination_grace_period_seconds: Some(10),
        volumes: Some(vec![
            Volume {
                config_map: Some(ConfigMapVolumeSource { name: config::NAME.to_owned(), ..ConfigMapVolumeSource::default() }),
                ..volume("config")
            },
            Volume {
                secret: Some(SecretVolumeSource { secret_name: Some(certificates::SERVER.to_owned()), ..SecretVolumeSource::default() }),
                ..volume("certificates")
            },
            Volume { empty_dir: Some(EmptyDirVolumeSource::default()), ..volume("cache") },
        ]),
        ..PodSpec::default()
    }
}

fn container(install: &Install) -> Container {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(read_only),
        ..VolumeMount::default()
    };
    Container {
        name: ENVOY_GATEWAY_NAME.to_owned(),
        image: Some(install.image()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(vec!["server".to_owned(), format!("--config-path={}/{}", config::FOLDER, config::FILE)]),
        env: Some(vec![namespace()]),
        ports: Some(vec![ContainerPort { name: Some(CONFIGURATION.0.to_owned()), container_port: CONFIGURATION.1, ..ContainerPort::default() }]),
        // Ready once it has read everything that it watches.
        readiness_probe: Some(asks("/readyz", HEALTH, 2, 3)),
        liveness_probe: Some(alive(asks("/healthz", HEALTH, 10, 6))),
        security_context: Some(secure()),
        resources: Some(requests(map([("cpu", "50m"), ("memory", "96Mi")]))),
        volume_mounts: Some(vec![
            mount("config", config::FOLDER, true),
            // This path and the next one are fixed in the program.
            mount("certificates", "/certs", true),
            mount("cache", "/var/lib/eg/wasm", false),
        ]),
        ..Container::default()
    }
}

/// The Service that the proxies fetch their configuration from.
pub(super) fn service(install: &Install) -> Service {
    let (name, port) = CONFIGURATION;
    let target_port = Some(IntOrString::String(name.to_owned()));
    let ports = vec![ServicePort { name: Some(name.to_owned()), port, target_port, ..ServicePort::default() }];
    Service {
        metadata: install.within(&install.namespace),
        spec: Some(ServiceSpec { selector: Some(install.selector()), ports: Some(ports), ..ServiceSpec::default() }),
        ..Service::default()
    }
}
