//! The app on the cluster, rendered by `stickyctl render`.

use super::{Space, front_door};
use crate::cluster;
use crate::door::Door;
use crate::{bin, http, local, sh, wait};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::process::Command;

/// The name of every release; namespaces tell them apart.
pub const NAME: &str = "demo";
const SOON: Duration = Duration::from_secs(60);

/// A release on the cluster.
#[derive(Debug)]
pub struct Release<'a> {
    pub space: &'a Space,
    /// Its site behind the front door, `http://HOST`.
    pub url: String,
}

/// The front doors that all releases share. Tests of what both have to do run behind each.
pub const SHARED: [Door; 2] = [Door::Traefik, Door::Gateway];

/// A spec with the settings that this cluster needs, overridden by `more`.
pub async fn spec(space: &Space, more: Value) -> Result<Value> {
    spec_behind(Door::Traefik, space, more).await
}

/// Like [`spec`], behind one of [`SHARED`].
async fn spec_behind(door: Door, space: &Space, more: Value) -> Result<Value> {
    let mut ingress = json!({"frontDoor": door.word()});
    if door == Door::Gateway {
        // Each release has its own Gateway, and with it its own address: it needs no host name.
        space.kube.with_envoy_gateway().await?;
    } else {
        ingress["host"] = http::named(&space.name, &front_door::install(&space.kube).await?).into();
    }
    let mut spec = json!({"name": NAME, "namespace": space.name, "ingress": ingress});
    if space.kube.test_cluster().is_some() {
        // The test cluster can't pull images.
        spec["redis"] = json!({"image": cluster::REDIS});
    }
    merge(&mut spec, more);
    Ok(spec)
}

/// Merges `above` into `below`; its values override.
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

/// The manifests that `stickyctl render` writes for a spec.
pub async fn render(spec: &Value) -> Result<String> {
    let mut command = Command::new(bin::stickyctl()?);
    // Keeps the developer's own STICKYCTL_... variables out of the tests.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
        command.env_remove(name);
    }
    command.args(["render", "-f", "-"]);
    sh::feed(SOON, command, spec.to_string().as_bytes()).await
}

impl<'a> Release<'a> {
    /// Loads the image, applies the manifests of a spec, and waits until all pods are ready and the front door reaches them.
    pub async fn start(space: &'a Space, more: Value) -> Result<Self> {
        Self::behind(Door::Traefik, space, more).await
    }

    /// Like [`start`](Self::start), behind one of [`SHARED`].
    pub async fn behind(door: Door, space: &'a Space, more: Value) -> Result<Self> {
        Self::of(space, &spec_behind(door, space, more).await?).await
    }

    /// Like [`start`](Self::start), for a whole spec.
    pub async fn of(space: &'a Space, spec: &Value) -> Result<Self> {
        space.kube.load_app().await?;
        space.apply(&render(spec).await?).await?;
        space.password(NAME).await?;
        space.rollout(&format!("statefulset/{NAME}-redis")).await?;
        space.rollout(&format!("deployment/{NAME}")).await?;
        let host = match spec["ingress"]["host"].as_str() {
            Some(host) => host.to_owned(),
            None => space.kube.envoys(&space.name, NAME).await?,
        };
        let release = Self { space, url: format!("http://{host}") };
        release.reached().await?;
        Ok(release)
    }

    /// Waits until the front door reaches every pod. It learns about a pod a moment after the pod is ready, and earlier sessions would
    /// all be on the first one.
    async fn reached(&self) -> Result<()> {
        let (pods, site) = (self.space.pods("app").await?.len(), format!("{}/whoami", self.url));
        let mut seen = BTreeSet::new();
        wait::until(&format!("the front door leads to {pods} pods"), SOON, async || {
            let answer = http::get(&site).send().await.ok().filter(|answer| answer.status == 200)?;
            // A site that hides identities hides its pods.
            let hidden = answer.pod().is_empty();
            seen.insert(answer.pod());
            (hidden || seen.len() == pods).then_some(())
        })
        .await
    }

    pub async fn topology(&self) -> Result<Value> {
        local::topology(&self.url).await
    }

    /// Runs `redis-cli` in the Redis pod, with the password from the pod's environment.
    pub async fn redis(&self, words: &[&str]) -> Result<String> {
        self.space.run(&[&["exec", &format!("{NAME}-redis-0"), "--", "redis-cli", "-e"], words].concat()).await
    }
}
