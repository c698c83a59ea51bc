//! The app on the cluster, as `stickyctl render` writes it.

use super::{Space, front_door};
use crate::cluster;
use crate::{bin, http, local, sh, wait};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::process::Command;

/// The name of every release; namespaces tell them apart.
pub const NAME: &str = "demo";
const SOON: Duration = Duration::from_secs(60);

/// A release that was applied.
#[derive(Debug)]
pub struct Release<'a> {
    /// Where it is.
    pub space: &'a Space,
    /// Its site behind the front door, `http://HOST`.
    pub url: String,
}

/// A spec with what this cluster asks for, and `more` laid over it.
///
/// # Errors
/// The front door does not come up.
pub async fn spec(space: &Space, more: Value) -> Result<Value> {
    let address = front_door::install(&space.kube).await?;
    let mut spec = json!({
        "name": NAME, "namespace": space.name,
        "ingress": {"frontDoor": "traefik", "host": http::named(&space.name, &address)},
    });
    if space.kube.test_cluster().is_some() {
        // Nothing is pulled there.
        spec["redis"] = json!({"image": cluster::REDIS});
    }
    merge(&mut spec, more);
    Ok(spec)
}

/// Lays one tree of a spec over another.
pub fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// What `stickyctl render` makes of a spec.
///
/// # Errors
/// It refuses the spec.
pub async fn render(spec: &Value) -> Result<String> {
    let mut command = Command::new(bin::stickyctl()?);
    // STICKYCTL_... in the developer's own environment must not reach the tests.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
        command.env_remove(name);
    }
    command.args(["render", "-f", "-"]);
    sh::feed(SOON, command, spec.to_string().as_bytes()).await
}

impl<'a> Release<'a> {
    /// Loads the image, applies the manifests of a spec, waits until all pods are ready and the front door leads to them.
    ///
    /// # Errors
    /// One of these did not come about.
    pub async fn start(space: &'a Space, more: Value) -> Result<Self> {
        space.kube.load_app().await?;
        let spec = spec(space, more).await?;
        let host = spec["ingress"]["host"].as_str().context("no host")?;
        let release = Self { space, url: format!("http://{host}") };
        space.apply(&render(&spec).await?).await?;
        space.rollout(&format!("statefulset/{NAME}-redis")).await?;
        space.rollout(&format!("deployment/{NAME}")).await?;
        release.reached().await?;
        Ok(release)
    }

    /// Waits until the front door leads to every pod: it hears of each a moment after the pod is ready, and sessions that are
    /// opened before would all be on the first.
    async fn reached(&self) -> Result<()> {
        let (pods, site) = (self.space.pods("app").await?.len(), format!("{}/whoami", self.url));
        let mut seen = BTreeSet::new();
        wait::until(&format!("the front door leads to {pods} pods"), SOON, async || {
            let answer = http::get(&site).send().await.ok().filter(|answer| answer.status == 200)?;
            // A site that shows no identity shows no pods either.
            let hidden = answer.pod().is_empty();
            seen.insert(answer.pod());
            (hidden || seen.len() == pods).then_some(())
        })
        .await
    }

    /// The topology of now.
    ///
    /// # Errors
    /// No answer.
    pub async fn topology(&self) -> Result<Value> {
        local::topology(&self.url).await
    }

    /// Runs `redis-cli` in Redis' pod, with the password of the pod's own environment.
    ///
    /// # Errors
    /// It failed.
    pub async fn redis(&self, words: &[&str]) -> Result<String> {
        self.space.run(&[&["exec", &format!("{NAME}-redis-0"), "--", "redis-cli", "-e"], words].concat()).await
    }
}
