//! From pods, IngressClasses and Ingresses to front doors. Pure.

use super::controller::Controller;
use super::options::version;
use crate::cluster::rollout::trouble::is_ready;
use crate::generate::front_door::install::COMPONENT;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use std::collections::BTreeMap;

/// The annotation that came before `ingressClassName`.
const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// What a controller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// One that reads ingress-nginx' annotations.
    Door(FrontDoor),
    /// Traefik by its own Ingress provider, which reads none of them.
    OtherTraefik,
}

impl Proxy {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Door(FrontDoor::Nginx) => "ingress-nginx",
            Self::Door(FrontDoor::Traefik) => "Traefik",
            Self::OtherTraefik => "Traefik without its ingress-nginx provider",
        }
    }
}

/// Whose Ingresses a controller reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// Everybody's.
    Everything,
    /// Those of some namespaces.
    Namespaces(Vec<String>),
    /// Those of namespaces with labels.
    Selector(String),
}

/// A pod of a front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Its name.
    pub name: String,
    /// Whether it takes requests.
    pub ready: bool,
    /// Its node, once it has one.
    pub node: Option<String>,
    /// The port of the pod that serves plain HTTP.
    pub http_port: u16,
}

/// A front door that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub proxy: Proxy,
    /// Its version, where the image's tag tells it.
    pub version: Option<String>,
    /// The namespace that it runs in.
    pub namespace: String,
    /// What its pods belong to, as in `deployment/traefik`.
    pub workload: String,
    /// The IngressClasses that it takes.
    pub classes: Vec<String>,
    /// Where it looks for Ingresses.
    pub watch: Watch,
    /// Its pods, but for those that end; the first ready ones first.
    pub pods: Vec<Door>,
    /// Whether `up` installed it.
    pub ours: bool,
}

impl Found {
    /// How many of its pods are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.pods.iter().filter(|pod| pod.ready).count()
    }

    /// Its name and version.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.proxy.name()),
            None => self.proxy.name().to_owned(),
        }
    }

    /// Whether it looks at a namespace. Labels of namespaces are not known here: a selector may mean any.
    #[must_use]
    pub fn watches(&self, namespace: &str) -> bool {
        match &self.watch {
            Watch::Everything | Watch::Selector(_) => true,
            Watch::Namespaces(all) => all.iter().any(|one| one == namespace),
        }
    }
}

/// All front doors among the pods, by namespace and name. Pods of one workload are one door; if they differ, as they do during
/// a rollout, its newest ready pod says what it is.
#[must_use]
pub fn doors(pods: &[Pod], classes: &[IngressClass]) -> Vec<Found> {
    let mut groups: BTreeMap<(String, String), Vec<Dated>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| counts(pod)) {
        if let Some(found) = of_pod(pod, classes) {
            let group = groups.entry((found.namespace.clone(), found.workload.clone())).or_default();
            group.push((pod.metadata.creation_timestamp.as_ref(), found));
        }
    }
    groups.into_values().filter_map(merge).collect()
}

/// What a pod tells of its door, with when the pod was made.
type Dated<'a> = (Option<&'a Time>, Found);

fn merge(mut group: Vec<Dated>) -> Option<Found> {
    group.sort_by(|(created, a), (other, b)| {
        b.ready().cmp(&a.ready()).then_with(|| other.cmp(created)).then_with(|| a.pods[0].name.cmp(&b.pods[0].name))
    });
    let mut all = group.into_iter().map(|(_, found)| found);
    let mut first = all.next()?;
    first.pods.extend(all.flat_map(|found| found.pods));
    Some(first)
}

/// A pod that ends, or has ended, serves nobody.
fn counts(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    pod.metadata.deletion_timestamp.is_none() && !matches!(phase, Some("Succeeded" | "Failed"))
}

fn of_pod(pod: &Pod, classes: &[IngressClass]) -> Option<Found> {
    let containers = &pod.spec.as_ref()?.containers;
    let (container, controller) = containers.iter().find_map(|container| Some((container, Controller::of(container)?)))?;
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let label = |key: &str| labels.get(&format!("app.kubernetes.io/{key}")).map(String::as_str);
    Some(Found {
        proxy: controller.proxy,
        version: container.image.as_deref().and_then(version),
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        workload: workload(pod),
        classes: classes.iter().filter(|class| controller.takes(class)).filter_map(|class| class.metadata.name.clone()).collect(),
        watch: controller.watch,
        pods: vec![Door {
            name: pod.metadata.name.clone().unwrap_or_default(),
            ready: is_ready(pod),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            http_port: controller.http_port,
        }],
        ours: label("managed-by") == Some("stickyctl") && label("component") == Some(COMPONENT),
    })
}

/// The Deployment behind a ReplicaSet is told by its name, which is the ReplicaSet's but for the hash.
fn workload(pod: &Pod) -> String {
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

/// What an IngressClass says of its controller.
pub(super) fn controller(class: &IngressClass) -> Option<&str> {
    class.spec.as_ref()?.controller.as_deref()
}

/// The Ingresses of a class, as `namespace/name`: by `ingressClassName`, else by the old annotation.
#[must_use]
pub fn users(ingresses: &[Ingress], class: &str) -> Vec<String> {
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
