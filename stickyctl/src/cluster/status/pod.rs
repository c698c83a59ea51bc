//! Builds a pod's part of a status from the Pod and the answers of its admin port.

use super::metrics::Metrics;
use super::model::{Pod, Worker};
use super::version::version;
use crate::cluster::ready::is_ready;
use crate::cluster::readyz::Readyz;
use crate::cluster::rollout::trouble;
use crate::cluster::tunnel;
use k8s_openapi::api::core::v1::{self, ContainerStatus};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use sticky_core::readiness::State;

/// What a pod's admin port answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Scrape {
    pub(super) metrics: Metrics,
    /// `/readyz`, whatever its status.
    pub(super) ready: Option<Readyz>,
}

/// Why a pod could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScrapeError {
    #[error("it is not running")]
    NotRunning,
    #[error("GET /metrics: status {0}")]
    Status(u16),
    #[error("no answer within {} s", .0.as_secs())]
    Late(std::time::Duration),
    #[error(transparent)]
    Tunnel(#[from] tunnel::Error),
}

/// Combines the Pod and its answers.
pub(super) fn pod(pod: &v1::Pod, asked: &Result<Scrape, ScrapeError>, now: Timestamp) -> Pod {
    let leaving = pod.metadata.deletion_timestamp.as_ref();
    let scrape = asked.as_ref().ok();
    let state = match (leaving, is_ready(pod)) {
        (Some(_), _) => State::Draining,
        (None, true) => State::Ready,
        (None, false) => State::Starting,
    };
    Pod {
        pod: pod.name_any(),
        version: version(pod.spec.as_ref()),
        state,
        // The API server sets it to the end of the grace period.
        left_s: leaving.map(|until| seconds(now, until.0)),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        restarts: containers(pod).map(|c| u64::try_from(c.restart_count).unwrap_or(0)).sum(),
        worker_restarts: scrape.map_or(0, |scrape| scrape.metrics.worker_restarts),
        age_s: pod.creation_timestamp().map_or(0, |since| seconds(since.0, now)),
        why: (state == State::Starting).then(|| why(pod, scrape)).flatten(),
        unasked: asked.as_ref().err().map(ToString::to_string),
        workers: scrape.map(|scrape| workers(state, scrape)).unwrap_or_default(),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

fn containers(pod: &v1::Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten())
}

/// The metrics don't contain a worker's state. If not all are ready, those are that are subscribed to the bus: a worker is ready from
/// its first subscription on.
fn workers(pod: State, scrape: &Scrape) -> Vec<Worker> {
    let whole = scrape.ready.as_ref().is_some_and(|ready| ready.workers > 0 && ready.workers_ready == ready.workers);
    let state = |worker| match (pod, scrape.metrics.bus_up.get(&worker)) {
        (State::Draining, _) => State::Draining,
        _ if scrape.metrics.draining => State::Draining,
        (_, up) if whole || up == Some(&true) => State::Ready,
        _ => State::Starting,
    };
    scrape.metrics.sockets.iter().map(|(worker, sockets)| Worker { worker: *worker, state: state(*worker), sockets: *sockets }).collect()
}

/// Why a pod is not ready, from the outside in: no node, no container, a container that exits, an app that is not ready.
fn why(pod: &v1::Pod, scrape: Option<&Scrape>) -> Option<String> {
    if let Some(trouble) = trouble::of(pod) {
        return Some(format!("{}: {}", trouble.kind.words(), trouble.said.lines().next().unwrap_or_default().trim()));
    }
    let between = containers(pod).filter_map(|c| c.state.as_ref()).find_map(|state| match (&state.waiting, &state.terminated) {
        (Some(waiting), _) => waiting.reason.as_ref().map(|reason| if reason == CREATING { needs(reason, pod) } else { reason.clone() }),
        (_, Some(over)) => Some(format!("exited with code {}", over.exit_code)),
        _ => None,
    });
    between.or_else(|| scrape?.ready.as_ref()?.reason.clone())
}

/// The reason of a container that is not created yet, usually because its volumes are not there.
const CREATING: &str = "ContainerCreating";

/// The reason, and the Secrets without which no container of the pod is created. Only an event would show that one is missing.
fn needs(reason: &str, pod: &v1::Pod) -> String {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let secrets: Vec<&str> = volumes.filter_map(|volume| volume.secret.as_ref()?.secret_name.as_deref()).collect();
    if secrets.is_empty() { reason.to_owned() } else { format!("{reason}; it can't start without Secret {}", secrets.join(", ")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::metrics::parse;
    use super::*;
    use crate::cluster::readyz::runs;
    use serde_json::{Value, json};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn made(deleted: Option<&str>, ready: &str, container: Value) -> v1::Pod {
        let status = json!({"conditions": [{"type": "Ready", "status": ready}], "containerStatuses": [container]});
        let meta = json!({"name": "app-x", "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": deleted});
        serde_json::from_value(json!({"metadata": meta, "spec": {"nodeName": "n", "containers": []}, "status": status})).unwrap()
    }

    fn container(state: Value) -> Value {
        json!({"name": "app", "image": "i", "imageID": "", "ready": false, "restartCount": 2, "state": state})
    }

    fn running() -> Value {
        container(json!({"running": {"startedAt": "2026-01-01T00:00:01Z"}}))
    }

    fn scrape(metrics: &str, ready: Value) -> Result<Scrape, ScrapeError> {
        Ok(Scrape { metrics: parse(metrics), ready: serde_json::from_value(ready).ok() })
    }

    #[test]
    fn a_ready_pod() {
        let asked = scrape(
            "sticky_sockets{worker=\"0\"} 5\nsticky_bus_up{worker=\"0\"} 0\n",
            json!({"reason": "Redis is away", "workers": 1, "workers_ready": 1}),
        );
        let seen = pod(&made(None, "True", running()), &asked, at("2026-01-01T00:04:00Z"));
        assert_eq!((seen.state, seen.age_s, seen.restarts, seen.left_s, seen.why), (State::Ready, 240, 2, None, None));
        assert_eq!(seen.workers, [Worker { worker: 0, state: State::Ready, sockets: 5 }]);
    }

    #[test]
    fn a_pod_that_leaves_is_listed_with_what_it_has_left() {
        let asked = scrape("sticky_sockets{worker=\"0\"} 3\nsticky_draining 1\n", Value::Null);
        let seen = pod(&made(Some("2026-01-01T00:05:00Z"), "True", running()), &asked, at("2026-01-01T00:04:30Z"));
        assert_eq!((seen.state, seen.left_s, seen.workers[0].state), (State::Draining, Some(30), State::Draining));
        let late = pod(&made(Some("2026-01-01T00:05:00Z"), "True", running()), &asked, at("2026-01-01T00:05:30Z"));
        assert_eq!(late.left_s, Some(0));
    }

    #[test]
    fn why_not_ready() {
        let why =
            |container, asked: &Result<Scrape, ScrapeError>| pod(&made(None, "False", container), asked, at("2026-01-01T00:00:09Z")).why.unwrap();
        let silent = Err(ScrapeError::NotRunning);
        let pull = json!({"waiting": {"reason": "ErrImagePull", "message": "not found\nmore"}});
        assert_eq!(why(container(pull), &silent), "the image can't be pulled: ErrImagePull: not found");
        assert_eq!(why(container(json!({"waiting": {"reason": "ContainerCreating"}})), &silent), "ContainerCreating");
        assert_eq!(why(container(json!({"terminated": {"exitCode": 0}})), &silent), "exited with code 0");
        let asked = scrape(
            "sticky_sockets{worker=\"0\"} 0\nsticky_sockets{worker=\"1\"} 0\nsticky_bus_up{worker=\"1\"} 1\n",
            json!({"reason": "Redis not yet reached", "workers": 2, "workers_ready": 1}),
        );
        assert_eq!(why(running(), &asked), "Redis not yet reached");
        let seen = pod(&made(None, "False", running()), &asked, at("2026-01-01T00:00:09Z"));
        assert_eq!(seen.workers.iter().map(|w| w.state).collect::<Vec<_>>(), [State::Starting, State::Ready]);
        let mut waits = made(None, "False", container(json!({"waiting": {"reason": "ContainerCreating"}})));
        let volume = json!({"name": "redis-password", "secret": {"secretName": "demo-redis"}});
        waits.spec.as_mut().unwrap().volumes = Some(vec![serde_json::from_value(volume).unwrap()]);
        let said = pod(&waits, &silent, at("2026-01-01T00:00:09Z")).why.unwrap();
        assert_eq!(said, "ContainerCreating; it can't start without Secret demo-redis");
        let mut unscheduled = made(None, "False", running());
        unscheduled.status = serde_json::from_value(
            json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]}),
        )
        .unwrap();
        let seen = pod(&unscheduled, &silent, at("2026-01-01T00:00:09Z"));
        assert_eq!((seen.why.as_deref(), seen.unasked.as_deref()), (Some("no node can run the pod: 0/1 nodes"), Some("it is not running")));
        assert!(!runs(&unscheduled) && runs(&made(None, "False", running())));
    }
}
