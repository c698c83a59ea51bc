//! Builds a status from the objects that were read.

use super::gateway;
use super::model::{Autoscaler, BusState, Canary, FrontDoor, Redis, Status};
use super::pod::{Scrape, ScrapeError, pod};
use super::route::{cookie, route};
use super::version::{value, version};
use crate::cluster::autoscaler::{cpu, trouble};
use crate::cluster::route::Live;
use crate::spec::ingress::FrontDoor as Kind;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Pod, PodSpec, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) context: String,
    pub(super) now: Timestamp,
    pub(super) deployment: Deployment,
    /// The canary's Deployment.
    pub(super) canary: Option<Deployment>,
    /// The release's pods, and what each answered, or why it could not be asked.
    pub(super) pods: Vec<(Pod, Result<Scrape, ScrapeError>)>,
    pub(super) ingress: Option<Ingress>,
    /// The route through a Gateway, of a release that has one.
    pub(super) live: Option<Live>,
    /// The Service that the Ingress names.
    pub(super) service: Option<Service>,
    /// An autoscaler that targets the Deployment.
    pub(super) autoscaler: Option<HorizontalPodAutoscaler>,
    /// Whether the cluster measures pods.
    pub(super) has_metrics_api: bool,
    pub(super) front_door: Option<FrontDoor>,
    /// The controller of the Gateway's class.
    pub(super) controller: Option<String>,
    /// The front door that the release was applied for. It decides how the Ingress is read if no other is found.
    pub(super) made_for: Kind,
    /// What could not be read, and why.
    pub(super) notes: Vec<String>,
}

pub(super) fn build(seen: Inputs) -> Status {
    let Inputs { deployment, ingress, now, .. } = &seen;
    let mut pods: Vec<_> = seen.pods.iter().collect();
    pods.sort_by_key(|(pod, _)| (pod.creation_timestamp().map(|since| since.0), pod.name_any()));
    let door = match seen.front_door.as_ref().map(|door| door.kind.as_str()) {
        Some("traefik") => Kind::Traefik,
        Some("gateway") => Kind::Gateway,
        Some("nginx") => Kind::Nginx,
        _ => seen.made_for,
    };
    let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let scrapes: Vec<&Scrape> = pods.iter().filter_map(|(_, asked)| asked.as_ref().ok()).collect();
    Status {
        schema: Status::SCHEMA,
        name: deployment.name_any(),
        namespace: deployment.namespace().unwrap_or_default(),
        context: seen.context.clone(),
        mode: format!("{replicas}x{}", variable(deployment, "STICKY_WORKERS").unwrap_or("1")),
        canary: seen.canary.as_ref().map(canary),
        version: version(template(deployment)),
        up_s: deployment.creation_timestamp().map_or(0, |since| u64::try_from(now.as_second() - since.0.as_second()).unwrap_or(0)),
        redis: redis(variable(deployment, "STICKY_FANOUT").unwrap_or("directed"), &scrapes),
        pods: pods.into_iter().map(|(of, asked)| pod(of, asked, *now)).collect(),
        front_door: seen.front_door.clone(),
        route: match &seen.live {
            Some(live) => gateway::route(live, seen.controller.as_deref()),
            None => ingress.as_ref().and_then(|ingress| route(ingress, seen.service.as_ref())),
        },
        cookie: match &seen.live {
            Some(live) => gateway::cookie(live),
            None => ingress.as_ref().and_then(|ingress| cookie(ingress, door)),
        },
        autoscaler: seen.autoscaler.as_ref().and_then(|scaler| autoscaler(scaler, seen.has_metrics_api)),
        notes: seen.notes.clone(),
    }
}

fn template(deployment: &Deployment) -> Option<&PodSpec> {
    deployment.spec.as_ref()?.template.spec.as_ref()
}

fn variable<'a>(deployment: &'a Deployment, name: &str) -> Option<&'a str> {
    value(template(deployment)?, name)
}

fn canary(deployment: &Deployment) -> Canary {
    let pods = deployment.spec.as_ref().and_then(|spec| spec.replicas).and_then(|pods| usize::try_from(pods).ok());
    Canary { pods: pods.unwrap_or_default(), version: version(template(deployment)) }
}

fn redis(fanout: &str, scrapes: &[&Scrape]) -> Redis {
    let hears = || scrapes.iter().flat_map(|scrape| scrape.metrics.bus_up.values());
    let (of, subscribed) = (hears().count(), hears().filter(|up| **up).count());
    let state = match (subscribed, of) {
        (_, 0) => BusState::Unknown,
        (0, _) => BusState::Down,
        (subscribed, of) if subscribed == of => BusState::Ready,
        _ => BusState::Degraded,
    };
    Redis { state, fanout: fanout.to_owned(), subscribed, of, reconnects: scrapes.iter().map(|scrape| scrape.metrics.reconnects).sum() }
}

fn autoscaler(scaler: &HorizontalPodAutoscaler, has_metrics_api: bool) -> Option<Autoscaler> {
    let number = |n: Option<i32>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let (spec, status) = (scaler.spec.as_ref()?, scaler.status.as_ref());
    let (cpu_target, cpu) = cpu(scaler);
    Some(Autoscaler {
        // Kubernetes' own default.
        min: number(spec.min_replicas.or(Some(1))),
        max: number(Some(spec.max_replicas)),
        current: number(status.and_then(|status| status.current_replicas)),
        desired: number(status.map(|status| status.desired_replicas)),
        name: scaler.name_any(),
        cpu_target,
        cpu,
        trouble: trouble(scaler, has_metrics_api),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::metrics::parse;
    use super::*;
    use crate::generate::object::Object;
    use crate::generate::objects;
    use crate::spec::StickyApp;
    use serde_json::json;
    use sticky_core::mode::Mode;

    #[test]
    fn the_bus_as_the_workers_have_it() {
        let scrape = |text: &str| Scrape { metrics: parse(text), ready: None };
        let up = scrape("sticky_bus_up{worker=\"0\"} 1\nsticky_bus_reconnects_total 2\n");
        let half = scrape("sticky_bus_up{worker=\"0\"} 1\nsticky_bus_up{worker=\"1\"} 0\nsticky_bus_reconnects_total 1\n");
        let down = scrape("sticky_bus_up{worker=\"0\"} 0\n");
        let state = |scrapes: &[&Scrape]| redis("directed", scrapes).state;
        assert_eq!(state(&[]), BusState::Unknown);
        assert_eq!((state(&[&up]), state(&[&down]), state(&[&up, &down])), (BusState::Ready, BusState::Down, BusState::Degraded));
        let seen = redis("broadcast", &[&up, &half]);
        assert_eq!((seen.fanout.as_str(), seen.subscribed, seen.of, seen.reconnects), ("broadcast", 2, 3, 3));
    }

    #[test]
    fn a_release_that_was_scaled_and_moved() {
        let spec = StickyApp { mode: Mode { pods: 1, workers: 4 }, ..StickyApp::default() };
        let (mut deployment, mut ingress) = (Deployment::default(), None);
        for object in objects(&spec, false) {
            match object {
                Object::Deployment(found) => deployment = *found,
                Object::Ingress(found) => ingress = Some(*found),
                _ => {}
            }
        }
        deployment.spec.as_mut().unwrap().replicas = Some(5);
        let pod = |name: &str, since: &str| {
            (serde_json::from_value(json!({"metadata": {"name": name, "creationTimestamp": since}})).unwrap(), Err(ScrapeError::NotRunning))
        };
        let door = FrontDoor {
            kind: "traefik".to_owned(),
            product: "Traefik".to_owned(),
            version: None,
            class: "nginx".to_owned(),
            ready: 1,
            of: 1,
            namespace: "traefik".to_owned(),
        };
        let scaler = json!({"metadata": {"name": "x"}, "spec": {"maxReplicas": 8, "scaleTargetRef": {"kind": "Deployment", "name": "x"}}, "status": {"currentReplicas": 5, "desiredReplicas": 6}});
        let status = build(Inputs {
            context: "kind-kind".to_owned(),
            now: "2026-01-01T00:10:00Z".parse().unwrap(),
            deployment,
            canary: None,
            pods: vec![pod("b", "2026-01-01T00:00:00Z"), pod("a", "2026-01-01T00:01:00Z")],
            ingress,
            live: None,
            service: None,
            autoscaler: serde_json::from_value(scaler).ok(),
            has_metrics_api: false,
            front_door: Some(door),
            controller: None,
            made_for: Kind::Nginx,
            notes: Vec::new(),
        });
        assert_eq!((status.mode.as_str(), status.version.as_str()), ("5x4", "0.1.0"));
        assert_eq!(status.pods.iter().map(|pod| pod.pod.as_str()).collect::<Vec<_>>(), ["b", "a"], "oldest first");
        assert!(!status.cookie.unwrap().moves_on_failure, "what serves decides, not what it was rendered for");
        assert_eq!(
            status.autoscaler,
            Some(Autoscaler { min: 1, max: 8, current: 5, desired: 6, name: "x".to_owned(), cpu_target: None, cpu: None, trouble: None })
        );
    }
}
