//! Failed rollouts: `up` reports the reason within seconds once it is known, and the old pods keep serving.

use anyhow::Result;
use serde_json::{Value, json};
use std::io::Write;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use testkit::kube::release::{NAME, merge, spec};
use testkit::kube::{Space, in_namespace};
use testkit::{http, wait};

const SOON: Duration = Duration::from_secs(60);
/// Longer than it takes to detect and report any of the faults, and far shorter than `up`'s timeout for a rollout.
const KNOWN: Duration = Duration::from_secs(75);

fn written(spec: &Value) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(spec.to_string().as_bytes())?;
    Ok(file)
}

/// A release with two pods, and one fault after the other.
struct Site<'a> {
    space: &'a Space,
    spec: Value,
    url: String,
    pods: Vec<String>,
}

impl<'a> Site<'a> {
    async fn start(space: &'a Space) -> Result<Self> {
        space.kube.load_app().await?;
        let spec = spec(space, json!({"mode": "2x1", "drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
        space.stickyctl(&["up", "-f", written(&spec)?.path().to_str().unwrap()]).await?.ok()?;
        let url = format!("http://{}/whoami", spec["ingress"]["host"].as_str().unwrap());
        Ok(Self { space, spec, url, pods: names(space).await? })
    }

    /// Rolls out a spec that can't become ready, and returns `up`'s error.
    async fn fails(&self, more: Value) -> Result<String> {
        let mut spec = self.spec.clone();
        merge(&mut spec, more);
        let start = Instant::now();
        let said = self.space.stickyctl(&["up", "-f", written(&spec)?.path().to_str().unwrap()]).await?.failed(1)?;
        assert!(start.elapsed() < KNOWN, "{:?}: {said}", start.elapsed());
        assert!(said.contains(&format!("error: rolling out {NAME}: ")), "{said}");
        assert!(said.contains("the 2 old pods keep serving; no session has moved"), "{said}");
        let now = names(self.space).await?;
        assert!(self.pods.iter().all(|pod| now.contains(pod)), "{:?} became {now:?}", self.pods);
        assert_eq!(http::get(&self.url).send().await?.status, 200);
        Ok(said)
    }
}

/// Names of the ready pods.
async fn names(space: &Space) -> Result<Vec<String>> {
    let pods = space.pods("app").await?;
    let ready = pods.iter().filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true && pod["metadata"]["deletionTimestamp"].is_null());
    Ok(ready.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn image_crash_secret_node_and_quota() -> Result<()> {
    in_namespace("faults", async |space| {
        let site = Site::start(space).await?;

        // A pull is retried until the timeout if its registry may only be unreachable, as here.
        let said = site.fails(json!({"image": {"name": "sticky.test/absent:1", "pullPolicy": "Never"}})).await?;
        for part in ["the image can't be pulled", "sticky.test/absent:1", "ErrImage", "stickyctl up --image sticky-app:0.1.0"] {
            assert!(said.contains(part), "{part}: {said}");
        }

        // A program that exits at once in an unprivileged pod without its configuration.
        let dns = space.kube.json(&["-n", "kube-system", "get", "deployment", "coredns"]).await?;
        let dns = dns["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap();
        let said = site.fails(json!({"image": {"name": dns}})).await?;
        assert!(said.contains("the process exits right after it starts") && said.contains("exit 1, "), "{said}");
        let words = said.lines().find_map(|line| line.strip_prefix("  log      ")).unwrap_or_default();
        let pod = said.lines().find_map(|line| line.strip_prefix("  pod      ")?.split(',').next()).unwrap_or_default();
        let log = space.run(&["logs", pod]).await?;
        assert!(!words.is_empty() && log.ends_with(words), "`{words}` is not the end of `{log}`");

        let password = json!({"redis": {"url": format!("redis://{NAME}-redis:6379"), "password": {"secret": "absent"}}});
        let said = site.fails(password).await?;
        assert!(said.contains("the pod refers to something that is missing") && said.contains("\"absent\" not found"), "{said}");
        let redis = space.pods("redis").await?;
        assert_eq!(redis.len(), 1, "the old pods need it");

        let said = site.fails(json!({"resources": {"requests": {"cpu": "1000"}, "limits": {"cpu": "1000"}}})).await?;
        assert!(said.contains("no node can run the pod") && said.contains("Insufficient cpu"), "{said}");

        space.run(&["create", "quota", "full", "--hard=pods=3"]).await?;
        wait::until("the quota is counted", SOON, async || {
            let quota = space.json(&["get", "quota", "full"]).await.ok()?;
            quota["status"]["used"]["pods"].as_str().map(drop)
        })
        .await?;
        let said = site.fails(json!({"relay": {"fanout": "broadcast"}})).await?;
        assert!(said.contains("the cluster refuses to create the pod") && said.contains("exceeded quota: full"), "{said}");
        space.run(&["delete", "quota", "full"]).await?;

        // A single command recovers from all of it.
        let spec = written(&site.spec)?;
        assert!(space.stickyctl(&["up", "-f", spec.path().to_str().unwrap()]).await?.ok()?.contains("is up: 2x1"));
        Ok(())
    })
    .await
}
