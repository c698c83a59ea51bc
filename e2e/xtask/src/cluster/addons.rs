//! A cluster's DNS and storage.

use super::control::kubectl_of;
use super::daemon;
use super::network::Net;
use super::pki::NODE;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use testkit::cluster::Place;
use testkit::sh;

/// Claims that can be bound in a cluster's lifetime: each volume is used once.
const VOLUMES: u32 = 64;
const APPLY: Duration = Duration::from_secs(30);
const READY: Duration = Duration::from_secs(90);

/// Waits until the node is Ready.
pub(crate) async fn node_ready(place: &Place) -> Result<()> {
    let node = format!("node/{NODE}");
    // The kubelet creates the Node when it registers, and `kubectl wait` for a condition fails at once while the object doesn't exist.
    for condition in ["create", "condition=Ready"] {
        let done = kubectl(place, &["wait", &format!("--for={condition}"), &node, "--timeout=60s"], READY).await;
        done.map_err(|error| daemon::with_log(place, "kubelet", &error))?;
    }
    Ok(())
}

/// Starts CoreDNS without waiting for it.
pub(crate) async fn dns(place: &Place, net: Net) -> Result<()> {
    let path = place.source.join("coredns.yaml");
    let manifest = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    apply(place, manifest.replace("DNS_ADDRESS", &net.dns()).as_bytes()).await
}

/// Waits until CoreDNS answers.
pub(crate) async fn dns_ready(place: &Place) -> Result<()> {
    let rollout = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s"];
    let done = kubectl(place, &rollout, READY).await;
    done.map(drop).map_err(|error| daemon::with_log(place, "kubelet", &error))
}

/// Creates the StorageClass `standard`, named as in kind, and folders as volumes, because there is no provisioner.
pub(crate) async fn storage(place: &Place) -> Result<()> {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    });
    let mut items = vec![class];
    for number in 1..=VOLUMES {
        let folder = place.state.join(format!("volumes/{number}"));
        fs::create_dir_all(&folder)?;
        // fsGroup doesn't apply to a hostPath, and the pods that write here aren't root.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777))?;
        items.push(volume(number, &folder.display().to_string()));
    }
    apply(place, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string().as_bytes()).await
}

fn volume(number: u32, folder: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("folder-{number}")},
        "spec": {
            "storageClassName": "standard", "capacity": {"storage": "10Gi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain", "hostPath": {"path": folder, "type": "Directory"},
        },
    })
}

async fn apply(place: &Place, manifest: &[u8]) -> Result<()> {
    let mut command = kubectl_of(place)?;
    command.args(["apply", "--server-side", "-f", "-"]);
    sh::feed(APPLY, command, manifest).await.map(drop)
}

async fn kubectl(place: &Place, arguments: &[&str], limit: Duration) -> Result<String> {
    let mut command = kubectl_of(place)?;
    command.args(arguments);
    sh::output(limit, command).await
}
