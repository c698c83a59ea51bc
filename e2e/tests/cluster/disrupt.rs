//! `stickyctl verify --disrupt` and `--each-proxy` on a cluster: every disruption of a release behind Traefik, what they leave behind, and the
//! replica count after Ctrl-C and after SIGKILL.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;
use tempfile::NamedTempFile;
use testkit::kube::release::{NAME, spec};
use testkit::kube::site::behind_its_own_door;
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);
/// A sample that is just large enough for a verdict at rest.
const SMALL: [&str; 9] = ["verify", "--only", "spread,stick-http,stick-ws", "--sessions", "15", "--requests", "8", "-o", "json"];

/// A release with three pods that drain quickly.
async fn up(space: &Space) -> Result<()> {
    space.kube.load_app().await?;
    let all = spec(space, json!({"mode": "3x1", "drain": {"preStop": "1s", "delay": "5s", "window": "1s"}})).await?;
    let mut file = NamedTempFile::new()?;
    file.write_all(all.to_string().as_bytes())?;
    space.stickyctl(&["up", "-f", file.path().to_str().context("no path")?]).await?.ok().map(drop)
}

async fn verify(space: &Space, flags: &[&str]) -> Result<(i32, Value, String)> {
    let done = space.stickyctl(&[&SMALL, flags].concat()).await?;
    let report = serde_json::from_str(&done.stdout).with_context(|| format!("no report; {}", done.stderr))?;
    Ok((done.code, report, done.stderr))
}

/// The replica count, its owners, and the record of a disruption.
async fn count(space: &Space) -> Result<(i64, Vec<String>, Option<String>)> {
    let live = space.json(&["get", "deployment", NAME, "--show-managed-fields"]).await?;
    let fields = live["metadata"]["managedFields"].as_array().context("no fields")?;
    let owners = fields.iter().filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some());
    let owners = owners.filter_map(|entry| Some(format!("{} {}", entry["manager"].as_str()?, entry["operation"].as_str()?))).collect();
    let record = live["metadata"]["annotations"]["stickyctl.dev/disrupt"].as_str().map(str::to_owned);
    Ok((live["spec"]["replicas"].as_i64().context("no count")?, owners, record))
}

fn ours() -> (i64, Vec<String>, Option<String>) {
    (3, vec!["stickyctl Apply".to_owned()], None)
}

/// The disruptions of a report that all went as promised.
fn as_promised<'a>(code: i32, report: &'a Value, kinds: &[&str]) -> Result<Vec<&'a Value>> {
    let all: Vec<&Value> = report["disruptions"].as_array().context("no disruptions")?.iter().collect();
    let seen: Vec<_> = all.iter().map(|one| (one["kind"].as_str().unwrap_or_default(), one["outcome"].as_str().unwrap_or_default())).collect();
    let wanted: Vec<_> = kinds.iter().map(|kind| (*kind, "pass")).collect();
    for one in &all {
        eprintln!(
            "{}: {}, settled after {} ms; errors {}; drain {}; sockets {}",
            one["kind"], one["detail"], one["settled_after_ms"], one["errors"], one["terminating"], one["sockets"]
        );
    }
    ensure!((code, &seen) == (0, &wanted), "exit {code}: {}", serde_json::to_string_pretty(&report["disruptions"])?);
    Ok(all)
}

#[tokio::test]
async fn more_pods_and_the_death_of_one() -> Result<()> {
    in_namespace("disrupt-scale", async |space| {
        up(space).await?;
        let (code, report, said) = verify(space, &["--disrupt", "scale,kill", "--yes"]).await?;
        assert!(said.contains("to 6 pods from 3") && said.contains("delete one pod with a grace period of 1 s"), "{said}");
        let all = as_promised(code, &report, &["scale-up", "scale-down", "kill"])?;
        assert_eq!((&all[0]["moved"]["sessions"], &all[0]["pods_after"], &all[0]["promise"]), (&json!(0), &json!(6), &json!("persistent")));
        assert_eq!((&all[1]["moved"]["collateral"], all[1]["terminating"].as_array().map(Vec::len)), (&json!(0), Some(3)), "{}", all[1]);
        let kill = all[2];
        assert!(
            kill["moved"]["forced"].as_u64() > Some(0) && kill["what"].as_str().is_some_and(|what| what.starts_with("deleted pod demo-")),
            "{kill}"
        );
        assert_eq!(count(space).await?, ours());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_rollout_and_an_eviction() -> Result<()> {
    in_namespace("disrupt-rollout", async |space| {
        up(space).await?;
        // Without a terminal and without --yes nothing happens.
        let refused = space.stickyctl(&[&SMALL[..], &["--disrupt", "rollout"]].concat()).await?.failed(2)?;
        assert!(refused.contains("nobody confirmed that") && refused.contains("restart every pod"), "{refused}");
        let (code, report, _) = verify(space, &["--disrupt", "rollout,evict", "--yes"]).await?;
        let all = as_promised(code, &report, &["rollout", "evict"])?;
        assert_eq!(all[0]["moved"]["forced"], all[0]["moved"]["of"], "every session loses its pod: {}", all[0]);
        assert_eq!(all[0]["terminating"].as_array().map(Vec::len), Some(3), "{}", all[0]);
        let held = all[1]["sockets"]["held"].as_u64();
        assert!(held > Some(0) && all[1]["sockets"]["elsewhere"] == 0 && all[1]["sockets"]["lost"] == 0, "{}", all[1]["sockets"]);
        // A budget forbids both, and says so before anything is done.
        let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all"},
            "spec": {"minAvailable": 3, "selector": {"matchLabels": {"app.kubernetes.io/component": "app"}}}});
        space.run(&["delete", "poddisruptionbudgets", "--all"]).await?;
        space.apply(&budget.to_string()).await?;
        wait::until("the budget is counted", SOON, async || {
            space.run(&["get", "pdb", "all", "-o", "jsonpath={.status.currentHealthy}"]).await.ok().filter(|text| text == "3").map(drop)
        })
        .await?;
        let refused = space.stickyctl(&[&SMALL[..], &["--disrupt", "kill", "--yes"]].concat()).await?.failed(1)?;
        assert!(refused.contains("can't be taken away") && refused.contains("disruption budget"), "{refused}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_count_is_restored_after_ctrl_c_and_after_sigkill() -> Result<()> {
    in_namespace("disrupt-restore", async |space| {
        up(space).await?;
        for signal in [Signal::INT, Signal::KILL] {
            let mut command = space.command(&[&SMALL[..], &["--disrupt", "scale", "--yes"]].concat())?;
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
            wait::until("more pods are asked for", SOON, async || (count(space).await.ok()?.0 == 6).then_some(())).await?;
            let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("it ended")?;
            kill_process(pid, signal)?;
            let done = wait::within("its end", SOON, child.wait_with_output()).await??;
            let said = String::from_utf8_lossy(&done.stderr);
            if signal == Signal::INT {
                assert_eq!(done.status.code(), Some(130), "{said}");
                let report: Value = serde_json::from_slice(&done.stdout)?;
                assert!(report["partial"] == true && said.contains("the replica count of deployment/demo"), "{said}");
                assert_eq!(count(space).await?, ours());
                space.rollout("deployment/demo").await?;
                wait::until("three pods are left", SOON, async || (space.pods("app").await.ok()?.len() == 3).then_some(())).await?;
            }
        }
        let (replicas, _, record) = count(space).await?;
        let record: Value = serde_json::from_str(&record.context("no record")?)?;
        assert_eq!((replicas, &record["replicas"], &record["to"]), (6, &json!(3), &json!(6)), "{record}");
        assert!(record["by"].as_str().is_some_and(|by| !by.is_empty()), "{record}");
        // Nobody confirms that it is restored, and then somebody does.
        let refused = space.stickyctl(&[&SMALL[..], &["--disrupt", "kill"]].concat()).await?.failed(1)?;
        assert!(refused.contains("scaled deployment/demo from 3 to 6 pods and did not finish"), "{refused}");
        let (code, _, said) = verify(space, &["--disrupt", "evict", "--yes"]).await?;
        assert!(code == 0 && said.contains("deployment/demo to 3 pods"), "{code} {said}");
        assert_eq!(count(space).await?, ours());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_proxies_send_each_session_to_the_same_pod() -> Result<()> {
    behind_its_own_door("disrupt-proxies", async |site| {
        site.up(&["--install-front-door"]).await?.ok()?;
        let deployment = format!("deployment/{}", site.door_name());
        site.door.run(&["scale", &deployment, "--replicas=2"]).await?;
        site.door.rollout(&deployment).await?;
        let (code, report, said) = verify(site.space, &["--each-proxy"]).await?;
        let proxies = &report["proxies"];
        assert_eq!((code, &proxies["outcome"]), (0, &json!("pass")), "{proxies} {said}");
        assert!(proxies["names"].as_array().is_some_and(|names| names.len() == 2), "{proxies}");
        eprintln!("{}", proxies["detail"]);
        Ok(())
    })
    .await
}
