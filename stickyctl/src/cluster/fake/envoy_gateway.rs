//! An Envoy Gateway that `up` installs: its Job creates Secrets, and while its Deployment has a ready pod, it accepts its GatewayClass,
//! keeps a finalizer on it while a Gateway uses it, and deletes the proxies of Gateways that are gone.

use super::store::Store;
use crate::generate::front_door::install::gateway::certificates;
use serde_json::{Value, json};

const FINALIZER: &str = "gateway-exists-finalizer.gateway.networking.k8s.io";
const OWNER: &str = "gateway.envoyproxy.io/owning-gateway-name";

pub(super) fn run(store: &mut Store) {
    for job in store.all("jobs").filter(|job| job["metadata"]["name"] == certificates::JOB && job["status"].is_null()).cloned().collect::<Vec<_>>() {
        certify(store, &job);
    }
    let is_ready = |server: &&Value| server["metadata"]["name"] == "envoy-gateway" && server["status"]["readyReplicas"].as_i64() > Some(0);
    if store.all("deployments").any(|one| is_ready(&one)) {
        for class in store.all("gatewayclasses").cloned().collect::<Vec<_>>() {
            serve(store, &class);
        }
    }
}

fn certify(store: &mut Store, job: &Value) {
    for name in certificates::SECRETS {
        store.store(json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": job["metadata"]["namespace"], "labels": {"control-plane": "envoy-gateway"}}}));
    }
    store.edit("Job", job["metadata"]["name"].as_str().unwrap(), |job| job["status"] = json!({"succeeded": 1}));
}

fn serve(store: &mut Store, class: &Value) {
    let name = class["metadata"]["name"].as_str().unwrap();
    let gateways: Vec<Value> = store.all("gateways").filter(|one| one["spec"]["gatewayClassName"] == name).cloned().collect();
    let kept = if gateways.is_empty() { Value::Null } else { json!([FINALIZER]) };
    let accepted = json!({"conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
    if class["status"] != accepted || class["metadata"]["finalizers"] != kept {
        store.edit("GatewayClass", name, |class| {
            class["status"] = accepted;
            class["metadata"]["finalizers"] = kept;
        });
        if !class["metadata"]["deletionTimestamp"].is_null() {
            store.delete("gatewayclasses", "", name);
        }
    }
    let is_orphan = |one: &&Value| {
        let owner = &one["metadata"]["labels"][OWNER];
        !owner.is_null() && !gateways.iter().any(|gateway| gateway["metadata"]["name"] == *owner)
    };
    for proxy in store.all("pods").filter(is_orphan).cloned().collect::<Vec<_>>() {
        store.delete("pods", proxy["metadata"]["namespace"].as_str().unwrap(), proxy["metadata"]["name"].as_str().unwrap());
    }
}
