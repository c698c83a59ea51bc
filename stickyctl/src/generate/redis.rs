//! Redis: its StatefulSet, and how Redis and the app get the password, which no manifest holds.
//!
//! The password is in a Secret that may be missing. Kubernetes has no default for that, and both sides need something to read:
//! `--requirepass $(REDIS_PASSWORD)` would stay literal, and the app refuses a missing password file. So a ConfigMap holds an
//! empty password as a fallback. An `env` variable from the Secret overrides one from the ConfigMap (`envFrom`), and in a projected
//! volume the later source wins (kubelet 1.35, `makeEnvironmentVariables`, `collectData`). To Redis an empty `requirepass` means
//! no password: it then accepts whatever a client sends.

use super::meta::{Component, labels, map, meta, redis_name, selector};
use super::pod::{alive, frame, resources, unprivileged, variable};
use super::service::{REDIS, REDIS_PORT, headless_name};
use crate::spec::StickyApp;
use crate::spec::redis::{PASSWORD, SecretKey};
use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapEnvSource, ConfigMapProjection, Container, ContainerPort, EnvFromSource, EnvVar, EnvVarSource, ExecAction, KeyToPath,
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, PodSpec, PodTemplateSpec, Probe, ProjectedVolumeSource,
    SecretKeySelector, SecretProjection, TCPSocketAction, Volume, VolumeMount, VolumeProjection, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sticky_core::names::env;

/// The user `redis` of Debian's packages and of the official image. It is fixed, so that any image can use the files on the volume.
const USER: i64 = 999;
/// The name of the variable, the file and the key in the ConfigMap.
const VARIABLE: &str = "REDIS_PASSWORD";
const MOUNT: &str = "/run/secrets/redis";
const VOLUME: &str = "redis-password";

/// The Secret that holds the password, and whether it may be missing: one that the spec names must exist.
fn secret(spec: &StickyApp) -> (SecretKey, bool) {
    match &spec.redis.password {
        Some(named) => (named.clone(), false),
        None => (SecretKey { secret: redis_name(spec), key: PASSWORD.to_owned() }, true),
    }
}

fn defaults_name(spec: &StickyApp) -> String {
    format!("{}-redis-defaults", spec.name)
}

/// The empty password, used when there is no Secret.
pub(super) fn defaults(spec: &StickyApp) -> ConfigMap {
    ConfigMap { metadata: meta(spec, Component::Redis, defaults_name(spec)), data: Some(map([(VARIABLE, "")])), ..ConfigMap::default() }
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
    let (secret, optional) = secret(spec);
    let below = optional.then(|| VolumeProjection {
        config_map: Some(ConfigMapProjection { name: defaults_name(spec), ..ConfigMapProjection::default() }),
        ..VolumeProjection::default()
    });
    let above = VolumeProjection {
        secret: Some(SecretProjection {
            name: secret.secret,
            // Only this source sets the path: the API server refuses two sources with the same path.
            items: Some(vec![KeyToPath { key: secret.key, path: VARIABLE.to_owned(), ..KeyToPath::default() }]),
            optional: optional.then_some(true),
        }),
        ..VolumeProjection::default()
    };
    Some(Volume {
        name: VOLUME.to_owned(),
        projected: Some(ProjectedVolumeSource { default_mode: Some(0o440), sources: Some(below.into_iter().chain([above]).collect()) }),
        ..Volume::default()
    })
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
        let (SecretKey { secret, key }, optional) = secret(spec);
        EnvVar {
            name: name.to_owned(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector { name: secret, key, optional: optional.then_some(true) }),
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
        env_from: Some(vec![EnvFromSource {
            config_map_ref: Some(ConfigMapEnvSource { name: defaults_name(spec), ..ConfigMapEnvSource::default() }),
            ..EnvFromSource::default()
        }]),
        // redis-cli reads the second variable, which must not be empty.
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
        // The NetworkPolicy and the password decide who may connect, not the address.
        "--protected-mode",
        "no",
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
