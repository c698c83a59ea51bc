//! The Gateway API and Envoy Gateway: definitions, a class, and a controller that accepts what it is given.

use super::Fake;
use super::store::Store;
use crate::gateway_api::Shape;
use serde_json::{Value, json};

/// What the controller says instead of True: the object's kind and the condition's type, then status, reason and message.
pub(super) type Objection = (&'static str, &'static str, [&'static str; 3]);

const CONTROLLER: &str = "gateway.envoyproxy.io/gatewayclass-controller";

impl Fake {
    /// Installs the CustomResourceDefinitions of the Gateway API, with session persistence or without, and those of Envoy Gateway.
    pub(crate) fn gateway_api(&self, version: &str, shape: Option<Shape>) {
        let persistence = match shape {
            Some(Shape::SessionName) => json!({"sessionPersistence": {"properties": {"sessionName": {}, "cookieConfig": {}}}}),
            Some(Shape::Cookie) => json!({"sessionPersistence": {"properties": {"cookie": {}, "header": {}}}}),
            None => json!({"matches": {}}),
        };
        let channel = if shape.is_some() { "experimental" } else { "standard" };
        let annotations = json!({"gateway.networking.k8s.io/bundle-version": version, "gateway.networking.k8s.io/channel": channel});
        let schema = json!({"properties": {"spec": {"properties": {"rules": {"items": {"properties": persistence}}}}}});
        for (group, plurals) in [
            ("gateway.networking.k8s.io", &["gatewayclasses", "gateways", "httproutes", "referencegrants"][..]),
            ("gateway.envoyproxy.io", &["backendtrafficpolicies"]),
        ] {
            for plural in plurals {
                let versions = json!([{"name": "v1", "served": true, "schema": {"openAPIV3Schema": schema}}]);
                self.put(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                    "metadata": {"name": format!("{plural}.{group}"), "annotations": annotations}, "spec": {"versions": versions}}));
            }
        }
    }

    /// A GatewayClass that its controller has accepted.
    pub(crate) fn gateway_class(&self, name: &str, controller: &str) {
        let accepted = condition(&json!({"metadata": {"generation": 1}}), "Accepted", ["True", "Accepted", ""]);
        self.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": name},
            "spec": {"controllerName": controller}, "status": {"conditions": [accepted]}}));
    }

    /// Envoy Gateway with the class `eg` on definitions that it reads. Each Gateway gets one ready proxy that answers as the app does.
    pub(crate) fn envoy_gateway(&self) {
        self.gateway_api("v1.6.1", Some(Shape::SessionName));
        self.gateway_class("eg", CONTROLLER);
        self.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "envoy-gateway-1-a", "namespace": "envoy-gateway-system"},
            "spec": {"containers": [{"name": "envoy-gateway", "image": "docker.io/envoyproxy/gateway:v1.9.1", "args": ["server"]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
        self.answers("envoy-", 10_080);
    }

    /// Lets the controller of Gateways say something else of a condition than that it is True.
    pub(crate) fn objects_to(&self, kind: &'static str, condition: &'static str, says: [&'static str; 3]) {
        self.state().objections.push((kind, condition, says));
        self.state().store.settled = None;
    }
}

fn condition(object: &Value, kind: &str, [status, reason, message]: [&str; 3]) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": object["metadata"]["generation"]})
}

/// Reports on all Gateways of accepted classes and what is attached to them, and creates their proxies.
pub(super) fn run(store: &mut Store, objections: &[Objection]) {
    let says = |kind: &str, object: &Value, wanted: &[&str]| -> Value {
        let of = |wanted: &&str| {
            let other = objections.iter().rev().find(|one| one.0 == kind && one.1 == *wanted);
            condition(object, wanted, other.map_or(["True", wanted, ""], |one| one.2))
        };
        wanted.iter().map(of).collect()
    };
    let classes: Vec<(Value, Value)> = store
        .all("gatewayclasses")
        .filter(|class| class["status"]["conditions"][0]["status"] == "True")
        .map(|class| (class["metadata"]["name"].clone(), class["spec"]["controllerName"].clone()))
        .collect();
    for gateway in store.all("gateways").cloned().collect::<Vec<_>>() {
        let Some((_, controller)) = classes.iter().find(|(name, _)| *name == gateway["spec"]["gatewayClassName"]) else { continue };
        let conditions = says("Gateway", &gateway, &["Accepted", "Programmed"]);
        report(store, &gateway, json!({"conditions": conditions, "addresses": [{"value": "10.0.0.9"}]}));
        if controller.as_str().unwrap().starts_with("gateway.envoyproxy.io/") {
            proxy(store, &gateway);
        }
    }
    for route in store.all("httproutes").cloned().collect::<Vec<_>>() {
        let parent = &route["spec"]["parentRefs"][0];
        let gateway = store.named("Gateway", parent["name"].as_str().unwrap());
        let class = gateway.map(|gateway| gateway["spec"]["gatewayClassName"].clone());
        let Some((_, controller)) = classes.iter().find(|(name, _)| Some(name) == class.as_ref()) else { continue };
        let conditions = says("HTTPRoute", &route, &["Accepted", "ResolvedRefs"]);
        report(store, &route, json!({"parents": [{"parentRef": parent, "controllerName": controller, "conditions": conditions}]}));
    }
    for policy in store.all("backendtrafficpolicies").cloned().collect::<Vec<_>>() {
        let conditions = says("BackendTrafficPolicy", &policy, &["Accepted"]);
        report(store, &policy, json!({"ancestors": [{"controllerName": CONTROLLER, "conditions": conditions}]}));
    }
}

fn report(store: &mut Store, object: &Value, status: Value) {
    if object["status"] != status {
        store.edit(object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap(), |object| object["status"] = status);
    }
}

/// A pod of Envoy in the controller's namespace, beside Envoy Gateway's own image as the shutdown manager.
fn proxy(store: &mut Store, gateway: &Value) {
    let (name, namespace) = (gateway["metadata"]["name"].as_str().unwrap(), gateway["metadata"]["namespace"].as_str().unwrap());
    let pod = format!("envoy-{namespace}-{name}-1-a");
    if store.named("Pod", &pod).is_some() {
        return;
    }
    let labels = json!({"app.kubernetes.io/managed-by": "envoy-gateway", "gateway.envoyproxy.io/owning-gateway-name": name,
        "gateway.envoyproxy.io/owning-gateway-namespace": namespace, "pod-template-hash": "1"});
    let owner =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("envoy-{namespace}-{name}-1"), "uid": "u", "controller": true}]);
    store.store(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod, "namespace": "envoy-gateway-system", "labels": labels, "ownerReferences": owner},
        "spec": {"nodeName": "node-1", "containers": [{"name": "envoy", "image": "docker.io/envoyproxy/envoy:distroless-v1.39.1"},
            {"name": "shutdown-manager", "image": "docker.io/envoyproxy/gateway:v1.9.1", "command": ["envoy-gateway"]}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}));
}
