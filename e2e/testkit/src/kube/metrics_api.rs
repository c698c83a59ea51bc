//! A real metrics API for tests that need one: metrics-server, ready in about 12 seconds, 64 MiB.

use super::Kube;
use crate::cluster;
use anyhow::Result;

const MANIFEST: &str = include_str!("../../../cluster/metrics-server.yaml");
/// The APIService object, by which clients find it.
const API: &str = "apiservice/v1beta1.metrics.k8s.io";

impl Kube {
    /// Removes the tests' own metrics API, but no other. Returns whether the cluster has none now.
    pub async fn without_metrics_api(&self) -> Result<bool> {
        let owner = self.run(&["get", API, "--ignore-not-found", "-o", r"jsonpath={.metadata.labels.sticky\.test/owner}{.metadata.name}"]).await?;
        if !owner.is_empty() && !owner.starts_with("e2e") {
            return Ok(false);
        }
        // The APIService first: while it has no backend, no namespace can be deleted.
        self.run(&["delete", API, "--ignore-not-found"]).await?;
        self.run(&["-n", "kube-system", "delete", "deployment,service", "metrics-server", "--ignore-not-found"]).await?;
        Ok(true)
    }

    /// Installs the metrics API if there is none, and waits until it has data.
    pub async fn with_metrics_api(&self) -> Result<()> {
        if self.run(&["get", API, "--ignore-not-found", "-o", "name"]).await?.is_empty() {
            if self.test_cluster().is_some() {
                // Only tests that need the image wait for it; `cluster up` doesn't.
                self.load(&cluster::metrics_server()?).await?;
            }
            self.feed(&["apply", "--server-side", "-f", "-"], MANIFEST).await?;
        }
        self.run(&["wait", "--for=condition=Available", API, "--timeout=120s"]).await.map(drop)
    }
}
