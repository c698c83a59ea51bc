//! What `stickyctl status` knows about a release on a cluster: plain data, and the shape of `-o json`.

use serde::Serialize;
use sticky_core::readiness::State;

/// A release on a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// [`Status::SCHEMA`].
    pub schema: &'static str,
    /// `metadata.name` of the Deployment.
    pub name: String,
    /// The namespace of all its objects.
    pub namespace: String,
    /// The name in the kubeconfig: `--context`, or else the current context.
    pub context: String,
    /// `PODSxWORKERS`: the live replica count and the workers in the pod template.
    pub mode: String,
    /// The canary, if the release has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// The tag of the Deployment's image, or the start of its digest; `latest` without either.
    pub version: String,
    /// Seconds since the Deployment was created.
    pub up_s: u64,
    /// All pods, oldest first, including terminating ones.
    pub pods: Vec<Pod>,
    /// What serves the route's class. If it isn't known, a note says why.
    pub front_door: Option<FrontDoor>,
    /// The route in the Ingress or HTTPRoute; `None` if there is none.
    pub route: Option<Route>,
    /// The affinity cookie; `None` without affinity.
    pub cookie: Option<Cookie>,
    /// The bus between the pods.
    pub redis: Redis,
    /// What owns the replica count.
    pub autoscaler: Option<Autoscaler>,
    /// What could not be read and why, and what affects the release from outside.
    pub notes: Vec<String>,
}

/// The canary of a release: pods of another version behind the same Service, which `mode` doesn't count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Canary {
    /// The live replica count of its Deployment.
    pub pods: usize,
    /// What its pods report as their version, or else the tag of their image.
    pub version: String,
}

/// A pod of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pod {
    /// `metadata.name`, which is also the app's name for the pod.
    pub pod: String,
    /// What it reports as its version if it is told to, or else the tag of its image.
    pub version: String,
    /// Whether it starts, serves or drains.
    pub state: State,
    /// Seconds until its grace period ends, while it drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u64>,
    /// The node, once the pod is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// How often its containers were restarted.
    pub restarts: u64,
    /// How often the pod's supervisor replaced a worker.
    pub worker_restarts: u64,
    /// Seconds since the pod was created.
    pub age_s: u64,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Why its workers are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// Its workers, if it could be asked.
    pub workers: Vec<Worker>,
}

/// A worker of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// Its number, from 0.
    pub worker: u16,
    /// Whether it starts, serves or drains.
    pub state: State,
    /// WebSockets that it holds, from `sticky_sockets` in the pod's metrics.
    pub sockets: u64,
}

/// What serves the class of the route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrontDoor {
    /// `nginx`, `traefik` or `gateway`.
    pub kind: String,
    /// The name of the product, as in `Envoy Gateway`.
    pub product: String,
    /// The version in its image's tag.
    pub version: Option<String>,
    /// `ingress.class` in the release's spec, or the Gateway's GatewayClass.
    pub class: String,
    /// Pods that are ready and not terminating.
    pub ready: usize,
    /// Pods that are not terminating.
    pub of: usize,
    /// The namespace of its pods.
    pub namespace: String,
}

/// The route to the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The host; `None` is any.
    pub host: Option<String>,
    /// The first path of the first rule; `/` if the rule has none.
    pub path: String,
    /// The Service behind it.
    pub service: String,
    /// The Service's port: its number, or else its name.
    pub port: String,
    /// `spec.ingressClassName` of the Ingress, or the Gateway's GatewayClass.
    pub class: Option<String>,
    /// Whether it has a certificate.
    pub tls: bool,
    /// Further hosts of an HTTPRoute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The Gateway that an HTTPRoute attaches to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
}

/// The Gateway in front of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gateway {
    /// `metadata.name`.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// `sectionName` in the HTTPRoute; `None` is every listener that allows the route.
    pub section: Option<String>,
    /// `spec.controllerName` of its class, if that could be read.
    pub controller: Option<String>,
    /// Where it can be reached.
    pub addresses: Vec<String>,
    /// Conditions of the Gateway, the HTTPRoute and the policies that are not True.
    pub conditions: Vec<Condition>,
}

/// A condition that is not True.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// As in `httproute sticky-sessions`.
    pub object: String,
    /// As in `Accepted`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `False` or `Unknown`; `None` if no controller has reported it for what is applied now.
    pub status: Option<String>,
    /// One word.
    pub reason: Option<String>,
    /// The controller's message.
    pub message: Option<String>,
}

/// The affinity cookie, as the front door applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cookie {
    /// From the Ingress's annotation, or else the controller's default, `INGRESSCOOKIE`; or from the HTTPRoute or its policy.
    pub name: String,
    /// `persistent`: sessions stay when pods are added; `balanced`: some move.
    pub persistence: String,
    /// From the Ingress's annotation, `/` without one; or from the HTTPRoute.
    pub path: String,
    /// Seconds that a browser keeps it; `None` is until it is closed.
    pub max_age: Option<u64>,
    /// `Lax`, `Strict`, `None`.
    pub same_site: Option<String>,
    /// Whether a session moves when its pod can't be reached.
    pub moves_on_failure: bool,
}

/// The bus, as seen by the workers that could be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redis {
    /// Whether the workers are subscribed.
    pub state: BusState,
    /// `directed` or `broadcast`.
    pub fanout: String,
    /// Workers that are subscribed.
    pub subscribed: usize,
    /// Workers that could be asked.
    pub of: usize,
    /// How often a lost subscription was renewed.
    pub reconnects: u64,
}

/// Whether the workers are subscribed to the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BusState {
    /// All workers that could be asked are subscribed.
    Ready,
    /// Some workers are subscribed, and some are not.
    Degraded,
    /// Workers could be asked, and none is subscribed.
    Down,
    /// None could be asked.
    Unknown,
}

/// The HorizontalPodAutoscaler that owns the replica count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Autoscaler {
    /// Minimum number of pods.
    pub min: u64,
    /// Maximum number of pods.
    pub max: u64,
    /// `status.currentReplicas`; 0 before its first report.
    pub current: u64,
    /// Number of pods that it asks for.
    pub desired: u64,
    /// Its name; the release's own has the release's name.
    pub name: String,
    /// Its CPU target, in percent of the pods' requests; `None` if it scales by something else.
    pub cpu_target: Option<u64>,
    /// The CPU usage that it last measured, in percent of the pods' requests.
    pub cpu: Option<u64>,
    /// What keeps it from working.
    pub trouble: Option<String>,
}

impl Status {
    /// The version of this shape; fields are only added.
    pub const SCHEMA: &'static str = "stickyctl.status/v1";

    /// A copy without fields that always change (time, CPU usage), so that two statuses differ only if something happened.
    #[must_use]
    pub fn timeless(&self) -> Self {
        let mut same = self.clone();
        same.up_s = 0;
        for pod in &mut same.pods {
            (pod.age_s, pod.left_s) = (0, None);
        }
        // CPU usage differs at each measurement; only the autoscaler's reaction is an event.
        same.autoscaler.iter_mut().for_each(|scaler| scaler.cpu = None);
        same
    }
}

#[cfg(test)]
pub(super) mod sample {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    pub(crate) fn pod(name: &str, state: State, workers: &[u64]) -> Pod {
        let workers = workers.iter().zip(0..).map(|(sockets, worker)| Worker { worker, state, sockets: *sockets }).collect();
        Pod {
            pod: name.to_owned(),
            version: "0.1.0".to_owned(),
            state,
            left_s: None,
            node: Some("node".to_owned()),
            restarts: 0,
            worker_restarts: 0,
            age_s: 240,
            why: None,
            unasked: None,
            workers,
        }
    }

    /// The release of the README.
    pub(crate) fn status() -> Status {
        Status {
            schema: Status::SCHEMA,
            name: "sticky-sessions".to_owned(),
            namespace: "sticky-sessions".to_owned(),
            context: "kind-kind".to_owned(),
            mode: "3x1".to_owned(),
            canary: None,
            version: "0.1.0".to_owned(),
            up_s: 250,
            pods: vec![pod("sticky-sessions-6d9c7b8f4d-5kqzt", State::Ready, &[12]), pod("sticky-sessions-6d9c7b8f4d-h8wpm", State::Ready, &[14])],
            front_door: Some(FrontDoor {
                kind: "nginx".to_owned(),
                product: "ingress-nginx".to_owned(),
                version: Some("1.15.1".to_owned()),
                class: "nginx".to_owned(),
                ready: 1,
                of: 1,
                namespace: "ingress-nginx".to_owned(),
            }),
            route: Some(Route {
                host: None,
                path: "/".to_owned(),
                service: "sticky-sessions".to_owned(),
                port: "80".to_owned(),
                class: Some("nginx".to_owned()),
                tls: false,
                hosts: Vec::new(),
                gateway: None,
            }),
            cookie: Some(Cookie {
                name: "sticky_4f2a91".to_owned(),
                persistence: "persistent".to_owned(),
                path: "/".to_owned(),
                max_age: Some(172_800),
                same_site: Some("Lax".to_owned()),
                moves_on_failure: true,
            }),
            redis: Redis { state: BusState::Ready, fanout: "directed".to_owned(), subscribed: 2, of: 2, reconnects: 0 },
            autoscaler: None,
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_cpu_usage_alone_are_no_change() {
        let scaler = Autoscaler { min: 1, max: 2, current: 1, desired: 1, name: "x".to_owned(), cpu_target: Some(50), cpu: Some(7), trouble: None };
        let status = Status { autoscaler: Some(scaler), ..sample::status() };
        let mut later = status.clone();
        later.up_s += 1;
        later.autoscaler.iter_mut().for_each(|scaler| scaler.cpu = Some(8));
        later.pods[0].age_s += 1;
        assert_eq!(status.timeless(), later.timeless());
        later.pods[0].workers[0].sockets += 1;
        assert_ne!(status.timeless(), later.timeless());
    }
}
