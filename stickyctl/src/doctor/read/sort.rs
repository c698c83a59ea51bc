//! Puts an object into the list of its kind.

use crate::cluster::doors::gateway::crd::{Definition, HTTP_ROUTE};
use crate::doctor::finding::{About, Place};
use crate::doctor::objects::{Objects, Read, Unfit, Workload};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorted {
    /// It is in its list, or in that of objects that do not fit.
    Known,
    /// No check reads its kind.
    Ignored,
}

/// API groups and kinds that checks read, without versions.
const KINDS: &[(&str, &str)] = &[
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "IngressClass"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("gateway.envoyproxy.io", "BackendTrafficPolicy"),
    ("", "Service"),
    ("", "ConfigMap"),
    ("", "Pod"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
];

/// Whether a document of a kind may matter: checks read it, or it is a list of any. Of CustomResourceDefinitions, which are large, only
/// that of HTTPRoute does.
pub(super) fn is_read(kind: &str, text: &str) -> bool {
    if kind == "CustomResourceDefinition" {
        return text.contains(HTTP_ROUTE);
    }
    kind.ends_with("List") || kind == "EndpointSlice" || KINDS.iter().any(|(_, known)| *known == kind)
}

/// Puts one object where it belongs.
pub(super) fn sort(objects: &mut Objects, value: Value, place: Option<&Place>) -> Sorted {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (version, kind) = (text("/apiVersion"), text("/kind"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    if kind == "CustomResourceDefinition" {
        if text("/metadata/name") == HTTP_ROUTE {
            objects.definition = serde_json::from_value(value).ok().map(|object| Definition::of(&object));
        }
        return Sorted::Ignored;
    }
    if group == "discovery.k8s.io" && kind == "EndpointSlice" {
        objects.slices.extend(serde_json::from_value::<EndpointSlice>(value));
        return Sorted::Known;
    }
    if !KINDS.contains(&(group, kind.as_str())) {
        return Sorted::Ignored;
    }
    let about = About { kind, namespace: text("/metadata/namespace"), name: text("/metadata/name"), place: place.cloned() };
    let mut put = Put { value, place, about, unfit: &mut objects.unfit };
    match put.about.kind.as_str() {
        "Ingress" => put.to(&mut objects.ingresses),
        "IngressClass" => put.to(&mut objects.classes),
        "HTTPRoute" => put.to(&mut objects.routes),
        "Gateway" => put.to(&mut objects.gateways),
        "GatewayClass" => put.to(&mut objects.gateway_classes),
        "BackendTrafficPolicy" => put.to(&mut objects.policies),
        "Service" => put.to(&mut objects.services),
        "ConfigMap" => put.to(&mut objects.config_maps),
        "Pod" => put.to(&mut objects.pods),
        "Deployment" => {
            objects.workloads.extend(put.read().map(|deployment: Read<k8s_openapi::api::apps::v1::Deployment>| Workload::from(deployment)))
        }
        "StatefulSet" => objects.workloads.extend(put.read().map(|set: Read<k8s_openapi::api::apps::v1::StatefulSet>| Workload::from(set))),
        "DaemonSet" => objects.workloads.extend(put.read().map(|set: Read<k8s_openapi::api::apps::v1::DaemonSet>| Workload::from(set))),
        _ => put.to(&mut objects.autoscalers),
    }
    Sorted::Known
}

/// An object on its way into a list.
struct Put<'a> {
    value: Value,
    place: Option<&'a Place>,
    about: About,
    unfit: &'a mut Vec<Unfit>,
}

impl Put<'_> {
    fn to<K: DeserializeOwned>(&mut self, list: &mut Vec<Read<K>>) {
        list.extend(self.read());
    }

    fn read<K: DeserializeOwned>(&mut self) -> Option<Read<K>> {
        match serde_path_to_error::deserialize(std::mem::take(&mut self.value)) {
            Ok(object) => Some(Read { object, place: self.place.cloned() }),
            Err(error) => {
                let (field, why) = (error.path().to_string(), error.inner().to_string());
                self.unfit.push(Unfit { about: self.about.clone(), field: if field == "." { String::new() } else { field }, why });
                None
            }
        }
    }
}
