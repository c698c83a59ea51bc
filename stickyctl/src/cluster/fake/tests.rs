//! The fake's own promises, each as it was seen on Kubernetes 1.35.

use super::*;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions};

fn deployment(replicas: Option<i64>, image: &str) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": "a"}}, "template": {"metadata": {"labels": {"app": "a"}},
        "spec": {"containers": [{"name": "main", "image": image}]}}});
    if let Some(replicas) = replicas {
        spec["replicas"] = json!(replicas);
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "default"}, "spec": spec})
}

async fn apply(fake: &Fake, manager: &str, body: Value, force: bool) -> Result<i32, kube::Error> {
    let api: Api<Deployment> = Api::namespaced(fake.client(), "default");
    let params = PatchParams { force, ..PatchParams::apply(manager) };
    let done = api.patch("a", &params, &Patch::Apply(body)).await?;
    Ok(done.spec.unwrap().replicas.unwrap())
}

fn causes(error: kube::Error) -> Vec<String> {
    let kube::Error::Api(status) = error else { panic!("{error}") };
    status.details.unwrap().causes.into_iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

#[tokio::test]
async fn owners_conflicts_and_defaults() {
    let fake = Fake::new();
    assert_eq!(apply(&fake, "us", deployment(Some(3), "x:1"), false).await.unwrap(), 3);
    let version = fake.get("Deployment", "a").unwrap()["metadata"]["resourceVersion"].clone();
    apply(&fake, "us", deployment(Some(3), "x:1"), false).await.unwrap();
    assert_eq!(fake.get("Deployment", "a").unwrap()["metadata"]["resourceVersion"], version, "an apply without a change changes nothing");
    fake.scale("a", 5, "kubectl");
    assert_eq!(fake.owners("a"), ["kubectl"]);
    let conflict = apply(&fake, "us", deployment(Some(3), "x:1"), false).await.unwrap_err();
    assert_eq!(causes(conflict), [r#".spec.replicas: conflict with "kubectl" with subresource "scale" using apps/v1"#]);
    assert_eq!(apply(&fake, "us", deployment(None, "x:1"), false).await.unwrap(), 5, "left out, it stays");
    assert_eq!(apply(&fake, "us", deployment(Some(4), "x:1"), true).await.unwrap(), 4);
    assert_eq!(fake.owners("a"), ["us"]);
    let conflict = apply(&fake, "them", deployment(None, "x:2"), false).await.unwrap_err();
    assert_eq!(causes(conflict), [r#".spec.template.spec.containers[name="main"].image: conflict with "us""#]);
    assert_eq!(apply(&fake, "us", deployment(None, "x:1"), false).await.unwrap(), 1, "its only owner left it out");
    fake.scale("a", 7, "kubectl");
    assert_eq!(fake.owners("a"), Vec::<String>::new(), "nobody owned it, so nobody is on record");
    assert_eq!(apply(&fake, "us", deployment(Some(2), "x:1"), false).await.unwrap(), 2);
}

#[tokio::test]
async fn pods_come_and_go_with_their_deployment() {
    let fake = Fake::new();
    apply(&fake, "us", deployment(Some(2), "x:1"), false).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(fake.client(), "default");
    let names = async || {
        pods.list(&ListParams::default().labels("app=a")).await.unwrap().items.into_iter().map(|pod| pod.metadata.name.unwrap()).collect::<Vec<_>>()
    };
    let first = names().await;
    assert_eq!(first.len(), 2);
    apply(&fake, "us", deployment(Some(2), "x:2"), false).await.unwrap();
    let second = names().await;
    assert!(second.len() == 2 && second.iter().all(|name| !first.contains(name)), "{first:?} became {second:?}");
    assert_eq!(pods.list(&ListParams::default().labels("app in (b,c)")).await.unwrap().items.len(), 0);
    assert_eq!(pods.list(&ListParams::default().limit(1)).await.unwrap().items.len(), 1);
    let deployments: Api<Deployment> = Api::namespaced(fake.client(), "default");
    let wrong = DeleteParams::default().preconditions(Preconditions { uid: Some("another".to_owned()), resource_version: None });
    assert!(deployments.delete("a", &wrong).await.is_err());
    deployments.delete("a", &DeleteParams::foreground()).await.unwrap();
    assert_eq!((names().await.len(), fake.titles()), (0, Vec::<String>::new()));
}

#[tokio::test]
async fn no_namespace_no_kind_and_rules() {
    let fake = Fake::new();
    let api: Api<Deployment> = Api::namespaced(fake.client(), "nowhere");
    let error = api.patch("a", &PatchParams::apply("us"), &Patch::Apply(deployment(None, "x"))).await.unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.details.unwrap().kind.as_str()), (404, "namespaces"));
    fake.rule(None, "/namespaces/default", Some(1), Then::Refuse("Connection refused"));
    let namespaces: Api<Namespace> = Api::all(fake.client());
    assert!(namespaces.get("default").await.is_err() && namespaces.get("default").await.is_ok());
}
