//! What the node's programs leave in places that can't be configured.
//!
//! Others may use the same places, so only what is known to be this cluster's is deleted, and a folder only when it is
//! empty.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use testkit::cluster::Place;
use testkit::sh;

/// The kubelet's links in /var/log/containers that lead to this cluster's logs.
pub(crate) fn links_to_logs(place: &Place) {
    for link in entries("/var/log/containers") {
        if fs::read_link(&link).is_ok_and(|to| to.starts_with(&place.state)) {
            let _ = fs::remove_file(link);
        }
    }
}

/// What the CNI library remembers of a pod, by the id of its container.
pub(crate) fn network_results(id: &str) {
    for file in entries("/var/lib/cni/results") {
        if file.to_string_lossy().contains(id) {
            let _ = fs::remove_file(file);
        }
    }
}

/// Once no cluster of ours is left: the folders, cgroups and the mount that all of them shared, those that are empty.
pub(crate) async fn shared() {
    if entries("/run/netns").iter().any(|file| file.to_string_lossy().contains("/sticky-")) {
        return;
    }
    let socket = Path::new("/var/lib/kubelet/device-plugins/kubelet.sock");
    // A kubelet that lives, whoever's it is, answers.
    if socket.exists() && UnixStream::connect(socket).is_err() {
        let _ = fs::remove_file(socket);
    }
    // iproute2 mounts this folder on itself with the first namespace.
    if Path::new("/run/netns").exists() && entries("/run/netns").is_empty() {
        let _ = sh::run("umount /run/netns").await;
    }
    // With cgroup v1 there is one tree for each controller, with v2 a single one; a cgroup in use can't be removed.
    let trees = entries("/sys/fs/cgroup").into_iter().chain([PathBuf::from("/sys/fs/cgroup")]);
    let folders = [
        "/run/netns",
        "/run/containerd/runc/k8s.io",
        "/run/containerd/runc",
        "/run/containerd/s",
        "/run/containerd",
        "/var/lib/cni/results",
        "/var/lib/cni",
        "/var/lib/kubelet/device-plugins",
        "/var/lib/kubelet",
        "/var/log/containers",
    ];
    for folder in folders.into_iter().map(PathBuf::from).chain(trees.map(|tree| tree.join("k8s.io"))) {
        let _ = fs::remove_dir(folder);
    }
}

fn entries(folder: &str) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
