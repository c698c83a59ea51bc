//! The test cluster itself: what every test on it takes for granted.
//!
//! Runs where `STICKY_E2E_KUBECONFIG` names the kubeconfig of a cluster that `cargo run -p e2e -- cluster up` started.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

use anyhow::{Context, Result, bail};
use e2e::{cluster, http, jar::Jar, random, wait};
use std::collections::HashSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

/// Pods that tell their name behind a Service and an Ingress with a cookie, and a Redis on a claim.
const MANIFEST: &str = include_str!("cluster/smoke.yaml");
/// Traefik, reading ingress-nginx' annotations.
const TRAEFIK: &str = include_str!("../cluster/traefik.yaml");

/// kubectl on the cluster, in a namespace of the test's own that is deleted with the value.
struct Kube {
    config: PathBuf,
    program: PathBuf,
    namespace: String,
}

impl Kube {
    fn asked_for() -> Option<Self> {
        let Some(config) = std::env::var_os("STICKY_E2E_KUBECONFIG").filter(|path| !path.is_empty()) else {
            // Not by eprintln!, which the test runner hides while a test passes.
            let text = "NOT ASKED TO RUN: STICKY_E2E_KUBECONFIG names no kubeconfig (`cargo run -p e2e -- cluster kubeconfig` prints one)";
            let _ = writeln!(std::io::stderr(), "{text}");
            return None;
        };
        let program = cluster::kubectl().unwrap();
        Some(Self { config: config.into(), program, namespace: format!("smoke-{}", random::word().to_lowercase()) })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.config).args(["-n", &self.namespace]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let done = self.command(arguments).output()?;
        if !done.status.success() {
            bail!("kubectl {}: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr));
        }
        Ok(String::from_utf8(done.stdout)?.trim().to_owned())
    }

    fn apply(&self, namespace: &str, manifest: &str) -> Result<()> {
        let mut child = self.command(&["-n", namespace, "apply", "--server-side", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        child.stdin.take().context("no stdin")?.write_all(manifest.as_bytes())?;
        if !child.wait()?.success() {
            bail!("kubectl apply failed");
        }
        Ok(())
    }

    fn rollout(&self, what: &str) -> Result<String> {
        self.run(&["rollout", "status", what, "--timeout=90s"])
    }

    /// What explains a failure.
    fn dump(&self) {
        for arguments in [&["get", "pods,pvc,svc,ingress", "-o", "wide"][..], &["get", "events"], &["describe", "pods"]] {
            eprintln!("--- kubectl {}\n{}", arguments.join(" "), self.run(arguments).unwrap_or_else(|error| error.to_string()));
        }
    }
}

impl Drop for Kube {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.dump();
        }
        let _ = self.run(&["delete", "namespace", &self.namespace, "--wait=false"]);
    }
}

#[tokio::test]
async fn a_cluster_that_works() -> Result<()> {
    let Some(kube) = Kube::asked_for() else { return Ok(()) };
    assert!(kube.config.is_file(), "no {}", kube.config.display());
    let done = all(&kube).await;
    if done.is_err() {
        kube.dump();
    }
    done
}

async fn all(kube: &Kube) -> Result<()> {
    kube.run(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=30s"])?;
    kube.run(&["create", "namespace", &kube.namespace])?;
    kube.apply(&kube.namespace, MANIFEST)?;
    kube.apply("traefik", TRAEFIK)?;
    kube.rollout("deployment/probe")?;
    kube.rollout("statefulset/redis")?;
    kube.run(&["-n", "traefik", "rollout", "status", "deployment/traefik", "--timeout=90s"])?;
    names_and_data(kube)?;
    a_service_answers_here(kube).await?;
    cookies_stick(kube).await
}

/// A name is answered inside a pod, the claim is bound, and what is written there outlives the pod.
fn names_and_data(kube: &Kube) -> Result<()> {
    let service = kube.run(&["get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}"])?;
    let name = format!("probe.{}.svc.cluster.local", kube.namespace);
    let found = kube.run(&["exec", "redis-0", "--", "getent", "hosts", &name])?;
    assert!(found.starts_with(&service), "{name}: {found}, but the Service has {service}");
    assert_eq!(kube.run(&["get", "pvc", "data-redis-0", "-o", "jsonpath={.status.phase}"])?, "Bound");
    assert_eq!(kube.run(&["exec", "redis-0", "--", "redis-cli", "set", "key", "kept"])?, "OK");
    kube.run(&["delete", "pod", "redis-0"])?;
    kube.rollout("statefulset/redis")?;
    assert_eq!(kube.run(&["exec", "redis-0", "--", "redis-cli", "get", "key"])?, "kept");
    Ok(())
}

/// A Service's address answers from the machine itself, from all pods.
async fn a_service_answers_here(kube: &Kube) -> Result<()> {
    let service = kube.run(&["get", "service", "probe", "-o", "jsonpath={.spec.clusterIP}"])?;
    let mut pods = HashSet::new();
    wait::until("three pods answer behind the Service", SOON, async || {
        pods.insert(http::get(format!("http://{service}:8080/")).send().await.ok()?.text());
        (pods.len() == 3).then_some(())
    })
    .await
}

/// Through the front door: each new session gets a cookie and stays where it began, and sessions get to all pods.
async fn cookies_stick(kube: &Kube) -> Result<()> {
    let node = kube.run(&["get", "node", "-o", "jsonpath={.items[0].status.addresses[?(@.type==\"InternalIP\")].address}"])?;
    let ask = |jar: &Jar| http::get(format!("http://{node}/")).cookie(&jar.header()).send();
    wait::until("the front door knows the route", SOON, async || (ask(&Jar::default()).await.ok()?.status == 200).then_some(())).await?;
    let mut pods = HashSet::new();
    for _ in 0..12 {
        let mut jar = Jar::default();
        let first = ask(&jar).await?;
        jar.take(&first);
        assert!(jar.value("smoke").is_some(), "no cookie");
        for _ in 0..10 {
            assert_eq!(ask(&jar).await?.text(), first.text(), "a session moved");
        }
        pods.insert(first.text());
    }
    assert_eq!(pods.len(), 3, "12 sessions on {pods:?}");
    Ok(())
}
