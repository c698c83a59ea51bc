//! `stickyctl verify --from --to` with two objects on a cluster: two Ingresses of one class lead to the same pods, and nothing moves.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::kube::release::NAME;
use testkit::kube::site::Site;
use testkit::wait;

const LONG: Duration = Duration::from_secs(120);

/// A second Ingress beside the release's own, and a run between the two.
pub(crate) async fn between_two_ingresses(site: &Site<'_>) -> Result<()> {
    let own = site.space.json(&["get", "ingress", NAME]).await?;
    let (annotations, spec) = (&own["metadata"]["annotations"], &own["spec"]);
    let second = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "second", "annotations": annotations}, "spec": spec,
    });
    site.space.apply(&second.to_string()).await?;
    let own = format!("ingress/{NAME}");
    let words = ["verify", "-o", "json", "--from", &own, "--to", "ing/second", "--first", "/whoami", "--seed", "7"];
    let mut command = site.space.command(&words)?;
    let done = wait::within("a migration", LONG, command.output()).await??;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let report: Value = serde_json::from_slice(&done.stdout).with_context(|| format!("no report; {said}"))?;
    ensure!(done.status.code() == Some(0) && report["verdict"] == "seamless", "{:#}\n{said}", report["findings"]);
    ensure!(report["cut_over"]["of"] == 30 && report["cut_over"]["seen"] == 0, "{:#}", report["cut_over"]);
    ensure!(said.contains("30 sessions of 13 requests begin at the old front door"), "{said}");
    site.space.run(&["delete", "ingress", "second"]).await?;
    Ok(())
}
