//! Jobs become pods, unless they are suspended.

use super::store::Store;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the pod of a Job does: its status, and its log. Gets the Job.
pub(crate) type Script = Arc<dyn Fn(&Value) -> Option<(Value, String)> + Send + Sync>;

/// Creates the pod of each Job that has none, as `script` says; without a pod the Job waits.
pub(super) fn run(store: &mut Store, script: Option<&Script>) {
    let Some(script) = script else { return };
    for job in store.all("jobs").cloned().collect::<Vec<_>>() {
        let meta = &job["metadata"];
        let name = format!("{}-x7k2p", meta["name"].as_str().unwrap());
        if job["spec"]["suspend"] == true || store.named("Pod", &name).is_some() {
            continue;
        }
        let Some((status, log)) = script(&job) else { continue };
        let template = &job["spec"]["template"];
        let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": true}]);
        store.store(json!({"apiVersion": "v1", "kind": "Pod", "spec": template["spec"], "status": status,
            "metadata": {"name": name, "namespace": meta["namespace"], "labels": template["metadata"]["labels"], "ownerReferences": owner,
                "annotations": {"log": log}}}));
    }
}
