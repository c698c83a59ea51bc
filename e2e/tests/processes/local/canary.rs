//! A canary of the local demo: pods of another version, which no session leaves or enters.

use super::{QUICK, SOON, names, until_shape};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::docs;
use testkit::http;
use testkit::local::Local;
use testkit::session::Session;
use testkit::wait;

const STABLE: &str = env!("CARGO_PKG_VERSION");
const CANARY: &str = concat!(env!("CARGO_PKG_VERSION"), "-canary");

/// The versions of all pods, in the order in which they started.
async fn versions(local: &Local) -> Result<Vec<String>> {
    let topology = local.topology().await?;
    let all = topology["pods"].as_array().context("no pods")?;
    Ok(all.iter().map(|pod| pod["version"].as_str().unwrap_or_default().to_owned()).collect())
}

/// The version that answers a session.
async fn version(local: &Local, session: &Session) -> Result<String> {
    let answer = http::get(format!("{}/whoami", local.url)).cookie(&session.jar.header()).send().await?;
    Ok(answer.json()?["version"].as_str().context("no version")?.to_owned())
}

async fn status(local: &Local) -> Result<Value> {
    Ok(serde_json::from_str(&local.ctl(&["status", "-o", "json"]).await?.stdout)?)
}

/// The canary pods in the status.
async fn canaries(local: &Local) -> Result<Vec<String>> {
    let status = status(local).await?;
    let all = status["pods"].as_array().context("no pods")?.iter().filter(|pod| pod["version"] == CANARY);
    Ok(all.filter_map(|pod| pod["pod"].as_str()).map(str::to_owned).collect())
}

#[tokio::test]
async fn it_is_one_more_pod_of_another_version() -> Result<()> {
    let local = Local::start(&[&["--canary", "1"], &QUICK[..]].concat()).await?;
    until_shape(&local, (4, 1)).await?;
    assert_eq!(
        (names(&local.topology().await?), versions(&local).await?),
        (["app-1", "app-2", "app-3", "app-4"].map(str::to_owned).to_vec(), [STABLE, STABLE, STABLE, CANARY].map(str::to_owned).to_vec())
    );
    let text = local.ctl(&["status"]).await?.stdout;
    assert!(text.starts_with("sticky-sessions  3x1 and 1 canary pod  version"), "{text}");
    assert!(text.contains("POD    VERSION ") && text.contains(&format!("app-4  {CANARY} ")), "{text}");

    // The number of pods is that of the others.
    assert_eq!(local.ctl(&["scale", "2"]).await?.stdout, "sticky-sessions is 2x1 and 1 canary pod\n");
    until_shape(&local, (3, 1)).await?;
    assert_eq!(canaries(&local).await?, ["app-4"]);
    local.ctl(&["kill", "app-4"]).await?;
    wait::until("a canary for the one that was killed", SOON, async || {
        let now = canaries(&local).await.ok()?;
        (now.len() == 1 && now != ["app-4"]).then_some(())
    })
    .await?;
    until_shape(&local, (3, 1)).await?;
    // The number of workers is that of all pods.
    assert_eq!(local.ctl(&["mode", "1x2"]).await?.stdout, "sticky-sessions is 1x2 and 1 canary pod\n");
    until_shape(&local, (2, 2)).await?;
    let status = status(&local).await?;
    let pods = status["pods"].as_array().context("no pods")?;
    assert!(pods.iter().all(|pod| pod["workers"].as_array().is_some_and(|all| all.len() == 2)), "{status}");
    assert_eq!((&status["mode"], &status["canary"], canaries(&local).await?.len()), (&json!("1x2"), &json!(1), 1));

    let plain = Local::start(&[]).await?;
    let text = plain.ctl(&["status"]).await?.stdout;
    assert!(!text.contains("VERSION") && !text.contains("canary"), "{text}");
    assert!(versions(&plain).await?.iter().all(|version| version == STABLE));
    Ok(())
}

/// What `verify` says about a site whose pods are told apart by their versions, with the command of the documents.
async fn verified(local: &Local) -> Result<(i32, Value)> {
    let lines = docs::commands("docs/affinity.md", "What sessions are for")?;
    let line = lines.iter().find_map(|line| line.strip_prefix("stickyctl verify ")).context("docs/affinity.md verifies nothing")?;
    let words: Vec<&str> = ["verify"].into_iter().chain(line.split_whitespace()).chain(["-o", "json"]).collect();
    let ran = local.folder.run(&words).await?;
    let report = serde_json::from_str(&ran.stdout).with_context(|| format!("no report: {}", ran.stderr))?;
    Ok((ran.code, report))
}

#[tokio::test]
async fn no_session_changes_version_and_verify_proves_it() -> Result<()> {
    let local = Local::start(&["--canary", "1"]).await?;
    until_shape(&local, (4, 1)).await?;
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let session = Session::visit(&local.url).await?;
        let mut answers = BTreeSet::new();
        for _ in 0..5 {
            answers.insert(version(&local, &session).await?);
        }
        assert_eq!(answers.len(), 1, "a session saw {answers:?}");
        seen.append(&mut answers);
    }
    assert_eq!(seen, BTreeSet::from([STABLE, CANARY].map(str::to_owned)), "new sessions begin on both");
    let (code, report) = verified(&local).await?;
    assert_eq!((code, &report["verdict"], &report["reasons"], &report["moved_requests"]["seen"]), (0, &json!("sticky"), &json!([]), &json!(0)));
    let told: BTreeSet<&str> = report["pods"].as_array().context("no pods")?.iter().filter_map(|pod| pod["pod"].as_str()).collect();
    assert_eq!(told, BTreeSet::from([STABLE, CANARY]), "versions, and no pods: {}", report["pods"]);
    Ok(())
}

#[tokio::test]
async fn without_affinity_verify_sees_sessions_change_version() -> Result<()> {
    let local = Local::start(&["--canary", "1", "--affinity", "off"]).await?;
    until_shape(&local, (4, 1)).await?;
    let (code, report) = verified(&local).await?;
    assert_eq!((code, &report["verdict"]), (3, &json!("not-sticky")), "{report}");
    assert!(report["moved_requests"]["seen"].as_u64().is_some_and(|moved| moved > 50), "{}", report["moved_requests"]);
    Ok(())
}
