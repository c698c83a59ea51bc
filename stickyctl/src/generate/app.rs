//! The app's Deployments: the stable one, and the canary's.

use super::meta::{Component, SPEC, TRACK, Track, labels, meta, selector, track_labels};
use super::pod::{alive, annotation, asks, frame, resources, unprivileged, variable};
use super::redis;
use super::service::{ADMIN, ADMIN_PORT, HTTP, HTTP_PORT};
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Affinity, Container, ContainerPort, EnvVar, EnvVarSource, Lifecycle, LifecycleHandler, LocalObjectReference, ObjectFieldSelector,
    PodAffinityTerm, PodAntiAffinity, PodSpec, PodTemplateSpec, Probe, SleepAction, TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;
use std::collections::BTreeMap;
use sticky_core::names::env;

/// The user and group of the app's image. They have no names, because the image is empty apart from the app.
const USER: i64 = 65_532;

/// The app's Deployment, or that of its canary. They differ in the number of pods, the image and the version that the pods report.
pub(super) fn deployment(spec: &StickyApp, track: Track) -> Deployment {
    // A spec is plain data: it always has a JSON form.
    let effective = serde_json::to_string(spec).unwrap_or_default();
    let (annotations, replicas) = match track {
        // An autoscaler owns the count from the first apply on, so it is never written.
        Track::Stable => (annotation(SPEC, &effective), spec.autoscaling.is_none().then_some(spec.mode.pods.into())),
        Track::Canary => (None, Some(spec.canary.pods.into())),
    };
    let with_track = |mut labels: BTreeMap<String, String>| {
        labels.insert(TRACK.to_owned(), track.word().to_owned());
        Some(labels)
    };
    let common = labels(spec, Component::App);
    Deployment {
        metadata: ObjectMeta { annotations, labels: with_track(common.clone()), ..meta(spec, Component::App, track.deployment(spec)) },
        spec: Some(DeploymentSpec {
            replicas,
            revision_history_limit: Some(3),
            selector: LabelSelector { match_labels: Some(track_labels(spec, track)), ..LabelSelector::default() },
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                // A pod is removed only when its replacement is ready.
                rolling_update: Some(RollingUpdateDeployment { max_surge: Some(IntOrString::Int(1)), max_unavailable: Some(IntOrString::Int(0)) }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: with_track(common), ..ObjectMeta::default() }),
                spec: Some(pod(spec, track)),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

fn pod(spec: &StickyApp, track: Track) -> PodSpec {
    let secret = spec.image.pull_secret.as_ref().map(|name| vec![LocalObjectReference { name: name.clone() }]);
    let password = redis::password_volume(spec);
    PodSpec {
        containers: vec![container(spec, track)],
        image_pull_secrets: secret,
        termination_grace_period_seconds: Some(spec.drain.grace().into()),
        affinity: Some(over_zones(spec)),
        topology_spread_constraints: Some(vec![over_nodes(spec)]),
        volumes: password.map(|volume| vec![volume]),
        ..frame(spec, USER)
    }
}

/// Pods of the previous rollout don't count.
const OF_ONE_ROLLOUT: &str = "pod-template-hash";

/// Spreads the pods of one rollout over nodes where possible; a single node gets them all.
fn over_nodes(spec: &StickyApp) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        label_selector: Some(selector(spec, Component::App)),
        match_label_keys: Some(vec![OF_ONE_ROLLOUT.to_owned()]),
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        ..TopologySpreadConstraint::default()
    }
}

/// Spreads the pods of one rollout over zones where nodes have a zone. A second topologySpreadConstraint can't do that: nodes that lack
/// the label of any constraint get no score for the others, so without zones all pods would go to one node.
fn over_zones(spec: &StickyApp) -> Affinity {
    let term = PodAffinityTerm {
        label_selector: Some(selector(spec, Component::App)),
        match_label_keys: Some(vec![OF_ONE_ROLLOUT.to_owned()]),
        topology_key: "topology.kubernetes.io/zone".to_owned(),
        ..PodAffinityTerm::default()
    };
    let preferred = WeightedPodAffinityTerm { pod_affinity_term: term, weight: 100 };
    let apart = PodAntiAffinity { preferred_during_scheduling_ignored_during_execution: Some(vec![preferred]), ..PodAntiAffinity::default() };
    Affinity { pod_anti_affinity: Some(apart), ..Affinity::default() }
}

fn container(spec: &StickyApp, track: Track) -> Container {
    let port = |name: &str, port| ContainerPort { name: Some(name.to_owned()), container_port: port, ..ContainerPort::default() };
    Container {
        name: "app".to_owned(),
        image: Some(image(spec, track)),
        image_pull_policy: Some(spec.image.pull_policy.word().to_owned()),
        env: Some(environment(spec, track)),
        ports: Some(vec![port(HTTP, HTTP_PORT), port(ADMIN, ADMIN_PORT)]),
        // A starved node takes long to start a process, and a restart would take as long again.
        startup_probe: Some(Probe { timeout_seconds: Some(10), ..asks("/healthz", ADMIN, 1, 120) }),
        // Every front door stops using an unready pod, so unreadiness must show quickly: the drain delay relies on it.
        readiness_probe: Some(asks("/readyz", ADMIN, 2, 1)),
        liveness_probe: Some(alive(asks("/healthz", ADMIN, 10, 6))),
        // Kubernetes's own sleep (on by default since 1.30, GA in 1.34), because the image has no shell.
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler { sleep: Some(SleepAction { seconds: spec.drain.pre_stop.0.into() }), ..LifecycleHandler::default() }),
            ..Lifecycle::default()
        }),
        resources: Some(resources(&spec.resources)),
        security_context: Some(unprivileged()),
        volume_mounts: redis::password_mount(spec).map(|mount| vec![mount]),
        ..Container::default()
    }
}

/// The image of a Deployment's pods.
pub(crate) fn image(spec: &StickyApp, track: Track) -> String {
    let own = spec.canary.image.clone().filter(|_| track == Track::Canary);
    own.unwrap_or_else(|| spec.image.reference())
}

fn environment(spec: &StickyApp, track: Track) -> Vec<EnvVar> {
    let pod = EnvVar {
        name: env::POD.to_owned(),
        value_from: Some(EnvVarSource {
            // The default version is spelled out: server-side apply treats the reference as one value, and the one that the API
            // server completes would differ from ours for every other field manager.
            field_ref: Some(ObjectFieldSelector { field_path: "metadata.name".to_owned(), api_version: Some("v1".to_owned()) }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    };
    let door = json!({"kind": spec.ingress.front_door.word(), "affinity": "cookie"});
    let version = spec.canary.reports().filter(|_| track == Track::Canary);
    let mut all = vec![pod];
    all.extend(version.map(|version| variable(env::REPORT_VERSION, version)));
    all.extend([
        variable(env::WORKERS, spec.mode.workers.to_string()),
        variable(env::BUS, "redis"),
        variable(env::FANOUT, spec.relay.fanout.word()),
        variable(env::EXPOSE_IDENTITY, spec.expose_identity.word()),
        variable(env::DOOR, door.to_string()),
        variable(env::DRAIN_DELAY, spec.drain.delay.to_string()),
        variable(env::DRAIN_WINDOW, spec.drain.window.to_string()),
    ]);
    all.extend(redis::app_environment(spec));
    let proxies: Vec<String> = spec.ingress.trusted_proxies.iter().map(ToString::to_string).collect();
    if !proxies.is_empty() {
        all.push(variable(env::TRUSTED_PROXY, proxies.join(",")));
    }
    let limits = &spec.limits;
    let limits = [
        (env::MAX_BODY, limits.max_body),
        (env::MAX_TEXT, limits.max_text),
        (env::MAX_FRAME, limits.max_frame),
        (env::MAX_SOCKETS, limits.max_sockets),
        (env::MAX_REQUESTS, limits.max_requests),
        (env::SOCKETS_PER_SESSION, limits.sockets_per_session),
        (env::CONNECTIONS_PER_ADDRESS, limits.connections_per_address),
        (env::NEW_SESSIONS_PER_MINUTE, limits.new_sessions_per_minute),
        (env::MAX_CURSORS, limits.max_cursors),
        (env::MAX_MODELS, limits.max_models),
    ];
    all.extend(limits.into_iter().filter_map(|(name, value)| Some(variable(name, value?.to_string()))));
    all
}
