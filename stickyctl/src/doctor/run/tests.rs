//! `doctor` on a scripted API server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::cluster::fake::{Fake, Then};
use crate::doctor::finding::Severity;
use serde_json::{Value, json};

fn ingress(name: &str, class: &str) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": "shop", "annotations": {
        "nginx.ingress.kubernetes.io/affinity": "cookie", "nginx.ingress.kubernetes.io/affinity-mode": "persistent",
        "nginx.ingress.kubernetes.io/session-cookie-path": "/", "nginx.ingress.kubernetes.io/session-cookie-change-on-failure": "true",
        "nginx.ingress.kubernetes.io/service-upstream": "true"}},
        "spec": {"ingressClassName": class, "rules": [{"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})
}

/// ingress-nginx, an Ingress with `service-upstream`, and a Service.
fn cluster() -> Fake {
    let fake = Fake::new();
    fake.front_door("nginx");
    fake.put(ingress("web", "nginx"));
    fake.put(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}));
    fake
}

async fn doctor(fake: &Fake, namespace: Option<&str>) -> Report {
    let objects = cluster::read(&fake.client(), namespace).await.unwrap();
    report(&objects, &[], None).unwrap()
}

fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[tokio::test]
async fn a_namespace_and_the_controllers_of_others() {
    let fake = cluster();
    let report = doctor(&fake, Some("shop")).await;
    assert_eq!(codes(&report), ["service-address", "controller-retired"], "{report:?}");
    assert_eq!((report.exit(), report.unread.as_slice()), (Exit::Negative, &[][..]));
    let retired = &report.findings[1];
    assert_eq!((retired.about.title().as_str(), retired.severity), ("Deployment ingress-nginx/ingress-nginx-controller", Severity::Note));
    assert!(report.table(true, None).contains("looked at   1 Ingress, 1 IngressClass, 1 Service"), "{}", report.table(true, None));
    let elsewhere = doctor(&fake, Some("other")).await;
    assert_eq!((codes(&elsewhere), elsewhere.exit()), (vec!["controller-retired"], Exit::Done));
    assert_eq!(doctor(&fake, None).await.errors, 1);
    assert_eq!(fake.writes(), [""; 0], "it changes nothing");
}

/// A class that can't be read may exist, and a controller that can't be seen may run.
#[tokio::test]
async fn what_may_not_be_read_is_named_and_not_called_missing() {
    let fake = cluster();
    fake.put(ingress("lost", "gone"));
    assert!(codes(&doctor(&fake, Some("shop")).await).contains(&"class-unserved"));
    fake.forbid("/ingressclasses");
    fake.forbid("/api/v1/pods");
    fake.forbid("/api/v1/namespaces/shop/services");
    let report = doctor(&fake, Some("shop")).await;
    assert!(!codes(&report).contains(&"class-unserved") && !codes(&report).contains(&"backend-missing"), "{report:?}");
    let unread: Vec<&str> = report.unread.iter().map(|missing| missing.kind).collect();
    assert_eq!(unread, ["IngressClasses", "Services", "Pods"]);
    let table = report.table(true, Some(80)).split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "not read IngressClasses: /ingressclasses is forbidden: User \"jane\" cannot do that; skipped: which controller serves a class";
    assert!(table.contains(expected), "{table}");
}

#[tokio::test]
async fn more_objects_than_fit_into_one_answer() {
    let fake = cluster();
    for n in 0..600 {
        fake.put(ingress(&format!("web-{n}"), "nginx"));
    }
    let report = doctor(&fake, Some("shop")).await;
    assert_eq!(report.errors, 601, "{:?}", report.looked_at);
}

#[tokio::test]
async fn an_api_server_that_fails() {
    let fake = cluster();
    fake.rule(
        None,
        "/httproutes",
        None,
        Then::Status(
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500, "message": "etcd is away", "reason": "InternalError"}),
        ),
    );
    let error = cluster::read(&fake.client(), Some("shop")).await.unwrap_err();
    assert!(error.to_string().contains("listing HTTPRoutes in namespace shop: etcd is away"), "{error}");
}
