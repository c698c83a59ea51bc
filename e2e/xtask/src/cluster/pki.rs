//! Certificates and kubeconfigs.

use super::network::Net;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::time::Duration;
use testkit::cluster::Place;
use testkit::sh;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const NODE: &str = "node-1";

/// Creates everything in `pki/`, and a kubeconfig for each client.
pub(crate) async fn make(place: &Place, net: Net) -> Result<()> {
    let (node, first) = (net.node(), net.first_service());
    authority(place, "ca").await?;
    let client = "extendedKeyUsage=clientAuth";
    let api = format!(
        "subjectAltName=IP:{node},IP:{first},IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    );
    let kubelet = format!("subjectAltName=IP:{node},DNS:{NODE}");
    let name = format!("/O=system:nodes/CN=system:node:{NODE}");
    let certificates = [
        ("apiserver", "/CN=kube-apiserver", api.as_str()),
        ("admin", "/O=system:masters/CN=admin", client),
        ("controller", "/CN=system:kube-controller-manager", client),
        ("scheduler", "/CN=system:kube-scheduler", client),
        ("proxy", "/CN=system:kube-proxy", client),
        ("kubelet", &name, client),
        ("kubelet-server", &format!("/CN={NODE}"), &kubelet),
        ("api-to-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet", client),
    ];
    for (name, subject, extension) in certificates {
        signed(place, "ca", name, subject, extension).await?;
    }
    // A separate CA: its certificates can claim any user towards an API behind the API server, such as metrics.
    authority(place, "front-proxy-ca").await?;
    signed(place, "front-proxy-ca", "front-proxy", "/CN=front-proxy", client).await?;
    // Signs the service accounts' tokens; only the key is used.
    key(place, "sa").await?;
    for client in ["controller", "scheduler", "proxy", "kubelet"] {
        fs::write(place.state.join(format!("etc/{client}.kubeconfig")), kubeconfig(place, net, client)?)?;
    }
    Ok(())
}

/// A client's kubeconfig, with all certificates in one file, so that it also works elsewhere.
pub(crate) fn kubeconfig(place: &Place, net: Net, client: &str) -> Result<String> {
    let data = |name: String| -> Result<String> {
        let path = place.state.join("pki").join(name);
        Ok(STANDARD.encode(fs::read(&path).with_context(|| format!("no {}", path.display()))?))
    };
    let (server, name) = (format!("https://{}:6443", net.node()), format!("{}-cluster", place.name));
    let (ca, certificate, key) = (data("ca.crt".into())?, data(format!("{client}.crt"))?, data(format!("{client}.key"))?);
    Ok(format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {client}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {name}
  context: {{cluster: {name}, user: {client}}}
current-context: {name}
"
    ))
}

async fn openssl(place: &Place, line: &str) -> Result<()> {
    let mut command = sh::command("openssl", line.split(' '));
    command.current_dir(&place.state);
    sh::output(LIMIT, command).await.map(drop)
}

fn file(name: &str) -> String {
    format!("pki/{name}")
}

async fn key(place: &Place, name: &str) -> Result<()> {
    openssl(place, &format!("ecparam -name prime256v1 -genkey -noout -out {}.key", file(name))).await
}

async fn authority(place: &Place, name: &str) -> Result<()> {
    key(place, name).await?;
    openssl(place, &format!("req -x509 -new -key {0}.key -out {0}.crt -subj /CN=test-{name} -days 30", file(name))).await
}

async fn signed(place: &Place, by: &str, name: &str, subject: &str, extension: &str) -> Result<()> {
    let base = file(name);
    key(place, name).await?;
    fs::write(place.state.join(format!("{base}.ext")), extension)?;
    openssl(place, &format!("req -new -key {base}.key -out {base}.csr -subj {subject}")).await?;
    let ca = file(by);
    let sign = format!("x509 -req -in {base}.csr -CA {ca}.crt -CAkey {ca}.key -CAcreateserial -out {base}.crt -days 30 -extfile {base}.ext");
    openssl(place, &sign).await
}
