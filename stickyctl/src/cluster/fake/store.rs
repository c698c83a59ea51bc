//! The objects.

use super::apply;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kind, plural, group and version, and whether it is namespaced.
pub(super) type Kind = (&'static str, &'static str, &'static str, bool);

/// The kinds of every cluster, and those that a CustomResourceDefinition adds ([`Store::kinds`]).
const KINDS: &[Kind] = &[
    ("ConfigMap", "configmaps", "v1", true),
    ("Event", "events", "v1", true),
    ("Namespace", "namespaces", "v1", false),
    ("Node", "nodes", "v1", false),
    ("PersistentVolumeClaim", "persistentvolumeclaims", "v1", true),
    ("Pod", "pods", "v1", true),
    ("Secret", "secrets", "v1", true),
    ("Service", "services", "v1", true),
    ("ServiceAccount", "serviceaccounts", "v1", true),
    ("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io/v1", false),
    ("Deployment", "deployments", "apps/v1", true),
    ("ReplicaSet", "replicasets", "apps/v1", true),
    ("StatefulSet", "statefulsets", "apps/v1", true),
    ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling/v2", true),
    ("EndpointSlice", "endpointslices", "discovery.k8s.io/v1", true),
    ("BackendTrafficPolicy", "backendtrafficpolicies", "gateway.envoyproxy.io/v1alpha1", true),
    ("Gateway", "gateways", "gateway.networking.k8s.io/v1", true),
    ("GatewayClass", "gatewayclasses", "gateway.networking.k8s.io/v1", false),
    ("HTTPRoute", "httproutes", "gateway.networking.k8s.io/v1", true),
    ("ReferenceGrant", "referencegrants", "gateway.networking.k8s.io/v1beta1", true),
    ("Job", "jobs", "batch/v1", true),
    ("Ingress", "ingresses", "networking.k8s.io/v1", true),
    ("IngressClass", "ingressclasses", "networking.k8s.io/v1", false),
    ("NetworkPolicy", "networkpolicies", "networking.k8s.io/v1", true),
    ("ScaledObject", "scaledobjects", "keda.sh/v1alpha1", true),
    ("PodDisruptionBudget", "poddisruptionbudgets", "policy/v1", true),
    ("ClusterRole", "clusterroles", "rbac.authorization.k8s.io/v1", false),
    ("ClusterRoleBinding", "clusterrolebindings", "rbac.authorization.k8s.io/v1", false),
    ("Role", "roles", "rbac.authorization.k8s.io/v1", true),
    ("RoleBinding", "rolebindings", "rbac.authorization.k8s.io/v1", true),
];

/// Plural, namespace (empty for cluster-wide kinds) and name.
type Key = (&'static str, String, String);

#[derive(Default)]
pub(super) struct Store {
    objects: BTreeMap<Key, Value>,
    /// The last resourceVersion.
    version: u64,
    /// The version and what new pods are like when the controllers last had nothing to do.
    pub(super) settled: Option<(u64, usize)>,
}

pub(super) fn plural_of(kind: &str) -> &'static str {
    KINDS.iter().find(|row| row.0 == kind).unwrap_or_else(|| panic!("the fake has no kind {kind}")).1
}

impl Store {
    /// The kinds that this cluster has: those of the Gateway API and of Envoy Gateway only with their CustomResourceDefinitions.
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        let has = |(_, plural, version, _): &Kind| match version.split_once('/') {
            Some((group, _)) if group.starts_with("gateway.") || group == "keda.sh" => {
                self.get("customresourcedefinitions", "", &format!("{plural}.{group}")).is_some()
            }
            _ => true,
        };
        KINDS.iter().copied().filter(has)
    }

    pub(super) fn state(&self) -> (u64, usize) {
        (self.version, self.objects.len())
    }

    fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn key(object: &Value) -> Key {
        let text = |at: &str| object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        (plural_of(object["kind"].as_str().unwrap()), text("/metadata/namespace"), text("/metadata/name"))
    }

    pub(super) fn get(&self, plural: &'static str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&(plural, namespace.to_owned(), name.to_owned()))
    }

    /// The object of a kind and a name, in whatever namespace.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<&Value> {
        let plural = plural_of(kind);
        self.objects.iter().find(|(key, _)| key.0 == plural && key.2 == name).map(|(_, object)| object)
    }

    pub(super) fn all(&self, plural: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |(key, _)| key.0 == plural).map(|(_, object)| object)
    }

    pub(super) fn titles(&self) -> Vec<String> {
        self.objects.values().map(|object| format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())).collect()
    }

    pub(super) fn put(&mut self, object: Value, manager: &str) {
        let owned = apply::fields(&object);
        let entry =
            json!({"manager": manager, "operation": "Update", "apiVersion": object["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": owned});
        let mut object = object;
        if object["metadata"]["managedFields"].is_null() && !manager.is_empty() {
            object["metadata"]["managedFields"] = json!([entry]);
        }
        self.store(object);
    }

    /// Stores a new or changed object, with what the API server adds.
    pub(super) fn store(&mut self, mut object: Value) -> &Value {
        if object["kind"] == "Deployment" && object["spec"]["replicas"].is_null() {
            object["spec"]["replicas"] = json!(1);
        }
        let key = Self::key(&object);
        let version = self.next();
        let old = self.objects.get(&key);
        let generation = old.map_or(0, |old| old["metadata"]["generation"].as_i64().unwrap_or(0));
        let is_changed = old.is_none_or(|old| old["spec"] != object["spec"]);
        let meta = &mut object["metadata"];
        meta["generation"] = json!(generation + i64::from(is_changed));
        if meta["uid"].is_null() {
            meta["uid"] = old.map_or_else(|| json!(format!("uid-{version}")), |old| old["metadata"]["uid"].clone());
        }
        if meta["creationTimestamp"].is_null() {
            let now = format!("2026-01-01T00:{:02}:{:02}Z", (self.version / 60) % 60, self.version % 60);
            meta["creationTimestamp"] = old.map_or_else(|| json!(now), |old| old["metadata"]["creationTimestamp"].clone());
        }
        meta["resourceVersion"] = json!(version);
        self.objects.insert(key.clone(), object);
        &self.objects[&key]
    }

    pub(super) fn edit(&mut self, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.named(kind, name).unwrap_or_else(|| panic!("there is no {kind} {name}")).clone();
        change(&mut object);
        self.store(object);
    }

    /// The scale subresource: the number's owner is on record only if somebody owned it before.
    pub(super) fn scale(&mut self, name: &str, replicas: i64, manager: &str) {
        self.edit("Deployment", name, |object| {
            if object["spec"]["replicas"] == json!(replicas) {
                return;
            }
            object["spec"]["replicas"] = json!(replicas);
            let mut entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
            let mut owned = false;
            for entry in &mut entries {
                let fields = entry.pointer_mut("/fieldsV1/f:spec").and_then(Value::as_object_mut);
                owned |= fields.is_some_and(|fields| fields.remove("f:replicas").is_some());
            }
            if owned {
                entries.push(json!({"manager": manager, "operation": "Update", "subresource": "scale", "apiVersion": "apps/v1",
                    "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}));
            }
            object["metadata"]["managedFields"] = json!(entries);
        });
    }

    /// Deletes an object; one with a finalizer stays and is marked. What it owns goes with it.
    pub(super) fn delete(&mut self, plural: &'static str, namespace: &str, name: &str) {
        let key = (plural, namespace.to_owned(), name.to_owned());
        let Some(object) = self.objects.get_mut(&key) else { return };
        let uid = object["metadata"]["uid"].clone();
        if object["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty()) {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T01:00:00Z");
            return;
        }
        self.objects.remove(&key);
        let is_owned = |child: &Value| child["metadata"]["ownerReferences"].as_array().is_some_and(|all| all.iter().any(|one| one["uid"] == uid));
        let owned: Vec<Key> = self.objects.iter().filter(|(_, child)| is_owned(child)).map(|(key, _)| key.clone()).collect();
        for (plural, namespace, name) in owned {
            self.delete(plural, &namespace, &name);
        }
        if plural == "namespaces" {
            self.objects.retain(|(_, namespace, _), _| namespace != name);
        }
    }
}
