//! Redis: its StatefulSet, and how Redis and the app get the password, which no manifest holds.
//!
//! The password is in a Secret. Without it the kubelet starts neither Redis nor the app, and starts both as soon as it is there. An empty
//! password would mean none to Redis, which then admits nobody from another pod: its protected mode stays on.

use super::meta::{Component, labels, meta, redis_name, selector};
use super::pod::{alive, frame, resources, unprivileged, variable};
use super::service::{REDIS, REDIS_PORT, headless_name};
use crate::spec::StickyApp;
use crate::spec::redis::{PASSWORD, SecretKey};
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, EnvVarSource, ExecAction, KeyToPath, PersistentVolumeClaim, PersistentVolumeClaimSpec,
    PersistentVolumeClaimStatus, PodSpec, PodTemplateSpec, Probe, SecretKeySelector, SecretVolumeSource, TCPSocketAction, Volume, VolumeMount,
    VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sticky_core::names::env;

/// The user `redis` of Debian's packages and of the official image. It is fixed, so that any image can use the files on the volume.
const USER: i64 = 999;
/// The name of the variable and of the file.
const VARIABLE: &str = "REDIS_PASSWORD";
const MOUNT: &str = "/run/secrets/redis";
const VOLUME: &str = "redis-password";

/// The Secret that holds the password, which must exist.
pub(super) fn secret(spec: &StickyApp) -> SecretKey {
    spec.redis.password.clone().unwrap_or_else(|| SecretKey { secret: redis_name(spec), key: PASSWORD.to_owned() })
}

/// The app's environment variables about Redis.
pub(super) fn app_environment(spec: &StickyApp) -> Vec<EnvVar> {
    let mut all = match &spec.redis.url {
        // The Service rather than the pod's own DNS name, which resolves only while the pod is ready (kubernetes/kubernetes#68676).
        None => vec![variable(env::REDIS_URL, format!("redis://{}:{REDIS_PORT}", redis_name(spec)))],
        // Other releases may use this Redis too.
        Some(url) => {
            vec![variable(env::REDIS_URL, url), variable(env::REDIS_PREFIX, format!("sticky-{}", spec.fingerprint()))]
        }
    };
    if has_password(spec) {
        all.push(variable(env::REDIS_PASSWORD_FILE, format!("{MOUNT}/{VARIABLE}")));
    }
    all
}

fn has_password(spec: &StickyApp) -> bool {
    spec.redis.url.is_none() || spec.redis.password.is_some()
}

/// The password as a file, which shows neither in the app's environment nor in its arguments.
pub(super) fn password_volume(spec: &StickyApp) -> Option<Volume> {
    if !has_password(spec) {
        return None;
    }
    let secret = secret(spec);
    let source = SecretVolumeSource {
        secret_name: Some(secret.secret),
        items: Some(vec![KeyToPath { key: secret.key, path: VARIABLE.to_owned(), ..KeyToPath::default() }]),
        default_mode: Some(0o440),
        ..SecretVolumeSource::default()
    };
    Some(Volume { name: VOLUME.to_owned(), secret: Some(source), ..Volume::default() })
}

/// Where the app finds the password file.
pub(super) fn password_mount(spec: &StickyApp) -> Option<VolumeMount> {
    has_password(spec).then(|| VolumeMount { name: VOLUME.to_owned(), mount_path: MOUNT.to_owned(), read_only: Some(true), ..VolumeMount::default() })
}

pub(super) fn stateful_set(spec: &StickyApp) -> StatefulSet {
    StatefulSet {
        metadata: meta(spec, Component::Redis, redis_name(spec)),
        spec: Some(StatefulSetSpec {
            replicas: Some(1),
            revision_history_limit: Some(3),
            selector: selector(spec, Component::Redis),
            service_name: Some(headless_name(spec)),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels(spec, Component::Redis)), ..ObjectMeta::default() }),
                spec: Some(PodSpec { containers: vec![container(spec)], termination_grace_period_seconds: Some(30), ..frame(spec, USER) }),
            },
            volume_claim_templates: Some(vec![claim(spec)]),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

/// Defaults are spelled out: server-side apply treats the list of templates as one value, and the one that the API server completes
/// would differ from ours for every other field manager.
fn claim(spec: &StickyApp) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta { name: Some("data".to_owned()), labels: Some(labels(spec, Component::Redis)), ..ObjectMeta::default() },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), Quantity(spec.redis.storage.to_string()))].into()),
                ..VolumeResourceRequirements::default()
            }),
            storage_class_name: spec.redis.storage_class.clone(),
            volume_mode: Some("Filesystem".to_owned()),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: Some(PersistentVolumeClaimStatus { phase: Some("Pending".to_owned()), ..PersistentVolumeClaimStatus::default() }),
    }
}

fn container(spec: &StickyApp) -> Container {
    let from_secret = |name: &str| {
        let SecretKey { secret, key } = secret(spec);
        EnvVar {
            name: name.to_owned(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector { name: secret, key, optional: None }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        }
    };
    let words = |all: &[&str]| Some(all.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    Container {
        name: "redis".to_owned(),
        image: Some(spec.redis.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        // Spelled out, so that no configuration file in the image counts.
        command: Some(command(spec)),
        // redis-cli reads the second variable.
        env: Some(vec![from_secret(VARIABLE), from_secret("REDISCLI_AUTH")]),
        ports: Some(vec![ContainerPort { name: Some(REDIS.to_owned()), container_port: REDIS_PORT, ..ContainerPort::default() }]),
        // With -e (Redis 7), an error is a failure, as while Redis loads its file.
        readiness_probe: Some(Probe {
            exec: Some(ExecAction { command: words(&["redis-cli", "-e", "ping"]) }),
            period_seconds: Some(5),
            timeout_seconds: Some(3),
            ..Probe::default()
        }),
        // Loading a big file takes long and must not look like a crash, so this only checks the port.
        liveness_probe: Some(alive(Probe {
            tcp_socket: Some(TCPSocketAction { port: IntOrString::String(REDIS.to_owned()), ..TCPSocketAction::default() }),
            ..Probe::default()
        })),
        resources: Some(resources(&spec.redis.resources)),
        security_context: Some(unprivileged()),
        volume_mounts: Some(vec![VolumeMount { name: "data".to_owned(), mount_path: "/data".to_owned(), ..VolumeMount::default() }]),
        ..Container::default()
    }
}

fn command(spec: &StickyApp) -> Vec<String> {
    let maxmemory = spec.redis.maxmemory.whole().to_string();
    let words: &[&str] = &[
        "redis-server",
        // The dash makes IPv6 optional.
        "--bind",
        "*",
        "-::*",
        "--dir",
        "/data",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        // The append-only file is enough; a snapshot would fork without need.
        "--save",
        "",
        "--maxmemory",
        &maxmemory,
        // Evicting a message to make room would be silent.
        "--maxmemory-policy",
        "noeviction",
        "--requirepass",
        "$(REDIS_PASSWORD)",
    ];
    words.iter().map(|word| (*word).to_owned()).collect()
}
