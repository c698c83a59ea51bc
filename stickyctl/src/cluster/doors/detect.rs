//! Finds front doors among pods, IngressClasses and Ingresses. No I/O.

use super::model::{Door, Found, Marks};
use super::options::version;
use super::others::recognize;
use crate::cluster::ready::is_ready;
use crate::generate::front_door::install::COMPONENT;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;

/// The annotation that `ingressClassName` replaced.
pub(crate) const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// All front doors among the pods, by namespace and name. The pods of one workload are one front door; if they differ, as they do
/// during a rollout, its newest ready pod says what it is.
pub(crate) fn doors(pods: &[Pod], classes: &[IngressClass]) -> Vec<Found> {
    let mut groups: BTreeMap<(String, String), Vec<Dated>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| counts(pod)) {
        if let Some(found) = of_pod(pod, classes) {
            let group = groups.entry((found.namespace.clone(), found.workload.clone())).or_default();
            group.push((pod.metadata.creation_timestamp.as_ref(), found));
        }
    }
    groups.into_values().filter_map(merge).collect()
}

/// When a pod was created, and the front door that it belongs to.
type Dated<'a> = (Option<&'a Time>, Found);

/// Whether a pod is one of a front door that reads Ingresses.
pub(crate) fn is_front_door(pod: &Pod) -> bool {
    pod.spec.iter().flat_map(|spec| &spec.containers).any(|container| recognize(container).is_some())
}

fn merge(mut group: Vec<Dated>) -> Option<Found> {
    group.sort_by(|(created, a), (other, b)| {
        b.ready().cmp(&a.ready()).then_with(|| other.cmp(created)).then_with(|| a.pods[0].name.cmp(&b.pods[0].name))
    });
    let mut all = group.into_iter().map(|(_, found)| found);
    let mut first = all.next()?;
    first.pods.extend(all.flat_map(|found| found.pods));
    Some(first)
}

/// Whether a pod can serve: it is not terminating and has not ended.
pub(super) fn counts(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    pod.metadata.deletion_timestamp.is_none() && !matches!(phase, Some("Succeeded" | "Failed"))
}

fn of_pod(pod: &Pod, classes: &[IngressClass]) -> Option<Found> {
    let containers = &pod.spec.as_ref()?.containers;
    let (container, controller) = containers.iter().find_map(|container| Some((container, recognize(container)?)))?;
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let label = |key: &str| labels.get(&format!("app.kubernetes.io/{key}")).map(String::as_str);
    Some(Found {
        proxy: controller.proxy,
        product: controller.proxy.name().to_owned(),
        version: container.image.as_deref().and_then(version),
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        workload: workload(pod),
        marks: Marks::Arguments,
        classes: classes.iter().filter(|class| controller.takes(class)).filter_map(|class| class.metadata.name.clone()).collect(),
        unclassed: controller.unclassed,
        watch: controller.watch,
        pods: vec![door(pod, controller.http_port, controller.https_port)],
        ours: label("managed-by") == Some("stickyctl") && label("component") == Some(COMPONENT),
    })
}

/// A pod that listens for plain HTTP on a port, and perhaps for HTTPS on another.
pub(super) fn door(pod: &Pod, http_port: u16, https_port: Option<u16>) -> Door {
    Door {
        name: pod.metadata.name.clone().unwrap_or_default(),
        ready: is_ready(pod),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        http_port,
        https_port,
    }
}

/// The Deployment behind a ReplicaSet has its name without the hash at the end.
pub(super) fn workload(pod: &Pod) -> String {
    let owner = pod.metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
    let hash = pod.metadata.labels.as_ref().and_then(|labels| labels.get("pod-template-hash"));
    match owner {
        Some(owner) if owner.kind == "ReplicaSet" => match hash.and_then(|hash| owner.name.strip_suffix(&format!("-{hash}"))) {
            Some(deployment) => format!("deployment/{deployment}"),
            None => format!("replicaset/{}", owner.name),
        },
        Some(owner) => format!("{}/{}", owner.kind.to_ascii_lowercase(), owner.name),
        None => format!("pod/{}", pod.metadata.name.as_deref().unwrap_or_default()),
    }
}

/// The Ingresses of a class as `namespace/name`: by `ingressClassName`, else by the annotation that came before it.
pub(crate) fn users(ingresses: &[Ingress], class: &str) -> Vec<String> {
    let of = |ingress: &&Ingress| {
        let named = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
        let old = || ingress.metadata.annotations.as_ref().and_then(|all| all.get(OLD_CLASS)).map(String::as_str);
        named.or_else(old) == Some(class)
    };
    let name = |ingress: &Ingress| {
        format!("{}/{}", ingress.metadata.namespace.as_deref().unwrap_or_default(), ingress.metadata.name.as_deref().unwrap_or_default())
    };
    ingresses.iter().filter(of).map(name).collect()
}
