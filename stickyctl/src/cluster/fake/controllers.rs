//! Deployments and StatefulSets become ReplicaSets and pods. Everything happens between two requests.

use super::envoy_gateway;
use super::gateway::{self, Objection};
use super::jobs::{self, Script};
use super::store::Store;
use serde_json::{Value, json};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// How new pods come up.
#[derive(Clone, Default)]
pub(crate) enum Pods {
    /// All at once, and old ones go at once.
    #[default]
    Ready,
    /// They get this status and never become ready, so that old ones stay. The name of the pod comes first.
    Stuck(Arc<dyn Fn(&str) -> Value + Send + Sync>),
    /// The API server refuses to create them.
    Refused(&'static str),
    /// Ready, but old ones take this many requests to drain.
    Drains(u32),
}

impl Pods {
    /// One container that waits or has terminated.
    pub(crate) fn container(state: Value, last: Value, restarts: i64) -> Self {
        Self::Stuck(Arc::new(move |_| {
            let container =
                json!({"name": "app", "image": "x", "imageID": "", "ready": false, "restartCount": restarts, "state": state, "lastState": last});
            json!({"phase": "Running", "containerStatuses": [container], "conditions": [{"type": "Ready", "status": "False"}]})
        }))
    }
}

pub(super) fn run(store: &mut Store, pods: &Pods, objections: &[Objection], jobs: Option<&Script>) {
    if store.settled == Some(store.state()) {
        return;
    }
    let before = store.state();
    act(store, pods);
    jobs::run(store, jobs);
    envoy_gateway::run(store);
    gateway::run(store, objections);
    // Whether this was all shows when nothing happens the next time.
    store.settled = (store.state() == before).then_some(before);
}

fn act(store: &mut Store, pods: &Pods) {
    let draining: Vec<Value> = store.all("pods").filter(|pod| !pod["metadata"]["deletionTimestamp"].is_null()).cloned().collect();
    for pod in draining {
        drain(store, &pod);
    }
    for deployment in store.all("deployments").cloned().collect::<Vec<_>>() {
        roll_out(store, &deployment, pods);
    }
    for set in store.all("statefulsets").cloned().collect::<Vec<_>>() {
        run_set(store, &set);
    }
}

fn hash(template: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    template.to_string().hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
}

fn owner(object: &Value) -> Value {
    json!([{"apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"], "uid": object["metadata"]["uid"], "controller": true}])
}

fn is_ready(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
        && pod["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

fn of<'a>(store: &'a Store, plural: &'static str, namespace: &'a Value, owner: &'a Value) -> impl Iterator<Item = &'a Value> {
    store.all(plural).filter(move |one| one["metadata"]["namespace"] == *namespace && one["metadata"]["ownerReferences"][0]["uid"] == *owner)
}

fn drain(store: &mut Store, pod: &Value) {
    let left = pod["metadata"]["annotations"]["drains"].as_str().and_then(|text| text.parse::<u32>().ok());
    let (namespace, name) = (pod["metadata"]["namespace"].as_str().unwrap(), pod["metadata"]["name"].as_str().unwrap());
    match left {
        Some(0) => store.delete("pods", namespace, name),
        Some(left) => store.edit("Pod", name, |pod| pod["metadata"]["annotations"]["drains"] = json!((left - 1).to_string())),
        None => {}
    }
}

fn roll_out(store: &mut Store, deployment: &Value, shape: &Pods) {
    let meta = &deployment["metadata"];
    let (name, namespace) = (meta["name"].as_str().unwrap(), &meta["namespace"]);
    let (template, wanted) = (&deployment["spec"]["template"], deployment["spec"]["replicas"].as_i64().unwrap_or(1));
    let hash = hash(template);
    let set_name = format!("{name}-{hash}");
    let sets: Vec<Value> = of(store, "replicasets", namespace, &meta["uid"]).cloned().collect();
    let revision =
        |set: &Value| set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    let newest = sets.iter().map(revision).max().unwrap_or(0);
    let mut current = sets.iter().find(|set| set["metadata"]["name"] == *set_name).cloned();
    let number = current.as_ref().map(revision).filter(|n| *n == newest).unwrap_or(newest + 1).to_string();
    let mut labels = template["metadata"]["labels"].clone();
    labels["pod-template-hash"] = json!(hash);
    if current.as_ref().map(revision).map(|n| n.to_string()) != Some(number.clone()) {
        let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"selector": {}}, "metadata": {"name": set_name, "namespace": namespace,
            "labels": labels, "ownerReferences": owner(deployment), "annotations": {"deployment.kubernetes.io/revision": number}}});
        current = Some(store.store(set).clone());
    }
    let current = current.unwrap();
    let mut all: Vec<Value> = Vec::new();
    for set in sets.iter().filter(|set| set["metadata"]["name"] != *set_name).chain([&current]) {
        all.extend(of(store, "pods", namespace, &set["metadata"]["uid"]).filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).cloned());
    }
    let is_new = |pod: &&Value| pod["metadata"]["labels"]["pod-template-hash"] == *hash;
    let (new, old): (Vec<&Value>, Vec<&Value>) = all.iter().partition(is_new);
    let missing = usize::try_from(wanted).unwrap_or(0).saturating_sub(new.len());
    let grow = match shape {
        Pods::Ready | Pods::Drains(_) => missing,
        // A rollout's surge.
        Pods::Stuck(_) => missing.min(1_usize.saturating_sub(new.iter().filter(|pod| !is_ready(pod)).count())),
        Pods::Refused(_) => 0,
    };
    for n in 0..grow {
        let pod = format!("{set_name}-{:x}{:04x}", new.len() + n, store.titles().len());
        let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "app", "image": "x", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}}}]});
        let status = if let Pods::Stuck(status) = shape { status(&pod) } else { ready };
        let mut spec = template["spec"].clone();
        spec["nodeName"] = json!("node-1");
        store.store(json!({"apiVersion": "v1", "kind": "Pod", "spec": spec, "status": status,
            "metadata": {"name": pod, "namespace": namespace, "labels": labels, "ownerReferences": owner(&current)}}));
    }
    let excess = new.len().saturating_sub(usize::try_from(wanted).unwrap_or(0));
    let surplus = new.iter().rev().take(excess).copied();
    let replaced = old.into_iter().filter(|_| matches!(shape, Pods::Ready | Pods::Drains(_)));
    for pod in surplus.chain(replaced) {
        let name = pod["metadata"]["name"].as_str().unwrap();
        match shape {
            Pods::Drains(requests) => store.edit("Pod", name, |pod| {
                pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:30Z");
                pod["metadata"]["annotations"] = json!({"drains": requests.to_string()});
            }),
            _ => store.delete("pods", namespace.as_str().unwrap(), name),
        }
    }
    report(store, deployment, &number, shape);
}

fn report(store: &mut Store, deployment: &Value, revision: &str, shape: &Pods) {
    let meta = &deployment["metadata"];
    let hash = hash(&deployment["spec"]["template"]);
    let selector = &deployment["spec"]["selector"]["matchLabels"];
    let of = |pod: &&Value| {
        let labels = &pod["metadata"]["labels"];
        pod["metadata"]["namespace"] == meta["namespace"]
            && pod["metadata"]["deletionTimestamp"].is_null()
            && selector.as_object().is_some_and(|all| all.iter().all(|(key, value)| labels[key] == *value))
    };
    let pods: Vec<&Value> = store.all("pods").filter(of).collect();
    let updated = pods.iter().filter(|pod| pod["metadata"]["labels"]["pod-template-hash"] == *hash).count();
    let available = pods.iter().filter(|pod| is_ready(pod)).count();
    let conditions = match shape {
        Pods::Refused(why) if updated < usize::try_from(deployment["spec"]["replicas"].as_i64().unwrap_or(1)).unwrap_or(0) => {
            json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": why}])
        }
        _ => json!([]),
    };
    let status = json!({"observedGeneration": meta["generation"], "replicas": pods.len(), "updatedReplicas": updated, "readyReplicas": available,
        "availableReplicas": available, "conditions": conditions});
    let annotation = json!(revision);
    let key = "deployment.kubernetes.io/revision";
    if deployment["status"] == status && meta["annotations"][key] == annotation {
        return;
    }
    store.edit("Deployment", meta["name"].as_str().unwrap(), |object| {
        object["status"] = status;
        object["metadata"]["annotations"][key] = annotation;
    });
}

fn run_set(store: &mut Store, set: &Value) {
    let (meta, template) = (&set["metadata"], &set["spec"]["template"]);
    let (name, revision) = (meta["name"].as_str().unwrap(), format!("{}-{}", meta["name"].as_str().unwrap(), hash(template)));
    let pod = format!("{name}-0");
    let current = store.named("Pod", &pod).map(|pod| pod["metadata"]["labels"]["controller-revision-hash"].clone());
    if current == Some(json!(revision)) && set["status"]["observedGeneration"] == meta["generation"] {
        return;
    }
    let mut labels = template["metadata"]["labels"].clone();
    labels["controller-revision-hash"] = json!(revision);
    let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    store.store(json!({"apiVersion": "v1", "kind": "Pod", "spec": template["spec"], "status": ready,
        "metadata": {"name": pod, "namespace": meta["namespace"], "labels": labels, "ownerReferences": owner(set)}}));
    for claim in set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let claimed = format!("{}-{name}-0", claim["metadata"]["name"].as_str().unwrap());
        if store.named("PersistentVolumeClaim", &claimed).is_none() {
            store.store(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": claim["spec"],
                "metadata": {"name": claimed, "namespace": meta["namespace"], "labels": claim["metadata"]["labels"]}}));
        }
    }
    store.edit("StatefulSet", name, |object| {
        object["status"] = json!({"observedGeneration": meta["generation"], "replicas": 1, "updateRevision": revision});
    });
}
