//! The front door's own pods.

use crate::kube::Space;
use crate::wait;
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(120);

/// A front door's Deployment and Service, which have the same name.
#[derive(Debug)]
pub struct Proxies {
    /// The front door's namespace.
    pub space: Space,
    pub name: String,
    /// The label selector of its pods.
    pub pods: String,
}

impl Proxies {
    /// Replaces every pod and waits until the old ones are gone.
    pub async fn replace(&self) -> Result<()> {
        let old = self.names().await?;
        self.space.run(&["rollout", "restart", &self.deployment()]).await?;
        self.space.rollout(&self.deployment()).await?;
        wait::until("the front door's old pods are gone", SOON, async || {
            let names = self.names().await.ok()?;
            (!names.is_empty() && names.iter().all(|name| !old.contains(name))).then_some(())
        })
        .await
    }

    async fn names(&self) -> Result<Vec<String>> {
        let names = self.space.run(&["get", "pods", "-l", &self.pods, "-o", "name"]).await?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    fn deployment(&self) -> String {
        format!("deployment/{}", self.name)
    }
}
