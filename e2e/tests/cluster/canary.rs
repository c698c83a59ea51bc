//! A canary on a real cluster: a second Deployment behind the same Service and front door. Sessions stay on their version, and removing it
//! leaves the other pods alone.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::crowd::Crowd;
use testkit::kube::release::NAME;
use testkit::kube::site::{Site, behind_its_own_door};
use testkit::wait;
use tokio::task::LocalSet;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const CANARY: &str = concat!(env!("CARGO_PKG_VERSION"), "-canary");
const SOON: Duration = Duration::from_secs(60);

/// Names of the pods of one of the two Deployments.
async fn pods(site: &Site<'_>, track: &str) -> Result<BTreeSet<String>> {
    let list = site.space.json(&["get", "pods", "-l", &format!("app.kubernetes.io/component=app,stickyctl.dev/track={track}")]).await?;
    Ok(list["items"].as_array().into_iter().flatten().filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
}

/// The versions in `stickyctl status`, by pod.
fn versions(status: &Value, pods: &BTreeSet<String>) -> BTreeSet<String> {
    let all = status["pods"].as_array().into_iter().flatten();
    let of = all.filter(|pod| pod["pod"].as_str().is_some_and(|name| pods.contains(name)));
    of.filter_map(|pod| pod["version"].as_str()).map(str::to_owned).collect()
}

#[tokio::test]
async fn sessions_stay_on_their_version_and_the_canary_goes_without_a_trace() -> Result<()> {
    behind_its_own_door("canary", async |site| {
        let said = site.up(&["--mode", "2x1", "--canary", "1", "--install-front-door"]).await?.ok()?;
        assert_eq!(said, format!("{NAME} is up: 2x1 and 1 canary pod, version {VERSION}"));
        let (stable, canary) = (pods(site, "stable").await?, pods(site, "canary").await?);
        assert_eq!((stable.len(), canary.len()), (2, 1));
        let status = site.status().await?;
        assert_eq!(status["canary"], json!({"pods": 1, "version": CANARY}));
        assert_eq!((versions(&status, &stable), versions(&status, &canary)), ([VERSION.to_owned()].into(), [CANARY.to_owned()].into()));
        proven(site).await?;
        let way = site.way().await?;
        LocalSet::new().run_until(comes_and_goes(site, &way.url, &stable, &canary)).await
    })
    .await
}

/// The apps themselves report the version, and no session changes it.
async fn proven(site: &Site<'_>) -> Result<()> {
    let words = ["verify", "--pod-identity", "json:/version", "-o", "json"];
    let report: Value = serde_json::from_str(&site.ctl(&words).await?)?;
    assert_eq!((&report["verdict"], &report["reasons"]), (&json!("sticky"), &json!([])), "{report}");
    let told: BTreeSet<&str> = report["pods"].as_array().context("no pods")?.iter().filter_map(|pod| pod["pod"].as_str()).collect();
    assert_eq!(told, BTreeSet::from([VERSION, CANARY]));
    Ok(())
}

async fn comes_and_goes(site: &Site<'_>, url: &str, stable: &BTreeSet<String>, canary: &BTreeSet<String>) -> Result<()> {
    let mut crowd = Crowd::of(url);
    let begun = Instant::now();
    while crowd.visitors.len() < 12 || crowd.homes().len() < 3 {
        ensure!(begun.elapsed() < SOON, "new sessions begin on {:?} only", crowd.homes());
        crowd.join().await?;
    }
    crowd.stays_on(&stable.union(canary).cloned().collect()).await?;

    let removed = crowd.asks_during(site.ctl(&["up", "--canary", "0"])).await?;
    assert_eq!(removed, format!("{NAME} is up: 2x1, version {VERSION}"));
    let back = crowd.coming_back_to(stable);
    crowd.asks_during(back).await?;
    let moved = crowd.settled_on(stable).await?;
    ensure!(moved > 0, "the canary had no session");
    wait::until("the canary's pods are gone", SOON, async || pods(site, "canary").await.ok()?.is_empty().then_some(())).await?;
    assert_eq!(pods(site, "stable").await?, *stable, "the others were touched");
    let deployments = site.space.json(&["get", "deployments", "-l", "app.kubernetes.io/component=app"]).await?;
    assert_eq!(deployments["items"].as_array().map(Vec::len), Some(1));
    assert!(site.status().await?.get("canary").is_none());
    Ok(())
}
