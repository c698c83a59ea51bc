//! The front door that all releases of the tests share: Traefik, reading ingress-nginx' annotations, on port 80 of the node.

use super::Kube;
use anyhow::{Context, Result};
use std::fs::File;

/// Its objects.
pub const TRAEFIK: &str = include_str!("../../cluster/traefik.yaml");

/// Installs it where it is not, waits until it serves, and gives its address.
///
/// # Errors
/// It does not come up, or the cluster has no node with an address.
pub async fn install(kube: &Kube) -> Result<String> {
    // Two tests that apply the same objects at once would conflict with each other.
    let lock = File::create(std::env::temp_dir().join("sticky-e2e-front-door.lock"))?;
    lock.lock()?;
    kube.feed(&["apply", "--server-side", "-f", "-"], TRAEFIK).await?;
    kube.run(&["-n", "traefik", "rollout", "status", "deployment/traefik", "--timeout=120s"]).await?;
    let addresses = kube.run(&["get", "node", "-o", r#"jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}"#]).await?;
    Ok(addresses.split_whitespace().next().context("no node has an address")?.to_owned())
}
