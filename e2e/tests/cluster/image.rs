//! The app's image on a cluster: it runs without privileges, as the image's user.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;
use testkit::kube::{Space, in_namespace};

/// The image's name in every release of this version.
const NAME: &str = concat!("docker.io/library/sticky-app:", env!("CARGO_PKG_VERSION"));

/// The image with its own user and program, and with all restrictions that a pod can have.
fn pod() -> String {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app"},
        "spec": {
            "automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "app",
                "image": NAME,
                "imagePullPolicy": "Never",
                "securityContext": {"readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": 9090}, "periodSeconds": 1},
            }],
        },
    });
    pod.to_string()
}

#[tokio::test]
async fn runs_without_rights_as_the_user_that_it_names() -> Result<()> {
    in_namespace("image", async |space: &Space| {
        space.kube.load_app().await?;
        space.create().await?;
        space.run(&["label", "namespace", &space.name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        space.apply(&pod()).await?;
        space.run(&["wait", "pod/app", "--for=condition=Ready", "--timeout=60s"]).await?;
        let status = &space.json(&["get", "pod", "app"]).await?["status"];
        assert_eq!(user(space, status)?, 65_532, "{status}");
        let ip = status["podIP"].as_str().context("the pod has no address")?;
        assert_eq!(answers(space, ip).await?, 200);
        Ok(())
    })
    .await
}

/// The running process's actual user, not the requested one: from the kubelet (containerd 2 or newer), or on the test cluster, whose
/// processes run on this machine, from the kernel.
///
/// The group doesn't matter: the kubelet uses only the user from an image's `User`, and the manifest sets the group.
fn user(space: &Space, status: &Value) -> Result<u64> {
    let container = &status["containerStatuses"][0];
    if let Some(user) = container["user"]["linux"]["uid"].as_u64() {
        return Ok(user);
    }
    space.kube.test_cluster().context("this cluster's container runtime does not tell as whom a container runs")?;
    let id = container["containerID"].as_str().and_then(|id| id.split("://").nth(1)).context("no container")?;
    let processes = fs::read_dir("/proc")?.filter_map(|process| Some(process.ok()?.path()));
    let own = |process: &Path| fs::read_to_string(process.join("cgroup")).is_ok_and(|groups| groups.contains(id));
    let process = processes.into_iter().find(|process| own(process)).context("no process of the container")?;
    let facts = fs::read_to_string(process.join("status"))?;
    // There are four numbers: the second one is the effective user.
    let user = facts.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1)?.parse().ok());
    user.with_context(|| format!("in {}: {facts}", process.display()))
}

/// Runs the app's own probe in the pod: a page and a socket, both over the pod's address.
async fn answers(space: &Space, ip: &str) -> Result<u16> {
    let url = format!("http://{ip}:8080");
    space.run(&["exec", "app", "--", "/sticky-app", "probe", &url]).await?;
    let asked = testkit::http::get(format!("{url}/whoami")).send();
    let answer = testkit::wait::within("the pod's answer", Duration::from_secs(10), asked).await??;
    let seen: Value = serde_json::from_str(&answer.text())?;
    assert_eq!((&seen["pod"], &seen["version"]), (&json!("app"), &json!(env!("CARGO_PKG_VERSION"))), "{seen}");
    Ok(answer.status)
}
