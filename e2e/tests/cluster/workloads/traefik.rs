//! Behind Traefik, with and without access log and affinity.

use super::{PLAIN, SILENT, SOON, application, serves, verify};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stickyctl::generate::front_door::install::{Install, objects};
use stickyctl::generate::write;
use stickyctl::spec::StickyApp;
use stickyctl::spec::ingress::FrontDoor;
use testkit::kube::{Space, front_door, in_namespace};
use testkit::wait;

/// A Traefik of a test's own, which writes an access log.
pub(super) struct Logging {
    pub(super) home: Space,
    all: String,
}

impl Logging {
    /// Starts it, for the class with the name of the application's namespace.
    pub(super) async fn start(space: &Space) -> Result<Self> {
        let home = Space { kube: space.kube.clone(), name: format!("{}-door", space.name) };
        let mut spec = StickyApp { namespace: space.name.clone(), ..StickyApp::default() };
        spec.ingress.front_door = FrontDoor::Traefik;
        spec.ingress.front_door_namespace = Some(home.name.clone());
        spec.ingress.class.clone_from(&space.name);
        let install = Install::of(&spec, false);
        let mut list: Value = serde_json::from_str(&write::json(&objects(&install))?)?;
        let items = list["items"].as_array_mut().context("a list")?;
        let deployment = items.iter_mut().find(|item| item["kind"] == "Deployment").context("a Deployment")?;
        let arguments = deployment.pointer_mut("/spec/template/spec/containers/0/args").and_then(Value::as_array_mut).context("arguments")?;
        arguments.push("--accesslog=true".into());
        let all = list.to_string();
        space.kube.feed(&["apply", "--server-side", "-f", "-"], &all).await?;
        let door = Self { home, all };
        door.home.rollout(&format!("deployment/{}", install.name())).await?;
        Ok(door)
    }

    /// Deletes what is not in its namespace, too.
    pub(super) async fn stop(self, space: &Space) -> Result<()> {
        space.kube.feed(&["delete", "--wait=false", "-f", "-"], &self.all).await.map(drop)
    }
}

/// An Ingress for a Service, with the affinity cookie or without.
pub(super) async fn ingress(space: &Space, name: &str, class: &str, service: &str, is_sticky: bool) -> Result<()> {
    let annotations = if is_sticky { json!({"nginx.ingress.kubernetes.io/affinity": "cookie"}) } else { json!({}) };
    let backend = json!({"service": {"name": service, "port": {"name": "http"}}});
    let rule = json!({"host": format!("{name}.{}.test", space.name), "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
    let ingress = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": class, "rules": [rule]}});
    space.apply(&ingress.to_string()).await?;
    serves(space, &format!("ingress/{name}")).await
}

#[tokio::test]
async fn applications_without_identity_behind_traefik() -> Result<()> {
    in_namespace("files", async |space| {
        front_door::install(&space.kube).await?;
        space.create().await?;
        application(space, "talks", PLAIN).await?;
        application(space, "silent", SILENT).await?;
        let door = Logging::start(space).await?;
        let done = verdicts(space).await;
        if done.is_err() {
            door.home.dump();
        }
        door.stop(space).await?;
        done
    })
    .await
}

/// Through the tunnel to the front door's port for HTTPS, with the certificate checked for the route's host.
async fn over_tls(space: &Space) -> Result<()> {
    let host = format!("sticky.{}.test", space.name);
    let made = rcgen::generate_simple_self_signed(vec![host.clone()])?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cert.pem");
    std::fs::write(&file, made.cert.pem())?;
    let data = json!({"tls.crt": made.cert.pem(), "tls.key": made.signing_key.serialize_pem()});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"}, "stringData": data});
    space.apply(&secret.to_string()).await?;
    let patch = json!({"spec": {"tls": [{"hosts": [host], "secretName": "cert"}]}});
    space.run(&["patch", "ingress", "sticky", "--type=merge", "-p", &patch.to_string()]).await?;
    let trusting = ["ingress/sticky", "--ca", file.to_str().context("a path")?];
    let verified = wait::until("the Secret's certificate is shown", SOON, async || {
        let verdict = verify(space, &trusting).await.ok()?;
        (verdict.code == 0).then_some(verdict)
    });
    let verified = verified.await?;
    verified.is("sticky", &["access_log", "pod_log"])?;
    ensure!(verified.report["url"].as_str().is_some_and(|url| url.starts_with("https://")), "{}", verified.report);
    let distrustful = verify(space, &["ingress/sticky"]).await?;
    ensure!(distrustful.code == 6, "an unknown authority: {}", distrustful.report);
    Ok(())
}

async fn verdicts(space: &Space) -> Result<()> {
    let class = space.name.as_str();
    ingress(space, "sticky", class, "talks", true).await?;
    ingress(space, "loose", class, "talks", false).await?;
    verify(space, &["ingress/sticky"]).await?.is("sticky", &["access_log", "pod_log"])?;
    verify(space, &["ingress/sticky", "--pod-identity", "access-log"]).await?.is("sticky", &["access_log"])?;
    verify(space, &["ingress/loose", "--pod-identity", "access-log"]).await?.is("not-sticky", &["access_log"])?;
    verify(space, &["ingress/sticky", "--pod-identity", "pod-log"]).await?.is("sticky", &["pod_log"])?;
    verify(space, &["ingress/loose", "--pod-identity", "pod-log", "--no-marker-query"]).await?.is("not-sticky", &["pod_log"])?;
    let several = space.stickyctl(&["verify", "service/talks"]).await?.failed(2)?;
    ensure!(several.contains("ingress/loose, ingress/sticky"), "{several}");
    over_tls(space).await?;
    // The front door that all tests share writes no access log.
    ingress(space, "unlogged", "nginx", "talks", true).await?;
    space.run(&["delete", "ingress", "sticky", "loose"]).await?;
    verify(space, &["service/talks"]).await?.is("sticky", &["pod_log"])?;
    ingress(space, "nothing", "nginx", "silent", true).await?;
    let nothing = verify(space, &["ingress/nothing", "--log-wait", "3s"]).await?;
    ensure!((nothing.code, nothing.reasons()) == (6, vec!["no-log-line"]), "{} {}", nothing.report, nothing.said);
    Ok(())
}
