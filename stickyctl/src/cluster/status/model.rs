//! What `stickyctl status` knows of a release on a cluster: plain data, and the shape of `-o json`.

use serde::Serialize;
use sticky_app::core::topology::State;

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// [`Status::SCHEMA`]; fields are only added.
    pub schema: &'static str,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The kubeconfig's context.
    pub context: String,
    /// What is wanted now, `PODSxWORKERS`: replicas as they stand, workers of the pod template.
    pub mode: String,
    /// The image's tag.
    pub version: String,
    /// Seconds since the Deployment was made.
    pub up_s: u64,
    /// The pods, oldest first; those that are leaving too.
    pub pods: Vec<Pod>,
    /// What serves the route's class; none where it can't be told, and then a note says why.
    pub front_door: Option<FrontDoor>,
    /// The way in.
    pub route: Option<Route>,
    /// The affinity cookie.
    pub cookie: Option<Cookie>,
    /// The bus.
    pub redis: Redis,
    /// What owns the number of pods.
    pub autoscaler: Option<Autoscaler>,
    /// What could not be told, and why.
    pub notes: Vec<String>,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pod {
    /// Its name.
    pub pod: String,
    /// Its state.
    pub state: State,
    /// Seconds until it is killed, while it drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u64>,
    /// Its node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Times that its container was started again.
    pub restarts: u64,
    /// Times that the pod's supervisor replaced a worker.
    pub worker_restarts: u64,
    /// Seconds since it was made.
    pub age_s: u64,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Why its workers are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// Its workers.
    pub workers: Vec<Worker>,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// Its number.
    pub worker: u16,
    /// Its state.
    pub state: State,
    /// Sockets that it holds.
    pub sockets: u64,
}

/// What serves the class of the route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrontDoor {
    /// `nginx` or `traefik`.
    pub kind: String,
    /// Its version, where its image tells it.
    pub version: Option<String>,
    /// The IngressClass.
    pub class: String,
    /// Pods of it that are ready.
    pub ready: usize,
    /// Pods of it.
    pub of: usize,
    /// Where it runs.
    pub namespace: String,
}

/// The way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The host; none is any.
    pub host: Option<String>,
    /// The path.
    pub path: String,
    /// The Service.
    pub service: String,
    /// Its port, by number or by name.
    pub port: String,
    /// The IngressClass.
    pub class: Option<String>,
    /// It has a certificate.
    pub tls: bool,
}

/// The affinity cookie, as the front door applies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// `persistent`: sessions stay when pods come; `balanced`: some move.
    pub persistence: String,
    /// Its path.
    pub path: String,
    /// Seconds that a browser keeps it; none is until it is closed.
    pub max_age: Option<u64>,
    /// `Lax`, `Strict`, `None`.
    pub same_site: Option<String>,
    /// A session moves when its pod can't be reached.
    pub moves_on_failure: bool,
}

/// The bus, as the workers that could be asked have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redis {
    /// Whether the workers hear it.
    pub state: BusState,
    /// `directed` or `broadcast`.
    pub fanout: String,
    /// Workers that hear it.
    pub subscribed: usize,
    /// Workers that were asked.
    pub of: usize,
    /// Times that a subscription was made again after a loss.
    pub reconnects: u64,
}

/// Whether the workers hear the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BusState {
    /// All do.
    Ready,
    /// Some do.
    Degraded,
    /// None does.
    Down,
    /// None could be asked.
    Unknown,
}

/// What owns the number of pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Autoscaler {
    /// The fewest pods.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// Pods now.
    pub current: u64,
    /// Pods that it wants.
    pub desired: u64,
    /// Its name; the release's own has the release's.
    pub name: String,
    /// Processor use that it aims at, in percent of what pods request; none where it goes by something else.
    pub cpu_target: Option<u64>,
    /// Processor use that it last saw.
    pub cpu: Option<u64>,
    /// What keeps it from its work.
    pub trouble: Option<String>,
}

impl Status {
    /// The version of this shape.
    pub const SCHEMA: &'static str = "stickyctl.status/v1";

    /// The same without what changes by itself, time and processor use: two looks differ where something happened.
    #[must_use]
    pub fn timeless(&self) -> Self {
        let mut same = self.clone();
        same.up_s = 0;
        for pod in &mut same.pods {
            (pod.age_s, pod.left_s) = (0, None);
        }
        // It is another at each measurement; what the autoscaler makes of it is what happens.
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
            version: "0.1.0".to_owned(),
            up_s: 250,
            pods: vec![pod("sticky-sessions-6d9c7b8f4d-5kqzt", State::Ready, &[12]), pod("sticky-sessions-6d9c7b8f4d-h8wpm", State::Ready, &[14])],
            front_door: Some(FrontDoor {
                kind: "nginx".to_owned(),
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
    fn time_and_processor_use_alone_are_no_change() {
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
