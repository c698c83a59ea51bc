//! The app's image as its users get it: small, the same from the same binary, readable by others, and running without rights.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

use anyhow::{Context, Result};
use e2e::kube::{Space, in_namespace};
use e2e::{image, tools};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Bytes that the archive has at most.
const MOST: u64 = 12_000_000;
/// What every release of this version names.
const NAME: &str = concat!("docker.io/library/sticky-app:", env!("CARGO_PKG_VERSION"));

fn here() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }
}

#[test]
fn small_and_the_same_twice() {
    let binary = image::binary().unwrap();
    let archive = image::archive().unwrap();
    let size = fs::metadata(&archive).unwrap().len();
    eprintln!("{}: {size} bytes, the binary {}", archive.display(), fs::metadata(&binary).unwrap().len());
    assert!(size < MOST, "{size} bytes");
    // From another place, under another name, at another time.
    let folder = tempfile::tempdir().unwrap();
    let (copy, second) = (folder.path().join("copy"), folder.path().join("second.tar"));
    fs::copy(&binary, &copy).unwrap();
    let said = image::write(&copy, &second).unwrap();
    assert!(fs::read(&second).unwrap() == fs::read(&archive).unwrap(), "{said}");
}

/// What skopeo says, as JSON.
fn skopeo(arguments: &[&str], what: &str) -> Value {
    let done = Command::new(tools::find("skopeo").unwrap()).arg("inspect").args(arguments).arg(what).output().unwrap();
    assert!(done.status.success(), "skopeo inspect {what}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn other_tools_read_it() {
    if !tools::present(&["skopeo"]) {
        return;
    }
    let archive = image::archive().unwrap();
    let oci = format!("oci-archive:{}", archive.display());
    // Found by its name, and as the only one; and the way that an engine with a store of its own loads it.
    for place in [oci.clone(), format!("{oci}:{NAME}"), format!("docker-archive:{}", archive.display())] {
        let facts = skopeo(&[], &place);
        assert_eq!((&facts["Architecture"], &facts["Os"]), (&json!(here()), &json!("linux")), "{place}");
        assert_eq!(facts["Layers"].as_array().map(Vec::len), Some(1), "{place}");
        assert_eq!(facts["Labels"]["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"), "{place}");
        let config = &skopeo(&["--config"], &place)["config"];
        assert_eq!((&config["User"], &config["Entrypoint"]), (&json!("65532:65532"), &json!(["/sticky-app"])), "{place}");
        assert_eq!(config["ExposedPorts"], json!({"8080/tcp": {}, "9090/tcp": {}}), "{place}");
    }
    let digest = skopeo(&[], &oci)["Digest"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let said = image::write(&image::binary().unwrap(), &folder.path().join("x.tar")).unwrap();
    assert!(said.contains(&format!("digest      {digest}")), "skopeo finds {digest}, and:\n{said}");
    copied(&oci, folder.path());
}

/// Copying reads every blob and holds it against its digest.
fn copied(oci: &str, folder: &Path) {
    let to = format!("dir:{}", folder.join("copy").display());
    let done = Command::new(tools::find("skopeo").unwrap()).args(["--insecure-policy", "copy", oci, &to]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// The image as it is: nothing says which user or program, and everything that can be forbidden is.
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

/// The user of the process that runs, not the one that anybody asked for: as the kubelet tells (containerd 2 and newer),
/// and on the test cluster, whose processes are this machine's, as the kernel does.
///
/// The group is not looked at: the kubelet takes only the user from an image's `User`, and a group is the manifest's to give.
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
    // Four numbers stand there, of which the second is the one that counts.
    let user = facts.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1)?.parse().ok());
    user.with_context(|| format!("in {}: {facts}", process.display()))
}

/// The app's own probe, run in the pod: a page and a socket, both by way of the pod's address.
async fn answers(space: &Space, ip: &str) -> Result<u16> {
    let url = format!("http://{ip}:8080");
    space.run(&["exec", "app", "--", "/sticky-app", "probe", &url]).await?;
    let asked = e2e::http::get(format!("{url}/whoami")).send();
    let answer = e2e::wait::within("the pod's answer", Duration::from_secs(10), asked).await??;
    let seen: Value = serde_json::from_str(&answer.text())?;
    assert_eq!((&seen["pod"], &seen["version"]), (&json!("app"), &json!(env!("CARGO_PKG_VERSION"))), "{seen}");
    Ok(answer.status)
}
