//! An API server of a test's own, without nodes, for tests that change what a whole cluster shares: its CRDs.

use super::Kube;
use crate::cluster::crds::GatewayApi;
use crate::cluster::{self, Place, crds, modules};
use crate::process::Process;
use crate::{ports, random, skip, wait};
use anyhow::{Result, bail};
use serde_json::json;
use std::fs;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const START: Duration = Duration::from_secs(90);

/// etcd and kube-apiserver on loopback, ready after a few seconds. There are no controllers: objects are validated and stored, and nothing
/// acts on them. Dropping the value stops both.
#[derive(Debug)]
pub struct Bare {
    /// An administrator's kubectl.
    pub kube: Kube,
    // Dropped in this order: the server first.
    _server: Process,
    _etcd: Process,
    _folder: TempDir,
}

impl Bare {
    /// Starts one, and waits until it answers. Without the programs, which `cargo xtask cluster build` makes, returns `None` and records
    /// the test as skipped.
    ///
    /// # Errors
    /// A process ends or doesn't answer in time; the error has its log.
    pub async fn start() -> Result<Option<Self>> {
        let place = Place::named("any")?;
        let (etcd, server) = (modules::binary(&place, "server"), modules::binary(&place, "kube-apiserver"));
        if !etcd.is_file() || !server.is_file() {
            skip::because("no API server: `cargo xtask cluster build` makes one");
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let (store, secure, token) = (format!("http://127.0.0.1:{}", ports::free()?), ports::free()?, random::word());
        let mut command = Command::new(etcd);
        command.args(["--unsafe-no-fsync", "--log-level", "error", "--data-dir"]).arg(folder.path().join("etcd"));
        command.args(["--listen-client-urls", &store, "--advertise-client-urls", &store]);
        let etcd = Process::start(command.args(["--listen-peer-urls", &format!("http://127.0.0.1:{}", ports::free()?)]))?;
        let mut process = Process::start(api_server(&server, &folder, &store, secure, &token)?.current_dir(folder.path()))?;
        let config = folder.path().join("kubeconfig");
        fs::write(&config, kubeconfig(secure, &token))?;
        let kube = Kube { config, program: cluster::kubectl()? };
        let ready = wait::until("the API server is ready", START, async || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            // The server creates it soon after it is ready, and no namespaced object can be created before.
            kube.run(&["get", "--raw", "/readyz"]).await.ok()?;
            kube.run(&["get", "namespace", "default"]).await.ok().map(Ok)
        });
        match ready.await {
            Ok(Ok(_)) => Ok(Some(Self { kube, _server: process, _etcd: etcd, _folder: folder })),
            Ok(Err(status)) => bail!("kube-apiserver ended ({status}):\n{}", modules::tail(&process.stderr.text(), 15)),
            Err(error) => bail!("{error}\n{}", modules::tail(&process.stderr.text(), 15)),
        }
    }

    /// Like [`start`](Self::start), with the CRDs of the Gateway API and of Envoy Gateway.
    pub async fn with_gateway_api(api: GatewayApi) -> Result<Option<Self>> {
        let Some(bare) = Self::start().await? else { return Ok(None) };
        bare.kube.with_crds(&api.manifest().await?).await?;
        bare.kube.with_crds(&crds::envoy_gateway().await?).await?;
        Ok(Some(bare))
    }
}

fn api_server(program: &std::path::Path, folder: &TempDir, store: &str, port: u16, token: &str) -> Result<Command> {
    let key = rcgen::KeyPair::generate()?;
    fs::write(folder.path().join("sa.key"), key.serialize_pem())?;
    fs::write(folder.path().join("sa.pub"), key.public_key_pem())?;
    fs::write(folder.path().join("tokens"), format!("{token},admin,admin,\"system:masters\"\n"))?;
    let mut command = Command::new(program);
    command.args(["--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", &port.to_string()]);
    // Otherwise it derives an address from the machine's default route.
    command.args(["--advertise-address", "198.18.0.1", "--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "198.19.0.0/16"]);
    command.args(["--token-auth-file", "tokens", "--authorization-mode", "RBAC", "--cert-dir", "pki"]);
    command.args(["--service-account-issuer", "https://kubernetes.default.svc"]);
    command.args(["--service-account-key-file", "sa.pub", "--service-account-signing-key-file", "sa.key"]);
    // No controller creates service accounts here.
    command.args(["--disable-admission-plugins", "ServiceAccount"]);
    Ok(command)
}

/// A kubeconfig is YAML, and so is JSON.
fn kubeconfig(port: u16, token: &str) -> String {
    let cluster = json!({"server": format!("https://127.0.0.1:{port}"), "insecure-skip-tls-verify": true});
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "bare",
        "clusters": [{"name": "bare", "cluster": cluster}], "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "bare", "context": {"cluster": "bare", "user": "admin"}}],
    })
    .to_string()
}

impl Kube {
    /// Applies CRDs, and waits until the API server serves them. Unchanged ones cost a second.
    pub async fn with_crds(&self, manifest: &str) -> Result<()> {
        let applied = self.feed(&["apply", "--server-side", "-f", "-"], manifest).await?;
        let names: Vec<_> =
            applied.lines().filter_map(|line| line.split(' ').next()).filter(|name| name.starts_with("customresourcedefinition")).collect();
        let words = [&["wait", "--for=condition=Established", "--timeout=5s"], names.as_slice()].concat();
        // kubectl fails at once for one that has no conditions yet.
        wait::until("the CRDs are served", START, async || self.run(&words).await.ok().map(drop)).await
    }
}
