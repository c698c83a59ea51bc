//! A release that moves from one front door to another: from Traefik to a Gateway of its own, to a Gateway of another namespace with
//! TLS, and back. Nothing of the previous one is left behind.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};
use testkit::http;
use testkit::jar::Jar;
use testkit::kube::release::{NAME, merge, spec};
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);
const HOST: &str = "demo.test";
const FURTHER: &str = "www.demo.test";

#[tokio::test]
async fn from_traefik_to_gateways_and_back() -> Result<()> {
    in_namespace("moves", async |space| {
        let edge = Space { kube: space.kube.clone(), name: format!("{}-edge", space.name) };
        space.kube.load_app().await?;
        space.kube.with_envoy_gateway().await?;
        edge.create().await?;
        let done = moves(space, &edge).await;
        if done.is_err() {
            edge.dump();
        }
        done
    })
    .await
}

/// `stickyctl up` with a spec of its own.
async fn up(space: &Space, ingress: Value) -> Result<()> {
    let mut all = spec(space, json!({"mode": "2x1", "drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
    merge(&mut all, ingress);
    let mut file = NamedTempFile::new()?;
    file.write_all(all.to_string().as_bytes())?;
    let said = space.stickyctl(&["up", "-f", file.path().to_str().context("no path")?]).await?.ok()?;
    ensure!(said.starts_with(&format!("{NAME} is up: 2x1")), "{said}");
    // A session that begins on a pod that drains moves, and should.
    wait::until("the old pods are gone", SOON, async || (space.pods("app").await.ok()?.len() == 2).then_some(())).await
}

async fn moves(space: &Space, edge: &Space) -> Result<()> {
    up(space, json!({})).await?;
    let traefik = spec(space, json!({})).await?["ingress"]["host"].as_str().context("no host")?.to_owned();
    sticks(&format!("http://{traefik}"), &traefik).await?;
    assert_eq!(routes(space).await?, ["ingress.networking.k8s.io/demo"]);

    up(space, json!({"ingress": {"frontDoor": "gateway", "host": HOST}})).await?;
    let own = space.kube.envoys(&space.name, NAME).await?;
    sticks(&format!("http://{own}"), HOST).await?;
    assert_eq!(
        routes(space).await?,
        ["backendtrafficpolicy.gateway.envoyproxy.io/demo", "gateway.gateway.networking.k8s.io/demo", "httproute.gateway.networking.k8s.io/demo"]
    );

    let certificate = Certificate::make()?;
    space.apply(&certificate.secret()).await?;
    edge.apply(&gateway(space)).await?;
    let attached = json!({
        "ingress": {"frontDoor": "gateway", "host": HOST, "tlsSecret": "cert"},
        "gateway": {"name": "shared", "namespace": edge.name, "hostnames": [FURTHER]},
    });
    up(space, attached).await?;
    attached_to(space, edge, &certificate).await?;

    up(space, json!({})).await?;
    sticks(&format!("http://{traefik}"), &traefik).await?;
    assert_eq!(routes(space).await?, ["ingress.networking.k8s.io/demo"]);
    let status: Value = serde_json::from_str(&space.stickyctl(&["status", "-o", "json"]).await?.ok()?)?;
    assert_eq!((&status["front_door"]["kind"], &status["notes"]), (&json!("traefik"), &json!([])), "{status}");
    // The other namespace's Gateway is its owner's.
    edge.run(&["get", "gateway", "shared"]).await.map(drop)
}

/// The namespace's objects that route requests, by name.
async fn routes(space: &Space) -> Result<Vec<String>> {
    let kinds = "ingress,gateway,httproute,referencegrant,backendtrafficpolicy";
    let mut all: Vec<_> = space.run(&["get", kinds, "-o", "name"]).await?.lines().map(str::to_owned).collect();
    all.sort();
    Ok(all)
}

/// A Gateway for routes of every namespace, with the certificate of the release's namespace.
fn gateway(release: &Space) -> String {
    let routes = json!({"namespaces": {"from": "All"}});
    let tls = json!({"certificateRefs": [{"name": "cert", "namespace": release.name}]});
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "shared"},
        "spec": {"gatewayClassName": "eg", "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": routes},
            {"name": "https", "port": 443, "protocol": "HTTPS", "allowedRoutes": routes, "tls": tls},
        ]},
    })
    .to_string()
}

async fn attached_to(space: &Space, edge: &Space, certificate: &Certificate) -> Result<()> {
    let address = edge.kube.envoys(&edge.name, "shared").await?;
    for host in [HOST, FURTHER] {
        sticks(&format!("http://{address}"), host).await?;
    }
    let other = http::get(format!("http://{address}/whoami")).header("host", "other.test").send().await?;
    assert_eq!(other.status, 404, "{}", other.text());
    wait::until("the certificate of the release's namespace", SOON, async || certificate.is_shown(&address).then_some(())).await?;
    assert_eq!(
        routes(space).await?,
        [
            "backendtrafficpolicy.gateway.envoyproxy.io/demo",
            "httproute.gateway.networking.k8s.io/demo",
            "referencegrant.gateway.networking.k8s.io/demo"
        ]
    );
    let verdict = space.stickyctl(&["verify", "--only", "spread,stick-http,stick-ws", "-o", "json"]).await?;
    assert_eq!(verdict.code, 0, "{}{}", verdict.stdout, verdict.stderr);
    Ok(())
}

/// Each of ten sessions stays on its pod, and they reach both pods.
async fn sticks(url: &str, host: &str) -> Result<()> {
    let ask = |jar: &Jar| http::get(format!("{url}/whoami")).header("host", host).cookie(&jar.header()).send();
    let mut pods = std::collections::BTreeSet::new();
    wait::until("two pods behind the front door", SOON, async || {
        pods.insert(ask(&Jar::default()).await.ok().filter(|answer| answer.status == 200)?.pod());
        (pods.len() >= 2).then_some(())
    })
    .await?;
    for _ in 0..10 {
        let mut jar = Jar::default();
        let first = ask(&jar).await?;
        jar.take(&first);
        for _ in 0..5 {
            let again = ask(&jar).await?;
            ensure!((again.status, again.pod()) == (200, first.pod()), "{} from {}: a session moved to {}", again.status, first.pod(), again.pod());
        }
    }
    Ok(())
}

/// A certificate for the hosts, signed by itself.
struct Certificate {
    folder: TempDir,
    certificate: String,
    key: String,
}

impl Certificate {
    fn make() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned(), FURTHER.to_owned()])?;
        let own = Self { folder: tempfile::tempdir()?, certificate: made.cert.pem(), key: made.signing_key.serialize_pem() };
        std::fs::write(own.folder.path().join("cert.pem"), &own.certificate)?;
        Ok(own)
    }

    fn secret(&self) -> String {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
            "stringData": {"tls.crt": self.certificate, "tls.key": self.key},
        })
        .to_string()
    }

    /// Whether a server shows it.
    fn is_shown(&self, address: &str) -> bool {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &format!("{address}:443"), "-servername", HOST, "-verify_hostname", HOST, "-verify_return_error"]);
        client.arg("-CAfile").arg(self.folder.path().join("cert.pem"));
        client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}
