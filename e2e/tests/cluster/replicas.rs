//! Ownership of the replica count: a count that another manager set survives `up`, and `up` takes no fields from others.

use anyhow::Result;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use tempfile::NamedTempFile;
use testkit::kube::release::{NAME, render, spec};
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);

/// A spec in a file, for `-f`. Pods drain at once, because these tests aren't about draining.
async fn file(space: &Space, more: Value) -> Result<NamedTempFile> {
    let mut all = spec(space, json!({"drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
    testkit::kube::release::merge(&mut all, more);
    let mut file = NamedTempFile::new()?;
    file.write_all(all.to_string().as_bytes())?;
    Ok(file)
}

async fn up(space: &Space, words: &[&str]) -> Result<String> {
    space.stickyctl(&[&["up"], words].concat()).await?.ok()
}

async fn replicas(space: &Space) -> Result<i64> {
    let deployment = space.json(&["get", "deployment", NAME]).await?;
    Ok(deployment["spec"]["replicas"].as_i64().unwrap())
}

/// The field managers that own the replica count, according to the API server.
async fn owners(space: &Space) -> Result<Vec<String>> {
    let deployment = space.json(&["get", "deployment", NAME, "--show-managed-fields"]).await?;
    let entries = deployment["metadata"]["managedFields"].as_array().unwrap();
    let own = entries.iter().filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some());
    Ok(own.map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn what_kubectl_scaled_stays_and_a_given_number_names_the_owner() -> Result<()> {
    in_namespace("replicas", async |space| {
        space.kube.load_app().await?;
        let spec = file(space, json!({"mode": "2x1"})).await?;
        let path = spec.path().to_str().unwrap();
        assert_eq!(up(space, &["-f", path]).await?, format!("{NAME} is up: 2x1, version 0.1.0"));
        assert_eq!(owners(space).await?, ["stickyctl"]);

        space.run(&["scale", "deployment", NAME, "--replicas=3"]).await?;
        // The file sets a mode, so the count is intended: `up` reports the conflict and writes nothing.
        let before = space.json(&["get", "deployment", NAME]).await?;
        let refused = space.stickyctl(&["up", "-f", path]).await?.failed(1)?;
        assert!(refused.contains(&format!("deployment {NAME}  .spec.replicas  managed by kubectl (scale)")), "{refused}");
        assert!(refused.contains("nothing was written") && refused.contains("--force-conflicts"), "{refused}");
        let after = space.json(&["get", "deployment", NAME]).await?;
        assert_eq!(
            (&before["spec"], &before["metadata"]["annotations"]["stickyctl.dev/spec"]),
            (&after["spec"], &after["metadata"]["annotations"]["stickyctl.dev/spec"])
        );

        assert_eq!(up(space, &[]).await?, format!("{NAME} is up: 3x1, version 0.1.0"), "no mode was said");
        assert_eq!(owners(space).await?, ["kubectl"]);
        assert_eq!(space.stickyctl(&["scale", "1"]).await?.ok()?, format!("{NAME} is 1x1"), "a number for its own sake is taken over");
        assert_eq!((replicas(space).await?, owners(space).await?), (1, vec!["stickyctl".to_owned()]));
        assert_eq!(up(space, &[]).await?, format!("{NAME} is up: 1x1, version 0.1.0"));

        space.run(&["scale", "deployment", NAME, "--replicas=2"]).await?;
        let forced = up(space, &["--mode", "1x1", "--force-conflicts"]).await?;
        assert_eq!((forced, replicas(space).await?), (format!("{NAME} is up: 1x1, version 0.1.0"), 1));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_autoscaler_is_never_fought() -> Result<()> {
    in_namespace("autoscaler", async |space| {
        space.kube.load_app().await?;
        let plain = file(space, json!({})).await?;
        let plain = plain.path().to_str().unwrap();
        up(space, &["-f", plain, "--mode", "1x1"]).await?;

        // Another manager's autoscaler, while we own the count: we hand the count over unchanged.
        space.run(&["autoscale", "deployment", NAME, "--name=theirs", "--min=2", "--max=4", "--cpu-percent=80"]).await?;
        wait::until("the autoscaler's two pods", SOON, async || (replicas(space).await.ok()? == 2).then_some(())).await?;
        let shown = up(space, &["--dry-run", "server"]).await?;
        assert!(!shown.contains(".spec.replicas"), "the number stays: {shown}");
        assert!(up(space, &[]).await?.ends_with("is up: 2x1, version 0.1.0"));
        for words in [&["up", "--mode", "1x1"][..], &["scale", "1"], &["mode", "1x2"]] {
            let refused = space.stickyctl(words).await?.failed(1)?;
            assert!(refused.contains("an autoscaler owns the replica count (theirs)"), "{words:?}: {refused}");
        }
        assert_eq!(replicas(space).await?, 2);
        assert!(!owners(space).await?.contains(&"stickyctl".to_owned()));
        Ok(())
    })
    .await
}

/// No owner: a release whose count was never written, as in manifests with an autoscaler.
#[tokio::test]
async fn a_number_that_nobody_owns_survives() -> Result<()> {
    in_namespace("unowned", async |space| {
        space.kube.load_app().await?;
        let scaled =
            spec(space, json!({"mode": "2x1", "autoscaling": {"max": 5}, "drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
        let made = ["-n", &space.name, "apply", "--server-side", "--field-manager=stickyctl", "-f", "-"];
        space.kube.feed(&made, &render(&scaled).await?).await?;
        wait::until("the autoscaler's two pods", SOON, async || (replicas(space).await.ok()? == 2).then_some(())).await?;
        assert!(!owners(space).await?.contains(&"stickyctl".to_owned()));
        let plain = file(space, json!({})).await?;
        assert!(up(space, &["-f", plain.path().to_str().unwrap()]).await?.ends_with("is up: 2x1, version 0.1.0"));
        assert_eq!(replicas(space).await?, 2);
        Ok(())
    })
    .await
}
