//! How far a rollout has come.

use super::trouble::{self, Kind, Trouble};
use crate::cluster::ready::is_ready;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// How far a rollout has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Ready pods of the newest template.
    pub(crate) ready: usize,
    /// Pods that the workload asks for.
    pub(crate) wanted: usize,
    /// Ready pods of older templates.
    pub(crate) old: usize,
    /// Whether the controllers have nothing left to do.
    pub(crate) done: bool,
    /// What is in the way, if it is known.
    pub(crate) trouble: Option<Trouble>,
    /// A pod that is not ready, and why.
    pub(crate) waits: Option<String>,
}

impl std::fmt::Display for Progress {
    /// As in `2 of 3 ready; ...9xkfd: running, not ready yet`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} ready", self.ready, self.wanted)?;
        match self.trouble.as_ref().map(|trouble| &trouble.said).or(self.waits.as_ref()) {
            Some(why) => write!(f, "; {why}"),
            None => Ok(()),
        }
    }
}

/// Of a Deployment, with all ReplicaSets and pods of its labels.
///
/// Done means what it means to kubectl: the controller has seen this generation, and all pods are of the newest template and available
/// (kubectl `pkg/polymorphichelpers/rollout_status.go`).
pub(super) fn of_deployment(deployment: &Deployment, sets: &[ReplicaSet], pods: &[Pod]) -> Progress {
    let spec = deployment.spec.as_ref();
    let status = deployment.status.clone().unwrap_or_default();
    let wanted = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let seen = status.observed_generation.unwrap_or(0) >= deployment.metadata.generation.unwrap_or(0);
    let count = |n: Option<i32>| n.unwrap_or(0);
    let all = [status.updated_replicas, status.replicas, status.available_replicas].map(count);
    // Until the newest ReplicaSet exists, every pod is an old one.
    let hash = if seen { newest(deployment, sets) } else { None };
    let (new, old): (Vec<&Pod>, Vec<&Pod>) = pods.iter().partition(|pod| hash.is_some() && label(pod, HASH) == hash.as_deref());
    let condition = |kind: &str, value: &str| status.conditions.iter().flatten().find(|c| c.type_ == kind && c.status == value);
    let refused = condition("ReplicaFailure", "True").filter(|_| seen).map(|condition| Trouble {
        kind: Kind::Refused,
        pod: String::new(),
        container: String::new(),
        said: condition.message.clone().unwrap_or_default(),
    });
    Progress {
        ready: new.iter().filter(|pod| is_ready(pod)).count(),
        wanted: usize::try_from(wanted).unwrap_or(0),
        old: old.iter().filter(|pod| is_ready(pod)).count(),
        done: seen && all == [wanted; 3],
        trouble: refused.or_else(|| new.iter().find_map(|pod| trouble::of(pod))),
        waits: new.iter().find_map(|pod| waits(pod)),
    }
}

/// Of a StatefulSet, with the pods of its labels.
pub(super) fn of_stateful_set(set: &StatefulSet, pods: &[Pod]) -> Progress {
    let status = set.status.clone().unwrap_or_default();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let seen = status.observed_generation.unwrap_or(0) >= set.metadata.generation.unwrap_or(0);
    let revision = status.update_revision.as_deref().filter(|_| seen);
    let (new, old): (Vec<&Pod>, Vec<&Pod>) = pods.iter().partition(|pod| revision.is_some() && label(pod, "controller-revision-hash") == revision);
    let ready = new.iter().filter(|pod| is_ready(pod)).count();
    let wanted = usize::try_from(wanted).unwrap_or(0);
    Progress {
        ready,
        wanted,
        old: old.iter().filter(|pod| is_ready(pod)).count(),
        done: seen && ready == wanted && old.is_empty(),
        trouble: new.iter().chain(&old).find_map(|pod| trouble::of(pod)),
        waits: new.iter().find_map(|pod| waits(pod)),
    }
}

/// Of a Job that has to succeed once, with its pods.
pub(super) fn of_job(job: &Job, pods: &[Pod]) -> Progress {
    let status = job.status.clone().unwrap_or_default();
    let done = status.succeeded.unwrap_or(0) > 0;
    let failed = status.conditions.iter().flatten().find(|condition| condition.type_ == "Failed" && condition.status == "True");
    // Its pods are gone once it has given up.
    let given_up = failed.map(|condition| Trouble {
        kind: Kind::Crash,
        pod: String::new(),
        container: String::new(),
        said: condition.message.clone().unwrap_or_default(),
    });
    Progress {
        ready: usize::from(done),
        wanted: 1,
        old: 0,
        done,
        trouble: pods.iter().find_map(trouble::of).or(given_up),
        waits: pods.iter().find_map(waits),
    }
}

/// The template hash of the set whose revision is the Deployment's.
fn newest(deployment: &Deployment, sets: &[ReplicaSet]) -> Option<String> {
    let revision = |annotations: Option<&std::collections::BTreeMap<String, String>>| annotations.and_then(|all| all.get(REVISION)).cloned();
    let wanted = revision(deployment.metadata.annotations.as_ref())?;
    let set = sets.iter().find(|set| revision(set.metadata.annotations.as_ref()).as_ref() == Some(&wanted))?;
    set.metadata.labels.as_ref()?.get(HASH).cloned()
}

fn label<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// What a pod is waiting for.
fn waits(pod: &Pod) -> Option<String> {
    if is_ready(pod) {
        return None;
    }
    let containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let reason = containers.filter_map(|c| c.state.as_ref()?.waiting.as_ref()?.reason.clone()).next();
    let running = pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
    let why = reason.unwrap_or_else(|| if running { "running, not ready yet".to_owned() } else { "not scheduled yet".to_owned() });
    Some(with_end(pod, &why))
}

/// The last characters of a pod's name, and what there is to say about it.
pub(super) fn with_end(pod: &Pod, what: &str) -> String {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let end: String = name.chars().skip(name.chars().count().saturating_sub(5)).collect();
    format!("...{end}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(generation: i64, observed: i64, updated: i32, total: i32, available: i32) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "web", "generation": generation, "annotations": {REVISION: "2"}},
            "spec": {"replicas": 3, "selector": {}, "template": {}},
            "status": {"observedGeneration": observed, "updatedReplicas": updated, "replicas": total, "availableReplicas": available},
        }))
        .unwrap()
    }

    fn sets() -> Vec<ReplicaSet> {
        ["1", "2"]
            .map(|n| {
                let meta = json!({"name": format!("web-{n}"), "annotations": {REVISION: n}, "labels": {HASH: format!("hash{n}")}});
                serde_json::from_value(json!({"metadata": meta, "spec": {"selector": {}}})).unwrap()
            })
            .to_vec()
    }

    fn pod(hash: &str, ready: bool) -> Pod {
        let ready = if ready { "True" } else { "False" };
        serde_json::from_value(json!({
            "metadata": {"name": "web-abcde", "labels": {HASH: hash}},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
        }))
        .unwrap()
    }

    #[test]
    fn an_update_is_not_done_while_the_controller_has_not_seen_it() {
        let pods = [pod("hash1", true), pod("hash1", true), pod("hash1", true)];
        let progress = of_deployment(&deployment(2, 1, 3, 3, 3), &sets(), &pods);
        assert!(!progress.done, "the numbers are those of the generation before");
        assert_eq!((progress.ready, progress.old), (0, 3));
    }

    #[test]
    fn new_and_old_pods_are_told_apart() {
        let pods = [pod("hash1", true), pod("hash2", true), pod("hash2", false)];
        let progress = of_deployment(&deployment(2, 2, 2, 3, 2), &sets(), &pods);
        assert_eq!((progress.ready, progress.wanted, progress.old, progress.done), (1, 3, 1, false));
        assert_eq!(progress.waits.as_deref(), Some("...abcde: running, not ready yet"));
        assert!(of_deployment(&deployment(2, 2, 3, 3, 3), &sets(), &[]).done);
        assert!(!of_deployment(&deployment(2, 2, 3, 4, 3), &sets(), &[]).done, "an old pod is still there");
    }

    #[test]
    fn a_quota_is_a_refusal() {
        let mut deployment = deployment(2, 2, 0, 0, 0);
        let condition = json!([{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]);
        deployment.status.as_mut().unwrap().conditions = serde_json::from_value(condition).unwrap();
        let trouble = of_deployment(&deployment, &sets(), &[]).trouble.unwrap();
        assert_eq!((trouble.kind, trouble.said.as_str()), (Kind::Refused, "exceeded quota"));
    }

    #[test]
    fn a_stateful_set_is_done_when_its_pods_are_of_its_newest_revision() {
        let set = |update: &str| -> StatefulSet {
            let status = json!({"observedGeneration": 1, "replicas": 1, "updateRevision": update});
            let spec = json!({"replicas": 1, "selector": {}, "template": {}, "serviceName": "r"});
            serde_json::from_value(json!({"metadata": {"name": "r", "generation": 1}, "spec": spec, "status": status})).unwrap()
        };
        let mut pod = pod("", true);
        pod.metadata.labels = Some([("controller-revision-hash".to_owned(), "r-2".to_owned())].into());
        assert!(of_stateful_set(&set("r-2"), std::slice::from_ref(&pod)).done);
        assert!(!of_stateful_set(&set("r-3"), &[pod]).done);
    }
}
