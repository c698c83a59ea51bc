//! The front door's own pods.

use crate::kube::Kube;
use crate::wait;
use anyhow::{Context, Result};
use serde_json::Value;
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
        self.run(&["rollout", "restart", &self.deployment()]).await?;
        self.run(&["rollout", "status", &self.deployment(), "--timeout=120s"]).await?;
        wait::until("the front door's old pods are gone", SOON, async || {
            let names = self.names().await.ok()?;
            (!names.is_empty() && names.iter().all(|name| !old.contains(name))).then_some(())
        })
        .await
    }

    /// Sets the number of pods, waits until all are ready, and returns their addresses with the port that the Service's port 80 leads to.
    pub async fn scale(&self, pods: usize) -> Result<Vec<String>> {
        self.run(&["scale", &self.deployment(), &format!("--replicas={pods}")]).await?;
        self.run(&["rollout", "status", &self.deployment(), "--timeout=120s"]).await?;
        wait::until(&format!("the front door's Service has {pods} pods"), SOON, async || {
            self.addresses().await.ok().filter(|addresses| addresses.len() == pods)
        })
        .await
    }

    async fn addresses(&self) -> Result<Vec<String>> {
        let service = self.json(&["get", "service", &self.name]).await?;
        let ports = service["spec"]["ports"].as_array().context("no ports")?;
        let name = &ports.iter().find(|port| port["port"] == 80).context("no port 80")?["name"];
        let slices = self.json(&["get", "endpointslices", "-l", &format!("kubernetes.io/service-name={}", self.name)]).await?;
        let mut addresses = Vec::new();
        for slice in slices["items"].as_array().into_iter().flatten() {
            let port = slice["ports"].as_array().and_then(|ports| ports.iter().find(|port| port["name"] == *name));
            let Some(port) = port.and_then(|port| port["port"].as_u64()) else { continue };
            let ready = slice["endpoints"].as_array().into_iter().flatten().filter(|one| one["conditions"]["ready"] == true);
            addresses.extend(ready.filter_map(|one| Some(format!("{}:{port}", one["addresses"][0].as_str()?))));
        }
        Ok(addresses)
    }

    async fn names(&self) -> Result<Vec<String>> {
        let names = self.run(&["get", "pods", "-l", &self.pods, "-o", "name"]).await?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    fn deployment(&self) -> String {
        format!("deployment/{}", self.name)
    }

    /// Runs kubectl in the front door's namespace, with `-o json`.
    async fn json(&self, words: &[&str]) -> Result<Value> {
        self.kube.json(&[&["-n", &self.namespace], words].concat()).await
    }

    /// Runs kubectl in the front door's namespace.
    pub async fn run(&self, words: &[&str]) -> Result<String> {
        self.kube.run(&[&["-n", &self.namespace], words].concat()).await
    }
}
