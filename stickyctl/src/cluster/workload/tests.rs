use super::*;
use crate::cluster::fake::Fake;
use crate::cluster::tunnel::Target;
use crate::exit::Failure;
use crate::gateway_api::Shape;
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
    find(&fake.client(), "shop", &reference(text), &Hints::default()).await.unwrap_err().into()
}

#[tokio::test(start_paused = true)]
async fn an_ingress_and_its_service() {
    let fake = shop();
    let found = find(&fake.client(), "shop", &reference("ingress/shop"), &Hints::default()).await.unwrap();
    let told = (found.host.as_deref(), found.path.as_str(), found.tls, found.class.as_str(), found.port);
    assert_eq!(told, (Some("any.shop.example"), "/app", true, "nginx", Some(80)));
    assert_eq!((found.door.title().as_str(), found.door.namespace.as_str()), ("ingress-nginx 1.15.1", "ingress-nginx"));
    assert_eq!((found.service.as_str(), found.selector.as_str(), found.pods.as_slice()), ("front", "app=front", &["front-a".to_owned()][..]));
    let by_service = find(&fake.client(), "shop", &reference("service/front"), &Hints::default()).await.unwrap();
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
    assert!(find(&fake.client(), "shop", &reference("ingress/shop"), &Hints::default()).await.is_ok(), "the usual namespace");
    assert!(find(&fake.client(), "shop", &reference("ingress/shop"), &hinted).await.is_ok());
    fake.forbid("/namespaces/ingress-nginx/pods");
    let denied = failed(&fake, "ingress/shop").await;
    assert_eq!(
        denied.what,
        "can't find the pods that serve class nginx: permission denied to list the pods of all namespaces or of namespace ingress-nginx; \
         they are not in namespace envoy-gateway-system, shop, traefik"
    );
    assert!(denied.tries[1].starts_with("{apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"list\"]}"), "{:?}", denied.tries);
    let hinted: Failure = find(&fake.client(), "shop", &reference("ingress/shop"), &hinted).await.unwrap_err().into();
    assert!(hinted.what.starts_with("looking for the front door in namespace ingress-nginx: permission denied"), "{}", hinted.what);
}

#[tokio::test(start_paused = true)]
async fn the_rights_of_a_run() {
    let fake = shop();
    let found = find(&fake.client(), "shop", &reference("ingress/shop"), &Hints::default()).await.unwrap();
    let told = |needs: Needs| -> Vec<String> {
        let words = |list: &Option<Vec<String>>| list.clone().unwrap_or_default().join(",");
        let one = |right: Right| {
            let (rule, at) = (right.rule, right.namespace.unwrap_or_default());
            format!("{at}: {} {} {}", rule.verbs.join(","), words(&rule.resources), words(&rule.resource_names)).trim_end().to_owned()
        };
        rights(&found, needs).into_iter().map(one).collect()
    };
    let least = told(Needs { access_log: false, pod_log: false, inside: true });
    let expected =
        ["shop: get ingresses shop", ": get ingressclasses nginx", "shop: get services front", "shop: list,watch pods", "ingress-nginx: list pods"];
    assert_eq!(least, expected);
    let most = told(Needs { access_log: true, pod_log: true, inside: false });
    let expected = ["ingress-nginx: create pods/portforward", "ingress-nginx: get pods/log", "shop: list endpointslices", "shop: get pods/log"];
    assert_eq!(most[least.len()..], expected);
}

#[tokio::test(start_paused = true)]
async fn the_old_annotation_and_no_class() {
    let fake = shop();
    ingress(&fake, "old", Value::Null, "front");
    fake.edit("Ingress", "old", |ingress| ingress["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": "nginx"}));
    let old = find(&fake.client(), "shop", &reference("ingress/old"), &Hints::default()).await.unwrap();
    assert_eq!((old.class.as_str(), old.door.namespace.as_str()), ("nginx", "ingress-nginx"));
    assert!(old.reads.iter().all(|right| right.namespace.is_some()), "no class is read");
    ingress(&fake, "bare", Value::Null, "front");
    fake.edit("IngressClass", "nginx", |class| class["metadata"]["annotations"] = json!({"ingressclass.kubernetes.io/is-default-class": "true"}));
    assert_eq!(find(&fake.client(), "shop", &reference("ingress/bare"), &Hints::default()).await.unwrap().class, "nginx");
}

/// A Gateway with a listener for each of HTTP and HTTPS; the fake's Envoy Gateway starts its proxies.
fn gateway(fake: &Fake) {
    fake.gateway_api("v1.6.1", Some(Shape::SessionName));
    fake.gateway_class("eg", "gateway.envoyproxy.io/gatewayclass-controller");
    let listeners =
        json!([{"name": "web", "port": 80, "protocol": "HTTP"}, {"name": "tls", "port": 443, "protocol": "HTTPS", "hostname": "*.example"}]);
    fake.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"gatewayClassName": "eg", "listeners": listeners}}));
}

fn http_route(fake: &Fake, name: &str, gateway: &str, backend: Value) {
    let rule = json!({"backendRefs": [backend], "sessionPersistence": {"type": "Cookie"}});
    fake.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"parentRefs": [{"name": gateway}], "hostnames": ["shop.example"], "rules": [rule]}}));
}

#[tokio::test(start_paused = true)]
async fn an_http_route_and_its_gateway() {
    let fake = shop();
    let none = failed(&fake, "httproute/shop").await;
    assert!(none.what.starts_with("can't read httproute/shop: this cluster does not have the Gateway API"), "{}", none.what);
    gateway(&fake);
    assert_eq!(failed(&fake, "httproute/shop").await.what, "httproute/shop does not exist in namespace shop");
    http_route(&fake, "shop", "web", json!({"name": "front", "port": 80}));
    let found = find(&fake.client(), "shop", &reference("httproute/shop"), &Hints::default()).await.unwrap();
    assert_eq!((found.host.as_deref(), found.tls, found.class.as_str(), found.port), (Some("shop.example"), true, "eg", Some(80)));
    assert_eq!((found.door.namespace.as_str(), found.promise), ("envoy-gateway-system", Promise::Persistent));
    let ports = (Target::from(&found.door), Target::secure(&found.door));
    let at = |port| Target::Labelled {
        namespace: "envoy-gateway-system".to_owned(),
        selector: "gateway.envoyproxy.io/owning-gateway-name=web,gateway.envoyproxy.io/owning-gateway-namespace=shop".to_owned(),
        port,
    };
    assert_eq!(ports, (at(10_080), Some(at(10_443))));
}

#[tokio::test(start_paused = true)]
async fn http_routes_that_lead_nowhere() {
    let fake = shop();
    gateway(&fake);
    http_route(&fake, "lost", "gone", json!({"name": "front"}));
    assert_eq!(
        failed(&fake, "httproute/lost").await.what,
        "httproute/lost in namespace shop attaches to gateway gone in namespace shop, which does not exist"
    );
    fake.gateway_class("far", "example.com/controller");
    fake.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "far", "namespace": "shop"},
        "spec": {"gatewayClassName": "far", "listeners": [{"name": "web", "port": 80, "protocol": "HTTP"}]}}));
    http_route(&fake, "far", "far", json!({"name": "front"}));
    let far = failed(&fake, "httproute/far").await.what;
    let unmarked = "its controller is example.com/controller, and no pod is marked as one of gateway far in namespace shop";
    assert_eq!(far, format!("can't find the pods that serve class far: {unmarked}"));
    http_route(&fake, "backend", "web", json!({"name": "b", "kind": "Backend", "group": "gateway.envoyproxy.io"}));
    let backend = failed(&fake, "httproute/backend").await.what;
    assert_eq!(backend, "httproute/backend in namespace shop leads to Backend b, so there is no Service whose pods could answer");
}
