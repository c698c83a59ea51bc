//! Leftovers of the node's programs in places that can't be configured.
//!
//! Other programs may use the same places, so this deletes only what is known to belong to this cluster, and folders only if
//! they are empty.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use testkit::cluster::Place;
use testkit::sh;

/// Deletes the kubelet's links in /var/log/containers to this cluster's logs.
pub(crate) fn links_to_logs(place: &Place) {
    for link in entries("/var/log/containers") {
        if fs::read_link(&link).is_ok_and(|to| to.starts_with(&place.state)) {
            let _ = fs::remove_file(link);
        }
    }
}

/// Deletes the CNI library's cached results for a pod, by the id of its container.
pub(crate) fn network_results(id: &str) {
    for file in entries("/var/lib/cni/results") {
        if file.to_string_lossy().contains(id) {
            let _ = fs::remove_file(file);
        }
    }
}

/// Removes the folders, cgroups and the mount that all clusters share, if they are empty. Call it once no cluster is left.
pub(crate) async fn shared() {
    if entries("/run/netns").iter().any(|file| file.to_string_lossy().contains("/sticky-")) {
        return;
    }
    let socket = Path::new("/var/lib/kubelet/device-plugins/kubelet.sock");
    // Any running kubelet accepts the connection.
    if socket.exists() && UnixStream::connect(socket).is_err() {
        let _ = fs::remove_file(socket);
    }
    // iproute2 mounts this folder on itself when it creates the first namespace.
    if Path::new("/run/netns").exists() && entries("/run/netns").is_empty() {
        let _ = sh::run("umount /run/netns").await;
    }
    // cgroup v1 has a tree per controller, v2 has a single one. A cgroup in use can't be removed.
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
