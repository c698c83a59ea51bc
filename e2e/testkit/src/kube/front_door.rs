//! The front door that all test releases share: Traefik with ingress-nginx's annotations, on port 80 of the node.

use super::Kube;
use crate::jar::Jar;
use crate::{http, wait};
use anyhow::{Context, Result, ensure};
use std::collections::HashSet;
use std::fs::File;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);

pub const TRAEFIK: &str = include_str!("../../../cluster/traefik.yaml");

/// Installs it if necessary, waits until it serves, and returns its address.
pub async fn install(kube: &Kube) -> Result<String> {
    // Tests that apply the same objects at once would conflict.
    let lock = File::create(std::env::temp_dir().join("sticky-e2e-front-door.lock"))?;
    lock.lock()?;
    kube.feed(&["apply", "--server-side", "-f", "-"], TRAEFIK).await?;
    kube.run(&["-n", "traefik", "rollout", "status", "deployment/traefik", "--timeout=120s"]).await?;
    let addresses = kube.run(&["get", "node", "-o", r#"jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}"#]).await?;
    Ok(addresses.split_whitespace().next().context("no node has an address")?.to_owned())
}

/// Asserts that a front door keeps sessions on the smoke manifest's probe pods: each new session gets a cookie and stays on its first
/// pod, and sessions reach all three pods. `host` is from [`http::named`].
pub async fn cookies_stick(host: &str) -> Result<()> {
    let ask = |jar: &Jar| http::get(format!("http://{host}/")).cookie(&jar.header()).send();
    // It learns about pods one by one, and sessions that begin while it knows only one would all be there.
    let mut known = HashSet::new();
    wait::until("the front door knows the route and three pods", SOON, async || {
        let answer = ask(&Jar::default()).await.ok().filter(|answer| answer.status == 200)?;
        known.insert(answer.text());
        (known.len() == 3).then_some(())
    })
    .await?;
    let mut pods = HashSet::new();
    for _ in 0..12 {
        let mut jar = Jar::default();
        let first = ask(&jar).await?;
        jar.take(&first);
        ensure!(jar.value("smoke").is_some(), "no cookie");
        for _ in 0..10 {
            let again = ask(&jar).await?.text();
            ensure!(again == first.text(), "a session moved from {} to {again}", first.text());
        }
        pods.insert(first.text());
    }
    ensure!(pods.len() == 3, "12 sessions on {pods:?}");
    Ok(())
}
