//! The Envoy Gateway that `up` installed.

use super::*;
use crate::cluster::apply::{Manner, Wanted, apply_patiently};
use crate::cluster::fake::Pods;
use crate::gateway_api::envoy::BackendTrafficPolicy;
use crate::gateway_api::{Gateway, GatewayClass, HttpRoute, Shape};
use crate::generate::front_door::install::{Install, objects};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// The default release behind a Gateway, and what `up --install-front-door` installs for it. Without a server, its pod never came up.
async fn installed(with_server: bool) -> Fake {
    let fake = Fake::new();
    fake.gateway_api("v1.6.1", Some(Shape::SessionName));
    let mut spec = StickyApp::default();
    spec.ingress.front_door = FrontDoor::Gateway;
    if !with_server {
        fake.pods(Pods::Refused("no quota"));
    }
    let front_door = objects(&Install::of(&spec, false));
    let plan = Plan::new(spec, None, None, true).unwrap();
    // As `up` does: the front door has a Role in the release's namespace.
    let namespace = plan.objects.iter().filter(|object| object.is("Namespace")).cloned();
    for object in namespace.chain(front_door.iter().filter_map(Wanted::of)) {
        apply_patiently(&fake.client(), &object, Manner::default()).await.unwrap();
    }
    fake.apply(&plan).await;
    fake
}

fn left(fake: &Fake) -> Vec<String> {
    fake.titles().into_iter().filter(|title| !title.starts_with("CustomResourceDefinition ")).collect()
}

#[tokio::test(start_paused = true)]
async fn it_deletes_its_proxies_and_goes_itself() {
    let fake = installed(true).await;
    let has = |title: &str| fake.titles().iter().any(|one| one == title);
    let client = fake.client();
    // The fake's controllers run before each answer.
    let classes: Api<GatewayClass> = Api::all(client.clone());
    classes.get("eg").await.unwrap();
    assert!(has("Pod envoy-sticky-sessions-sticky-sessions-1-a") && has("Secret envoy-oidc-hmac"), "{:?}", fake.titles());
    let seen = Recorded::terminal("y");
    down(&fake, seen, false, true).await.unwrap();
    let said = seen.err();
    assert!(said.contains("  the front door that stickyctl up installed: Envoy Gateway 1.9.1 in namespace envoy-gateway-system\n"), "{said}");
    assert!(said.contains("✓ front door  Envoy Gateway 1.9.1 and everything that was installed with it\n"), "{said}");
    assert_eq!(left(&fake), Vec::<String>::new());
    assert!(fake.get("CustomResourceDefinition", "gateways.gateway.networking.k8s.io").is_some(), "others may use it");
}

/// Nobody removes the finalizer and the proxies but `down`.
#[tokio::test(start_paused = true)]
async fn a_class_is_not_stuck_without_its_controller() {
    let fake = installed(false).await;
    fake.edit("GatewayClass", "eg", |class| class["metadata"]["finalizers"] = json!(["gateway-exists-finalizer.gateway.networking.k8s.io"]));
    let labels = json!({"app.kubernetes.io/managed-by": "envoy-gateway", "gateway.envoyproxy.io/owning-gateway-namespace": "sticky-sessions"});
    let meta = |name: &str| json!({"name": name, "namespace": "envoy-gateway-system", "labels": labels});
    fake.put(json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("envoy-1"), "spec": {}}));
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": []}});
    let spec = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
    fake.put(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("envoy-1"), "spec": spec}));
    down(&fake, Recorded::pipe(), true, true).await.unwrap();
    assert_eq!(left(&fake), Vec::<String>::new());
}

/// Whoever deletes the definitions deletes every Gateway and class with them, and Envoy Gateway is still there.
#[tokio::test(start_paused = true)]
async fn it_goes_without_the_definitions_too() {
    let fake = installed(true).await;
    let client = fake.client();
    let now = DeleteParams::default();
    Api::<HttpRoute>::namespaced(client.clone(), "sticky-sessions").delete("sticky-sessions", &now).await.unwrap();
    Api::<BackendTrafficPolicy>::namespaced(client.clone(), "sticky-sessions").delete("sticky-sessions", &now).await.unwrap();
    Api::<Gateway>::namespaced(client.clone(), "sticky-sessions").delete("sticky-sessions", &now).await.unwrap();
    Api::<GatewayClass>::all(client.clone()).delete("eg", &now).await.unwrap();
    let all: Api<CustomResourceDefinition> = Api::all(client.clone());
    for name in fake.titles().iter().filter_map(|title| title.strip_prefix("CustomResourceDefinition ")) {
        all.delete(name, &now).await.unwrap();
    }
    down(&fake, Recorded::pipe(), true, true).await.unwrap();
    assert_eq!(fake.titles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn it_stays_for_another_gateway() {
    let fake = installed(true).await;
    let meta = json!({"name": "second", "namespace": "sticky-sessions"});
    fake.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": meta, "spec": {"gatewayClassName": "eg"}}));
    let seen = Recorded::pipe();
    down(&fake, seen, true, true).await.unwrap();
    assert!(!seen.err().contains("front door"), "{}", seen.err());
    let titles = left(&fake);
    for title in ["Deployment envoy-gateway", "GatewayClass eg", "Pod envoy-sticky-sessions-second-1-a"] {
        assert!(titles.iter().any(|one| one == title), "{title} is gone: {titles:?}");
    }
}
