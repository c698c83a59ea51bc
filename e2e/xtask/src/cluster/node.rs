//! containerd, the kubelet and kube-proxy.

use super::daemon;
use super::images::{self, PAUSE};
use super::network::Net;
use super::pki::NODE;
use anyhow::Result;
use std::fs;
use std::time::Duration;
use testkit::cluster::Place;
use testkit::cluster::modules::binary;
use testkit::sh;

const SOON: Duration = Duration::from_secs(30);

/// Starts containerd, and waits until it answers.
pub(crate) async fn containerd(place: &Place, net: Net) -> Result<()> {
    let (root, state, socket, cni) = (place.text("cd-root"), place.text("cd-state"), place.text("containerd.sock"), place.text("cni"));
    // restrict_oom_score_adj: without CAP_SYS_RESOURCE, lowering a score is forbidden, and every pod would fail.
    let settings = format!(
        r#"version = 2
root = "{root}"
state = "{state}"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
"#
    );
    fs::write(place.state.join("etc/containerd.toml"), settings)?;
    let (pods, addresses) = (net.pods(), place.text("ipam"));
    let bridge = format!(
        r#"{{"cniVersion":"1.0.0","name":"pods","plugins":[
 {{"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":false,"hairpinMode":true,
  "ipam":{{"type":"host-local","ranges":[[{{"subnet":"{pods}"}}]],"routes":[{{"dst":"0.0.0.0/0"}}],"dataDir":"{addresses}"}}}},
 {{"type":"portmap","capabilities":{{"portMappings":true}}}}]}}
"#
    );
    fs::write(place.state.join("cni/10-bridge.conflist"), bridge)?;
    start_containerd(place, net).await
}

/// Starts containerd with its existing state, if it isn't running.
pub(crate) async fn start_containerd(place: &Place, net: Net) -> Result<()> {
    if !daemon::lives(place, "containerd") {
        daemon::start(place, net, "containerd", "containerd", &["-c", "etc/containerd.toml"])?;
    }
    daemon::until(place, "containerd", "an answer", SOON, async || {
        let mut ctr = sh::command("ctr", ["-a"]);
        ctr.arg(place.socket()).arg("version");
        sh::output(Duration::from_secs(5), ctr).await.is_ok()
    })
    .await
}

/// Imports every image that a cluster comes with.
pub(crate) async fn images(place: &Place) -> Result<()> {
    for archive in images::archives(place)? {
        images::import(place, &archive).await?;
    }
    Ok(())
}

/// Starts the kubelet and kube-proxy.
pub(crate) fn kubelet(place: &Place, net: Net) -> Result<()> {
    let (state, dns, node, pods) = (place.state.display(), net.dns(), net.node(), net.pods());
    let kubelet = format!(
        r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failSwapOn: false
failCgroupV1: false
cgroupDriver: cgroupfs
# Two kubelets on one machine would share /kubepods and kill each other's pods as orphans.
cgroupsPerQOS: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
containerRuntimeEndpoint: unix://{state}/containerd.sock
clusterDNS: ["{dns}"]
clusterDomain: cluster.local
# Pods must not ask the machine's own name server.
resolvConf: ""
# By token, too: metrics-server comes with its account's.
authentication: {{anonymous: {{enabled: false}}, webhook: {{enabled: true}}, x509: {{clientCAFile: {state}/pki/ca.crt}}}}
authorization: {{mode: AlwaysAllow}}
tlsCertFile: {state}/pki/kubelet-server.crt
tlsPrivateKeyFile: {state}/pki/kubelet-server.key
# The machine's disk is not the test's business, and a pod evicted for it would be a riddle.
evictionHard: {{memory.available: 50Mi, nodefs.available: 0%, imagefs.available: 0%, nodefs.inodesFree: 0%}}
imageGCHighThresholdPercent: 100
podLogsDir: {state}/podlogs
"#
    );
    fs::write(place.state.join("etc/kubelet.yaml"), kubelet)?;
    // Conntrack limits of 0 keep it from changing the machine's settings.
    let proxy = format!(
        r#"apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {{kubeconfig: {state}/etc/proxy.kubeconfig}}
mode: nftables
clusterCIDR: {pods}
conntrack: {{maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
nodePortAddresses: ["{node}/32"]
"#
    );
    fs::write(place.state.join("etc/proxy.yaml"), proxy)?;
    let (root, certificates) = (place.text("kubelet"), place.text("kubelet-pki"));
    let arguments = [
        "--config",
        "etc/kubelet.yaml",
        "--kubeconfig",
        "etc/kubelet.kubeconfig",
        "--hostname-override",
        NODE,
        "--node-ip",
        &node,
        "--root-dir",
        &root,
        "--cert-dir",
        &certificates,
    ];
    daemon::start(place, net, "kubelet", binary(place, "kubelet"), &arguments)?;
    daemon::start(place, net, "proxy", binary(place, "kube-proxy"), &["--config", "etc/proxy.yaml", "--hostname-override", NODE])
}
