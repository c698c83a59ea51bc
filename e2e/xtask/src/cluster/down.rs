//! `cluster down`: removes everything that `up` and the pods created, and nothing else.

use super::network::Net;
use super::{daemon, leftovers, node};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::cluster::Place;
use testkit::phase::{phase, say};
use testkit::sh;

const LIMIT: Duration = Duration::from_secs(30);

/// Stops and removes the cluster, if it exists.
pub(crate) async fn down(place: &Place) -> Result<()> {
    let parent = place.state.parent().context("a state folder without a parent")?;
    let _lock = Place::lock(parent, &place.name)?;
    if !place.state.exists() {
        say(&format!("== cluster: no `{}` to take down", place.name));
        return Ok(());
    }
    phase("down", everything(place)).await
}

/// Stops everything that runs, and deletes the folder.
pub(crate) async fn everything(place: &Place) -> Result<()> {
    running(place).await?;
    let mounts = mounts_below(&place.state)?;
    if let Some(mount) = mounts.first() {
        // Deleting the folder would delete the contents of the mount.
        return Err(anyhow!("{} is still mounted", mount.display()));
    }
    fs::remove_dir_all(&place.state).with_context(|| format!("can't delete {}", place.state.display()))
}

/// Stops everything that runs, and keeps the logs.
pub(crate) async fn running(place: &Place) -> Result<()> {
    // The kubelet first: it would restart what is stopped below.
    for name in ["kubelet", "proxy"] {
        daemon::stop(place, name).await?;
    }
    let net = Net::recorded(place).ok();
    // Without the network namespace, as after a reboot, no part of it can run.
    if let Some(net) = net
        && net.exists()
        && place.state.join("etc/containerd.toml").is_file()
    {
        // Containers outlive containerd, and only containerd can list them.
        node::start_containerd(place, net).await?;
        containers(place).await?;
    }
    for name in ["scheduler", "controller", "apiserver", "etcd", "containerd"] {
        daemon::stop(place, name).await?;
    }
    for mount in mounts_below(&place.state)? {
        sh::output(LIMIT, sh::command("umount", [Path::new("-l"), &mount])).await?;
    }
    leftovers::links_to_logs(place);
    if let Some(net) = net {
        net.remove().await?;
    }
    leftovers::shared().await;
    let _ = fs::remove_file(place.kubeconfig());
    Ok(())
}

fn ctr(place: &Place, arguments: &[&str]) -> tokio::process::Command {
    let mut command = sh::command("ctr", ["-a"]);
    command.arg(place.socket()).args(["-n", "k8s.io"]).args(arguments);
    command
}

/// Stops every container, and deletes the network namespaces that containerd created for the pods.
async fn containers(place: &Place) -> Result<()> {
    let ids = sh::output(LIMIT, ctr(place, &["containers", "ls", "-q"])).await?;
    for id in ids.split_whitespace() {
        let info = sh::output(LIMIT, ctr(place, &["containers", "info", id])).await?;
        // A container that never ran has no task.
        let _ = sh::output(LIMIT, ctr(place, &["tasks", "rm", "-f", id])).await;
        sh::output(LIMIT, ctr(place, &["containers", "rm", id])).await?;
        leftovers::network_results(id);
        if let Some(namespace) = network_namespace(&info)
            && Path::new("/run/netns").join(&namespace).exists()
        {
            sh::run(&format!("ip netns del {namespace}")).await?;
        }
    }
    Ok(())
}

/// The name of the network namespace that the CRI plugin created for a container's pod.
fn network_namespace(info: &str) -> Option<String> {
    let info: Value = serde_json::from_str(info).ok()?;
    let namespaces = info["Spec"]["linux"]["namespaces"].as_array()?;
    let path = namespaces.iter().find(|one| one["type"] == "network")?["path"].as_str()?;
    let name = path.rsplit('/').next()?;
    name.starts_with("cni-").then(|| name.to_owned())
}

/// The mounts below a folder, innermost first.
fn mounts_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string("/proc/mounts").context("no /proc/mounts")?;
    let points = text.lines().filter_map(|line| line.split(' ').nth(1)).map(PathBuf::from);
    let mut below: Vec<_> = points.filter(|point| point.starts_with(folder)).collect();
    below.sort();
    below.reverse();
    Ok(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_of_pods_are_found() {
        let with = |path: &str| format!(r#"{{"Spec":{{"linux":{{"namespaces":[{{"type":"pid"}},{{"type":"network","path":"{path}"}}]}}}}}}"#);
        assert_eq!(network_namespace(&with("/var/run/netns/cni-1-2")).as_deref(), Some("cni-1-2"));
        assert_eq!(network_namespace(&with("/proc/1/ns/net")), None);
        assert_eq!(network_namespace("{}"), None);
    }
}
