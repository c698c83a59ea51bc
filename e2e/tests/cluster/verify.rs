//! `stickyctl verify` on a cluster: pod changes during a run explain moves, and trouble with the tunnel never counts as a move.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::future::Future;
use std::time::Duration;
use testkit::kube::site::{Site, behind_its_own_door};
use testkit::turn;
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(120);

/// A verdict: exit code, report, and stderr.
struct Verdict {
    code: Option<i32>,
    report: Value,
    said: String,
}

impl Verdict {
    fn reasons(&self) -> Vec<&str> {
        self.report["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["code"].as_str()).collect()
    }

    fn outcome(&self, scenario: &str) -> Value {
        let all = self.report["scenarios"].as_array().into_iter().flatten();
        all.clone().find(|one| one["name"] == scenario).map(|one| one["outcome"].clone()).unwrap_or_default()
    }
}

/// Runs `verify`, and does something as soon as all sessions are bound and sockets are held.
async fn verify(site: &Site<'_>, words: &[&str], meanwhile: impl Future<Output = Result<()>>) -> Result<Verdict> {
    let mut command = site.space.command(&[&["verify", "-o", "json"], words].concat())?;
    let asked = async { Ok(wait::within("the verdict", LONG, command.output()).await??) };
    let (done, ()) = tokio::try_join!(asked, meanwhile)?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let report = serde_json::from_slice(&done.stdout).with_context(|| format!("no report; {said}"))?;
    Ok(Verdict { code: done.status.code(), report, said })
}

/// Sockets are held from the second round on; by then, all sessions are bound.
async fn bound(site: &Site<'_>) -> Result<()> {
    let sockets = async || {
        let status = site.status().await.ok()?;
        let workers = status["pods"].as_array()?.iter().flat_map(|pod| pod["workers"].as_array().into_iter().flatten());
        (workers.filter_map(|worker| worker["sockets"].as_u64()).sum::<u64>() >= 10).then_some(())
    };
    wait::until("sessions are bound and sockets are held", SOON, sockets).await
}

#[tokio::test]
async fn what_pods_and_the_tunnel_do_is_told_from_lost_affinity() -> Result<()> {
    let _turn = turn::alone().await;
    behind_its_own_door("verify", async |site| {
        site.up(&["--install-front-door"]).await?.ok()?;
        at_rest(site).await?;
        crate::migrate::between_two_ingresses(site).await?;
        a_pod_goes(site).await?;
        a_pod_comes(site).await?;
        the_tunnel_moves(site).await?;
        four_workers(site).await
    })
    .await
}

async fn at_rest(site: &Site<'_>) -> Result<()> {
    let verdict = verify(site, &[], async { Ok(()) }).await?;
    assert_eq!((verdict.code, &verdict.report["verdict"]), (Some(0), &json!("sticky")), "{}", verdict.report);
    assert!(verdict.reasons().is_empty(), "{:?}", verdict.reasons());
    for scenario in ["spread", "stick-http", "stick-ws", "ws-first", "reconnect", "attribution", "local-delivery", "relay"] {
        assert_eq!(verdict.outcome(scenario), "pass", "{scenario}: {}", verdict.report["scenarios"]);
    }
    Ok(())
}

/// The pod's sessions can't stay, and no others move: that isn't the site's fault.
async fn a_pod_goes(site: &Site<'_>) -> Result<()> {
    let pods = site.space.pods("app").await?;
    let name = pods[0]["metadata"]["name"].as_str().context("a name")?;
    let gone = async {
        bound(site).await?;
        site.space.run(&["delete", "pod", name, "--wait=false"]).await.map(drop)
    };
    let verdict = verify(site, &["--duration", "30s"], gone).await?;
    let report = &verdict.report;
    assert_eq!((verdict.code, &report["verdict"], &report["moved_requests"]["seen"]), (Some(0), &json!("sticky"), &json!(0)), "{report}");
    let forced = report["forced_moves"].as_u64().unwrap_or_default();
    assert!(forced > 0 && verdict.reasons().contains(&"moved-forced"), "{forced} {:?}", verdict.reasons());
    // The app closes its sockets with a close frame, and they reconnect.
    assert!(verdict.reasons().contains(&"goodbye"), "{:?}", verdict.reasons());
    let told = |text: String| report["events"].as_array().into_iter().flatten().any(|event| event["text"] == text);
    assert!(told(format!("{name} terminating")), "{}", report["events"]);
    eprintln!("{forced} forced moves, {}", report["events"]);
    Ok(())
}

/// Tests a URL, with the pods selected by a label.
async fn a_pod_comes(site: &Site<'_>) -> Result<()> {
    let way = site.way().await?;
    let url = format!("{}/whoami", way.url);
    let more = async {
        bound(site).await?;
        site.ctl(&["scale", "4"]).await.map(drop)
    };
    let verdict = verify(site, &[&url, "--pods", "app.kubernetes.io/component=app", "--duration", "15s"], more).await?;
    let report = &verdict.report;
    assert_eq!((verdict.code, &report["verdict"], &report["forced_moves"]), (Some(0), &json!("sticky"), &json!(0)), "{report}");
    let ready = |event: &Value| event["text"].as_str().is_some_and(|text| text.ends_with(" ready"));
    assert!(report["events"].as_array().is_some_and(|events| events.iter().any(ready)), "{}", report["events"]);
    Ok(())
}

/// Both pods of the front door are replaced one after the other, so the tunnel has to switch pods.
async fn the_tunnel_moves(site: &Site<'_>) -> Result<()> {
    let (door, deployment) = (&site.door, format!("deployment/{}", site.door_name()));
    door.run(&["scale", &deployment, "--replicas=2"]).await?;
    door.rollout(&deployment).await?;
    let list = door.json(&["get", "pods"]).await?;
    let names: Vec<&str> = list["items"].as_array().into_iter().flatten().filter_map(|pod| pod["metadata"]["name"].as_str()).collect();
    ensure!(names.len() == 2, "{names:?}");
    let replaced = async {
        bound(site).await?;
        for name in &names {
            door.run(&["delete", "pod", name, "--wait=false"]).await?;
            wait::until("the front door has two ready pods again", SOON, async || {
                let ready = door.run(&["get", &deployment, "-o", "jsonpath={.status.readyReplicas} {.status.replicas}"]).await.ok()?;
                let pods = door.json(&["get", "pods"]).await.ok()?;
                let there =
                    pods["items"].as_array()?.iter().any(|pod| pod["metadata"]["name"] == *name && pod["metadata"]["deletionTimestamp"].is_null());
                (ready == "2 2" && !there).then_some(())
            })
            .await?;
        }
        Ok(())
    };
    let verdict = verify(site, &["--duration", "40s"], replaced).await?;
    let report = &verdict.report;
    assert!(verdict.said.contains("reopened: pod "), "the tunnel never moved: {}", verdict.said);
    assert_eq!((verdict.code, &report["verdict"], &report["moved_requests"]["seen"]), (Some(0), &json!("sticky"), &json!(0)), "{report}");
    let told = |event: &Value| event["text"].as_str().is_some_and(|text| text.starts_with("tunnel: "));
    assert!(report["events"].as_array().is_some_and(|events| events.iter().any(told)), "{}", report["events"]);
    eprintln!("{} lost, {:?}, {}", report["lost"], verdict.reasons(), report["socket_ends"]);
    Ok(())
}

async fn four_workers(site: &Site<'_>) -> Result<()> {
    site.ctl(&["mode", "1x4"]).await?;
    let verdict = verify(site, &["--only", "workers,local-delivery,relay", "--require-workers"], async { Ok(()) }).await?;
    let report = &verdict.report;
    assert_eq!((verdict.code, &report["verdict"], &report["workers"]), (Some(3), &json!("inconclusive"), &json!("not-sticky")), "{report}");
    assert_eq!(verdict.reasons()[..2], ["single-ready-pod", "worker-not-sticky"]);
    assert_eq!((verdict.outcome("local-delivery"), verdict.outcome("relay")), (json!("fail"), json!("pass")), "{}", report["scenarios"]);
    Ok(())
}
