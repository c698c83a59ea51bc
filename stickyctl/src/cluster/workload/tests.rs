use super::*;
use crate::cluster::fake::Fake;
use crate::exit::Failure;
use serde_json::{Value, json};

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// A cluster with an application behind the usual ingress-nginx.
fn shop() -> Fake {
    let fake = Fake::new();
    fake.front_door("nginx");
    fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    service(&fake, "front");
    let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    fake.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "front-a", "namespace": "shop", "labels": {"app": "front"}},
        "spec": {"containers": [{"name": "c", "image": "x"}]}, "status": ready}));
    ingress(&fake, "shop", json!("nginx"), "front");
    fake
}

fn service(fake: &Fake, name: &str) {
    fake.put(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}));
}

fn ingress(fake: &Fake, name: &str, class: Value, service: &str) {
    let path = json!({"path": "/app", "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"name": "http"}}}});
    fake.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ingressClassName": class, "rules": [{"host": "*.shop.example", "http": {"paths": [path]}}], "tls": [{}]}}));
}

async fn failed(fake: &Fake, text: &str) -> Failure {
    find(&fake.client(), "shop", &reference(text)).await.unwrap_err().into()
}

#[tokio::test(start_paused = true)]
async fn an_ingress_and_its_service() {
    let fake = shop();
    let found = find(&fake.client(), "shop", &reference("ingress/shop")).await.unwrap();
    let told = (found.host.as_deref(), found.path.as_str(), found.tls, found.class.as_str(), found.port);
    assert_eq!(told, (Some("any.shop.example"), "/app", true, "nginx", Some(80)));
    assert_eq!((found.door.title().as_str(), found.door.namespace.as_str()), ("ingress-nginx 1.15.1", "ingress-nginx"));
    assert_eq!((found.service.as_str(), found.selector.as_str(), found.pods.as_slice()), ("front", "app=front", &["front-a".to_owned()][..]));
    let by_service = find(&fake.client(), "shop", &reference("service/front")).await.unwrap();
    assert_eq!(Workload { reads: found.reads.clone(), ..by_service }, found);
}

#[tokio::test(start_paused = true)]
async fn services_that_lead_nowhere() {
    let fake = shop();
    let absent = failed(&fake, "service/none").await;
    assert_eq!(absent.what, "service/none does not exist in namespace shop");
    assert!(absent.tries[0].starts_with("kubectl get services -n shop"), "{:?}", absent.tries);
    service(&fake, "lonely");
    assert!(failed(&fake, "service/lonely").await.what.contains("no Ingress and no HTTPRoute in namespace shop leads to service lonely"));
    ingress(&fake, "second", json!("nginx"), "front");
    let several = failed(&fake, "service/front").await;
    assert_eq!(several.what, "2 routes in namespace shop lead to service front: ingress/second, ingress/shop");
    assert_eq!(several.tries, ["stickyctl verify ingress/second -n shop", "stickyctl verify ingress/shop -n shop"]);
    ingress(&fake, "broken", json!("nginx"), "gone");
    assert_eq!(
        failed(&fake, "ingress/broken").await.what,
        "ingress/broken in namespace shop leads to service gone in namespace shop, which does not exist"
    );
}

#[tokio::test(start_paused = true)]
async fn classes_that_nothing_serves() {
    let fake = shop();
    ingress(&fake, "none", json!("none"), "front");
    assert_eq!(failed(&fake, "ingress/none").await.what, "ingress/none in namespace shop has class none, but there is no such IngressClass");
    fake.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}}));
    ingress(&fake, "foreign", json!("alb"), "front");
    let foreign = failed(&fake, "ingress/foreign").await;
    assert_eq!(
        foreign.what,
        "can't find the pods that serve class alb: its controller is ingress.k8s.aws/alb, and no pod is recognized as its front door"
    );
    assert!(foreign.tries[0].starts_with("stickyctl verify https://any.shop.example/app --pod-identity WHERE"), "{:?}", foreign.tries);
    ingress(&fake, "bare", Value::Null, "front");
    assert!(failed(&fake, "ingress/bare").await.what.contains("has no class"));
}

#[tokio::test(start_paused = true)]
async fn permissions() {
    let fake = shop();
    fake.forbid("/api/v1/pods");
    let hinted = Hints { front_door_namespace: Some("ingress-nginx".to_owned()), path: None };
    assert!(find(&fake.client(), "shop", &reference("ingress/shop")).await.is_ok(), "the usual namespace");
    assert!(find_with(&fake.client(), "shop", &reference("ingress/shop"), &hinted).await.is_ok());
    fake.forbid("/namespaces/ingress-nginx/pods");
    let denied = failed(&fake, "ingress/shop").await;
    assert_eq!(
        denied.what,
        "can't find the pods that serve class nginx: permission denied to list the pods of all namespaces or of namespace ingress-nginx; \
         they are not in namespace envoy-gateway-system, shop, traefik"
    );
    assert!(denied.tries[1].starts_with("{apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"list\"]}"), "{:?}", denied.tries);
    let hinted: Failure = find_with(&fake.client(), "shop", &reference("ingress/shop"), &hinted).await.unwrap_err().into();
    assert!(hinted.what.starts_with("looking for the front door in namespace ingress-nginx: permission denied"), "{}", hinted.what);
}
