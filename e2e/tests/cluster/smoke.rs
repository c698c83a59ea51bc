//! The test cluster itself: the features that every test on it relies on.
//!
//! Runs if `STICKY_E2E_KUBECONFIG` is the path of a kubeconfig, for a cluster that `cargo xtask cluster up` started.

use anyhow::Result;
use std::collections::HashSet;
use std::time::Duration;
use testkit::kube::{Space, front_door, in_namespace};
use testkit::{http, wait};

const SOON: Duration = Duration::from_secs(60);

/// Pods that return their name, behind a Service and an Ingress with a cookie, and a Redis with a PersistentVolumeClaim.
pub(crate) const MANIFEST: &str = include_str!("smoke.yaml");

#[tokio::test]
async fn a_cluster_that_works() -> Result<()> {
    in_namespace("smoke", async |space| {
        space.kube.run(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=30s"]).await?;
        space.create().await?;
        let host = http::named(&space.name, &front_door::install(&space.kube).await?);
        space.apply(&MANIFEST.replace("HOST", &host)).await?;
        space.rollout("deployment/probe").await?;
        space.rollout("statefulset/redis").await?;
        names_and_data(space).await?;
        a_service_answers_here(space).await?;
        front_door::cookies_stick(&host).await
    })
    .await
}

/// DNS works inside a pod, the claim is bound, and its data outlives the pod.
async fn names_and_data(space: &Space) -> Result<()> {
    let service = space.run(&["get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}"]).await?;
    let name = format!("probe.{}.svc.cluster.local", space.name);
    let found = space.run(&["exec", "redis-0", "--", "getent", "hosts", &name]).await?;
    assert!(found.starts_with(&service), "{name}: {found}, but the Service has {service}");
    assert_eq!(space.run(&["get", "pvc", "data-redis-0", "-o", "jsonpath={.status.phase}"]).await?, "Bound");
    assert_eq!(space.run(&["exec", "redis-0", "--", "redis-cli", "set", "key", "kept"]).await?, "OK");
    space.run(&["delete", "pod", "redis-0"]).await?;
    space.rollout("statefulset/redis").await?;
    assert_eq!(space.run(&["exec", "redis-0", "--", "redis-cli", "get", "key"]).await?, "kept");
    Ok(())
}

/// A Service's address is reachable from the machine itself, and all pods answer there.
async fn a_service_answers_here(space: &Space) -> Result<()> {
    let service = space.run(&["get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}"]).await?;
    let mut pods = HashSet::new();
    wait::until("three pods answer behind the Service", SOON, async || {
        pods.insert(http::get(format!("http://{service}:8080/")).send().await.ok()?.text());
        (pods.len() == 3).then_some(())
    })
    .await
}
