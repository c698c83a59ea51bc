//! etcd, the API server, the controller manager and the scheduler.

use super::daemon;
use super::network::Net;
use anyhow::Result;
use std::time::Duration;
use testkit::cluster::Place;
use testkit::cluster::modules::{binary, kubectl};
use testkit::sh;

const READY: Duration = Duration::from_secs(90);
const ETCD: &str = "http://127.0.0.1:2379";

/// Starts etcd and the API server, and waits until the API server answers.
pub(crate) async fn api(place: &Place, net: Net) -> Result<()> {
    let data = place.text("etcd");
    let etcd = [
        "--data-dir",
        &data,
        // A test cluster doesn't have to survive a crash of the machine.
        "--unsafe-no-fsync",
        "--listen-client-urls",
        ETCD,
        "--advertise-client-urls",
        ETCD,
        "--listen-peer-urls",
        "http://127.0.0.1:2380",
    ];
    daemon::start(place, net, "etcd", binary(place, "server"), &etcd)?;
    let (node, services) = (net.node(), net.services());
    let server = [
        "--etcd-servers",
        ETCD,
        "--bind-address",
        &node,
        "--advertise-address",
        &node,
        "--secure-port",
        "6443",
        "--tls-cert-file",
        "pki/apiserver.crt",
        "--tls-private-key-file",
        "pki/apiserver.key",
        "--client-ca-file",
        "pki/ca.crt",
        "--service-cluster-ip-range",
        &services,
        "--service-account-issuer",
        "https://kubernetes.default.svc",
        "--service-account-key-file",
        "pki/sa.key",
        "--service-account-signing-key-file",
        "pki/sa.key",
        "--authorization-mode",
        "Node,RBAC",
        "--kubelet-client-certificate",
        "pki/api-to-kubelet.crt",
        "--kubelet-client-key",
        "pki/api-to-kubelet.key",
        "--kubelet-certificate-authority",
        "pki/ca.crt",
        "--kubelet-preferred-address-types",
        "InternalIP",
        // For APIs served by a pod, such as the metrics API.
        "--requestheader-client-ca-file",
        "pki/front-proxy-ca.crt",
        "--requestheader-username-headers",
        "X-Remote-User",
        "--requestheader-group-headers",
        "X-Remote-Group",
        "--requestheader-extra-headers-prefix",
        "X-Remote-Extra-",
        "--proxy-client-cert-file",
        "pki/front-proxy.crt",
        "--proxy-client-key-file",
        "pki/front-proxy.key",
        "--allow-privileged",
    ];
    daemon::start(place, net, "apiserver", binary(place, "kube-apiserver"), &server)?;
    daemon::until(place, "apiserver", "/readyz says ok", READY, async || answers(place).await).await
}

/// Whether the API server is ready.
pub(crate) async fn answers(place: &Place) -> bool {
    let limit = Duration::from_secs(5);
    let Ok(mut command) = kubectl_of(place) else { return false };
    command.args(["get", "--raw", "/readyz"]);
    sh::output(limit, command).await.is_ok_and(|text| text.trim() == "ok")
}

/// A kubectl command as the administrator.
pub(crate) fn kubectl_of(place: &Place) -> Result<tokio::process::Command> {
    let mut command = sh::command(kubectl()?, ["--kubeconfig"]);
    command.arg(place.kubeconfig());
    Ok(command)
}

/// Starts the controller manager and the scheduler.
pub(crate) fn managers(place: &Place, net: Net) -> Result<()> {
    let services = net.services();
    let controller = [
        "--kubeconfig",
        "etc/controller.kubeconfig",
        "--service-account-private-key-file",
        "pki/sa.key",
        "--root-ca-file",
        "pki/ca.crt",
        "--service-cluster-ip-range",
        &services,
        "--use-service-account-credentials",
        // There is only one: without an election, it works at once.
        "--leader-elect=false",
        // Shorter than the default, so that tests see an autoscaler scale up and down.
        "--horizontal-pod-autoscaler-sync-period=3s",
        "--horizontal-pod-autoscaler-downscale-stabilization=15s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=15s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
    ];
    daemon::start(place, net, "controller", binary(place, "kube-controller-manager"), &controller)?;
    let scheduler = ["--kubeconfig", "etc/scheduler.kubeconfig", "--leader-elect=false"];
    daemon::start(place, net, "scheduler", binary(place, "kube-scheduler"), &scheduler)
}
