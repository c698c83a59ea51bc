//! Behind the Gateway API.

use super::*;
use crate::spec::ingress::FrontDoor;
use serde_json::Value;

/// A release behind a Gateway whose controller objects to something before it is applied.
async fn release(change: impl FnOnce(&mut StickyApp), objects: impl FnOnce(&Fake)) -> Fake {
    let fake = Fake::new();
    fake.envoy_gateway();
    objects(&fake);
    let mut spec = StickyApp::default();
    spec.ingress.front_door = FrontDoor::Gateway;
    change(&mut spec);
    fake.apply(&Plan::new(spec, None, None, true).unwrap()).await;
    fake
}

fn has(status: &Status, lines: &[&str]) {
    let text = table(status, None);
    for line in lines {
        assert!(text.lines().any(|one| one == *line), "{line} is not in\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_route_through_a_gateway() {
    let fake = release(|_| (), |_| ()).await;
    let seen = status(&fake).await;
    assert_eq!(seen.notes, Vec::<String>::new());
    let name = StickyApp::default().cookie_name();
    has(
        &seen,
        &[
            "front door  Envoy Gateway 1.9.1, class eg, 1 of 1 ready",
            "route       any host, / to service sticky-sessions:80",
            "gateway     sticky-sessions in namespace sticky-sessions, accepted",
            &format!("cookie      {name}: persistent, Path=/, Max-Age 172800, moves on failure"),
        ],
    );
    let json = Recorded::pipe();
    show::status(&fake.cluster(), &place(), Format::Json, json.output()).await.unwrap();
    let value: Value = serde_json::from_str(&json.out()).unwrap();
    assert_eq!(
        value["route"]["gateway"],
        json!({"name": "sticky-sessions", "namespace": "sticky-sessions", "section": null, "addresses": ["10.0.0.9"], "conditions": [],
            "controller": "gateway.envoyproxy.io/gatewayclass-controller"})
    );
    assert_eq!((&value["front_door"]["kind"], &value["front_door"]["product"]), (&json!("gateway"), &json!("Envoy Gateway")));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_accepted_is_shown() {
    let change = |spec: &mut StickyApp| {
        spec.ingress.host = Some("demo.example".to_owned());
        spec.gateway.hostnames = vec!["www.demo.example".to_owned()];
        spec.ingress.cookie.persistence = crate::spec::ingress::Persistence::Balanced;
    };
    let object = |fake: &Fake| fake.objects_to("HTTPRoute", "ResolvedRefs", ["False", "BackendNotFound", "Service sticky-sessions not found"]);
    let fake = release(change, object).await;
    let seen = status(&fake).await;
    let name = fake.get("BackendTrafficPolicy", "sticky-sessions").unwrap();
    let name = name["spec"]["loadBalancer"]["consistentHash"]["cookie"]["name"].as_str().unwrap().to_owned();
    has(
        &seen,
        &[
            "route       demo.example and 1 more, / to service sticky-sessions:80",
            "gateway     sticky-sessions in namespace sticky-sessions",
            "            httproute sticky-sessions: ResolvedRefs is False (BackendNotFound): Service sticky-sessions not found",
            &format!("cookie      {name}: balanced, Path=/, Max-Age 172800, moves on failure"),
        ],
    );
    let condition = &seen.route.unwrap().gateway.unwrap().conditions[0];
    assert_eq!((condition.kind.as_str(), condition.status.as_deref()), ("ResolvedRefs", Some("False")));
}

#[tokio::test(start_paused = true)]
async fn a_route_or_a_class_that_is_gone() {
    let fake = release(|_| (), |_| ()).await;
    fake.edit("HTTPRoute", "sticky-sessions", |route| route["spec"]["parentRefs"] = json!([{"name": "gone"}]));
    let seen = status(&fake).await;
    has(&seen, &["gateway     gone in namespace sticky-sessions", "            httproute sticky-sessions: no controller has reported Accepted yet"]);

    let fake = Fake::new();
    let mut spec = StickyApp::default();
    spec.ingress.front_door = FrontDoor::Gateway;
    let mut plan = Plan::new(spec, None, None, true).unwrap();
    plan.objects.retain(|object| !["Gateway", "HTTPRoute", "BackendTrafficPolicy"].iter().any(|kind| object.is(kind)));
    fake.apply(&plan).await;
    let seen = status(&fake).await;
    has(&seen, &["front door  ?", "route       none: there is no Ingress or HTTPRoute"]);
    assert_eq!(seen.notes, ["front door: this cluster does not have the Gateway API: its CRDs are not installed"]);
}

#[tokio::test(start_paused = true)]
async fn an_implementation_that_ignores_the_route_is_noted() {
    let class = |fake: &Fake| fake.gateway_class("traefik", "traefik.io/gateway-controller");
    let fake = release(|spec| spec.gateway.class = "traefik".to_owned(), class).await;
    assert_eq!(status(&fake).await.notes, ["Traefik ignores session persistence, so sessions would not stick"]);
}
