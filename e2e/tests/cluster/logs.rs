//! `verify` of an application that names its pod nowhere, by the pods' logs, on a real kubelet.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);
const MANIFEST: &str = include_str!("logs.yaml");

/// The plain application's pods, of which one container is started again amid the run.
#[tokio::test]
async fn pods_logs_tell_who_answered_across_a_restart() -> Result<()> {
    in_namespace("logs", async |space| {
        space.create().await?;
        space.apply(MANIFEST).await?;
        space.rollout("deployment/plain").await?;
        let address = space.run(&["get", "service", "plain", "-o", "jsonpath={.spec.clusterIP}"]).await?;
        let url = format!("http://{address}:8080/");
        let words = ["verify", &url, "--pods", "app=plain", "--pod-identity", "pod-log", "--duration", "8s", "-o", "json"];
        let mut command = space.command(&words)?;
        let asked = async { Ok(wait::within("the verdict", SOON, command.output()).await??) };
        let (done, ()) = tokio::try_join!(asked, restart(space))?;
        let said = String::from_utf8_lossy(&done.stderr);
        let report: Value = serde_json::from_slice(&done.stdout).with_context(|| format!("no report; {said}"))?;
        let identity = &report["identity"];
        eprintln!("{identity}, {}", report["reasons"]);
        // A Service without session affinity, and no cookie.
        assert_eq!((&report["verdict"], &identity["pod"]), (&json!("not-sticky"), &json!("pod-log")), "{report}\n{said}");
        let (named, of) = (identity["named"].as_u64().unwrap_or_default(), identity["of"].as_u64().unwrap_or_default());
        ensure!(of > 100 && named == of, "{named} of {of} answers have a pod: {identity}\n{said}");
        let pods = report["pods"].as_array().context("no pods")?;
        ensure!(pods.len() == 2, "{pods:?}");
        Ok(())
    })
    .await
}

/// Ends a container as soon as it has logged some requests, and waits until it runs again.
async fn restart(space: &Space) -> Result<()> {
    let pods = space.run(&["get", "pods", "-l", "app=plain", "-o", "jsonpath={.items[0].metadata.name}"]).await?;
    wait::until("the pod has logged requests", SOON, async || {
        let log = space.run(&["logs", &pods]).await.ok()?;
        (log.matches("stickyctl-").count() > 20).then_some(())
    })
    .await?;
    space.run(&["exec", &pods, "--", "sh", "-c", "kill -TERM 1"]).await?;
    wait::until("the container runs again", SOON, async || {
        let restarts = space.run(&["get", "pod", &pods, "-o", "jsonpath={.status.containerStatuses[0].restartCount}"]).await.ok()?;
        (restarts == "1").then_some(())
    })
    .await
}
