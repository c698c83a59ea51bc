//! The front door's own pods.

use crate::kube::Kube;
use crate::wait;
use anyhow::Result;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(120);

/// A front door's Deployment and Service, which have the same name.
#[derive(Debug)]
pub struct Proxies {
    pub kube: Kube,
    pub namespace: String,
    pub name: String,
    /// The label selector of its pods.
    pub pods: String,
}

impl Proxies {
    /// Replaces every pod and waits until the old ones are gone.
    pub async fn replace(&self) -> Result<()> {
        let old = self.names().await?;
        let deployment = format!("deployment/{}", self.name);
        self.run(&["rollout", "restart", &deployment]).await?;
        self.run(&["rollout", "status", &deployment, "--timeout=120s"]).await?;
        wait::until("the front door's old pods are gone", SOON, async || {
            let names = self.names().await.ok()?;
            (!names.is_empty() && names.iter().all(|name| !old.contains(name))).then_some(())
        })
        .await
    }

    async fn names(&self) -> Result<Vec<String>> {
        let names = self.run(&["get", "pods", "-l", &self.pods, "-o", "name"]).await?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// Runs kubectl in the front door's namespace.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        self.kube.run(&[&["-n", &self.namespace], words].concat()).await
    }
}
