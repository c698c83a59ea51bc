//! A real metrics API, where a test asks for one: metrics-server, ready in about 12 seconds, 64 MiB.

use super::Kube;
use crate::cluster;
use anyhow::Result;

/// Its objects.
const MANIFEST: &str = include_str!("../../../cluster/metrics-server.yaml");
/// The API, by which clients find it.
const API: &str = "apiservice/v1beta1.metrics.k8s.io";

impl Kube {
    /// Takes the metrics API away. One that is not the tests' own stays, and that is the answer: whether there is none now.
    ///
    /// # Errors
    /// kubectl failed.
    pub async fn without_metrics_api(&self) -> Result<bool> {
        let owner = self.run(&["get", API, "--ignore-not-found", "-o", r"jsonpath={.metadata.labels.sticky\.test/owner}{.metadata.name}"]).await?;
        if !owner.is_empty() && !owner.starts_with("e2e") {
            return Ok(false);
        }
        // First the API: while it leads nowhere, no namespace can be deleted.
        self.run(&["delete", API, "--ignore-not-found"]).await?;
        self.run(&["-n", "kube-system", "delete", "deployment,service", "metrics-server", "--ignore-not-found"]).await?;
        Ok(true)
    }

    /// Installs the metrics API where there is none, and waits until it has numbers.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn with_metrics_api(&self) -> Result<()> {
        if self.run(&["get", API, "--ignore-not-found", "-o", "name"]).await?.is_empty() {
            if self.test_cluster().is_some() {
                // Only who needs the image waits for it: `cluster up` does not.
                self.load(&cluster::metrics_server()?).await?;
            }
            self.feed(&["apply", "--server-side", "-f", "-"], MANIFEST).await?;
        }
        self.run(&["wait", "--for=condition=Available", API, "--timeout=120s"]).await.map(drop)
    }
}
