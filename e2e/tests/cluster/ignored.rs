//! An implementation that ignores session persistence: `up` refuses it before it changes anything. Forced, it applies the release, and
//! `verify` shows that nothing sticks.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::Write as _;
use tempfile::NamedTempFile;
use testkit::kube::stickyctl::Done;
use testkit::kube::{Space, in_namespace};

/// `stickyctl up` with a Gateway of this class, and more arguments.
pub(crate) async fn up(space: &Space, class: &str, more: &[&str]) -> Result<Done> {
    let mut file = NamedTempFile::new()?;
    file.write_all(json!({"ingress": {"frontDoor": "gateway"}, "gateway": {"class": class}}).to_string().as_bytes())?;
    space.stickyctl(&[&["up", "-f", file.path().to_str().context("no path")?], more].concat()).await
}

/// Traefik's own provider for the Gateway API accepts the route, serves it, and has no session persistence.
#[tokio::test]
async fn an_implementation_that_ignores_it() -> Result<()> {
    in_namespace("ignored", async |space| {
        space.kube.load_app().await?;
        space.kube.with_traefik_gateway().await?;
        let said = up(space, "traefik", &[]).await?.failed(1)?;
        for part in ["GatewayClass traefik belongs to traefik.io/gateway-controller", "session persistence", "stickyctl up --force"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let there = space.kube.run(&["get", "namespace", &space.name, "--ignore-not-found", "-o", "name"]).await?;
        assert_eq!(there, "", "it was refused, and created");

        let done = up(space, "traefik", &["--force"]).await?;
        assert!(done.stderr.contains("session persistence"), "it doesn't warn: {}", done.stderr);
        done.ok()?;
        let done = space.stickyctl(&["verify", "-o", "json"]).await?;
        let report: Value = serde_json::from_str(&done.stdout).with_context(|| format!("no report: {}", done.stderr))?;
        assert_eq!((done.code, &report["verdict"]), (3, &json!("not-sticky")), "{report}");
        assert_eq!(report["reasons"][0]["code"], "no-affinity-cookie", "{}", report["reasons"]);
        Ok(())
    })
    .await
}
