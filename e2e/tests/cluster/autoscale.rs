//! A release with an autoscaler and a real metrics API: it scales up under load, down afterwards, and `up` runs in between. The pods that
//! answer show whether sessions stay.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::io::Write;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use testkit::crowd::Crowd;
use testkit::http::{self, Kept};
use testkit::kube::release::{NAME, merge, spec};
use testkit::kube::{Space, in_namespace};
use testkit::turn;
use testkit::wait;
use tokio::task::LocalSet;

const SESSIONS: usize = 24;
const MOST: usize = 5;
/// Percent of the pods' CPU request, which is small: an idle pod uses 20%, one of two under load less than 150%.
const TARGET: u64 = 50;
const SOON: Duration = Duration::from_secs(30);
/// The metrics API measures every 10 s, the autoscaler syncs every 3 s, and a new pod counts from its second measurement on.
const SCALES: Duration = Duration::from_secs(120);

/// Concurrent requests, each after a pause, so that the load doesn't depend on the machine's speed.
const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(12);

#[tokio::test]
async fn it_scales_up_and_down_and_only_sessions_of_removed_pods_move() -> Result<()> {
    let _turn = turn::alone().await;
    in_namespace("autoscale", async |space| {
        space.kube.load_app().await?;
        let done = LocalSet::new().run_until(journey(space)).await;
        if done.is_err() {
            eprintln!("--- autoscaler\n{}", space.run(&["describe", "horizontalpodautoscaler"]).await.unwrap_or_default());
        }
        // Other clusters are used as they are.
        space.kube.without_metrics_api().await?;
        done
    })
    .await
}

async fn journey(space: &Space) -> Result<()> {
    let small = json!({
        "mode": "2x1",
        "drain": {"preStop": "2s", "delay": "8s", "window": "4s"},
        "resources": {"requests": {"cpu": "10m"}},
    });
    let plain = spec(space, small).await?;
    let mut scaled = plain.clone();
    merge(&mut scaled, json!({"autoscaling": {"min": 2, "max": MOST, "cpu": TARGET}}));
    let url = format!("http://{}", plain["ingress"]["host"].as_str().unwrap());
    let [plain, file] = [&plain, &scaled].map(|spec| written(spec).unwrap());
    without_metrics(space, path(&file)).await?;
    space.kube.with_metrics_api().await?;
    let begun = Instant::now();
    let seen = autoscaler_until(space, "numbers", |seen| seen["cpu"].is_u64()).await?;
    eprintln!("the first numbers after {:?}: {seen}", begun.elapsed());
    assert_eq!((&seen["name"], &seen["cpu_target"], &seen["trouble"]), (&json!(NAME), &json!(TARGET), &Value::Null));

    let mut crowd = Crowd::of(&url);
    for _ in 0..SESSIONS {
        crowd.join().await?;
    }
    let two = pods(space).await?;
    assert_eq!((two.len(), crowd.homes()), (2, two.clone()), "the sessions are on both pods");
    let second = under_load(&url, busy(space, &mut crowd, &two, &scaled, &url)).await?;
    drop(crowd);
    quiet(space, second).await?;
    handed_back(space, path(&plain)).await
}

/// Without a metrics API, everything works except the autoscaler, and `stickyctl` reports that.
async fn without_metrics(space: &Space, file: &str) -> Result<()> {
    let none = space.kube.without_metrics_api().await?;
    let done = space.stickyctl(&["up", "-f", file]).await?;
    let said = done.stderr.clone();
    let answer = done.ok()?;
    assert!(answer.starts_with(&format!("{NAME} is up: 2x1, ")), "from the first apply on: {answer}\n{said}");
    if !none {
        eprintln!("the cluster has a metrics API of its own: what is said without one is not tested here");
        return Ok(());
    }
    let words = "the cluster has no metrics API (metrics.k8s.io)";
    assert!(said.contains(words) && said.contains("install metrics-server"), "{said}");
    let seen = autoscaler_until(space, "the trouble", |seen| !seen["trouble"].is_null()).await?;
    assert!(seen["trouble"].as_str().unwrap().starts_with(words) && seen["cpu"].is_null(), "{seen}");
    let table = space.stickyctl(&["status"]).await?.ok()?;
    assert!(table.lines().any(|line| line.trim().starts_with(words)), "{table}");
    // The autoscaler's own conditions agree.
    wait::until("the autoscaler's own condition", SOON, async || {
        let own = space.json(&["get", "horizontalpodautoscaler", NAME]).await.ok()?;
        let conditions = own["status"]["conditions"].as_array()?.clone();
        conditions.iter().any(|c| c["type"] == "ScalingActive" && c["status"] == "False" && c["reason"] == "FailedGetResourceMetric").then_some(())
    })
    .await
}

/// With load, it scales up, no session moves, and `up` and `scale` don't interfere. Returns the crowd on the five pods.
async fn busy(space: &Space, crowd: &mut Crowd, two: &BTreeSet<String>, scaled: &Value, url: &str) -> Result<Crowd> {
    let begun = Instant::now();
    let five = crowd.asks_during(serving(space, MOST)).await?;
    eprintln!("{MOST} pods after {:?}", begun.elapsed());
    crowd.sockets_answer().await?;
    crowd.stays_on(two).await?;
    ensure!(five.is_superset(two), "{two:?} became {five:?}");
    let events = space.run(&["get", "events", "--field-selector", &format!("reason=SuccessfulRescale,involvedObject.name={NAME}")]).await?;
    assert!(events.contains("cpu resource utilization") && events.contains("above target"), "{events}");
    let table = space.stickyctl(&["status"]).await?.ok()?;
    let line = table.lines().find(|line| line.starts_with("autoscaler")).context("no autoscaler")?;
    assert!(line.contains(&format!("2 to {MOST} pods, {MOST} now, {MOST} desired; CPU usage ")), "{line}");
    eprintln!("{line}");

    // The same spec changes nothing, and a count is rejected.
    let again = crowd.asks_during(async { space.stickyctl(&["up"]).await?.ok() }).await?;
    assert!(again.starts_with(&format!("{NAME} is up: {MOST}x1, ")), "{again}");
    assert_eq!((pods(space).await?, writes_the_number(space).await?), (five.clone(), false));
    for words in [&["scale", "3"][..], &["mode", "1x4"]] {
        let refused = space.stickyctl(words).await?.failed(1)?;
        assert!(refused.contains(&format!("an autoscaler owns the replica count ({NAME})")), "{words:?}: {refused}");
        assert!(refused.contains("stickyctl up -f FILE"), "{words:?}: {refused}");
    }
    assert_eq!(pods(space).await?, five);
    crowd.stays_on(two).await?;

    // A changed template replaces every pod and keeps the autoscaler's count, even if the file sets a mode.
    let mut changed = scaled.clone();
    merge(&mut changed, json!({"drain": {"window": "5s"}}));
    let changed = written(&changed)?;
    let again = crowd.asks_during(async { space.stickyctl(&["up", "-f", path(&changed)]).await?.ok() }).await?;
    assert!(again.starts_with(&format!("{NAME} is up: {MOST}x1, ")), "{again}");
    // Old pods are still draining.
    let replaced = crowd.asks_during(serving(space, MOST)).await?;
    assert!(replaced.is_disjoint(&five), "{five:?} became {replaced:?}");
    assert!(!writes_the_number(space).await?);
    let mut fresh = Crowd::of(url);
    while fresh.homes() != replaced || fresh.visitors.len() < SESSIONS {
        ensure!(fresh.visitors.len() < 10 * SESSIONS, "fresh sessions land on {:?} only, of {replaced:?}", fresh.homes());
        fresh.join().await?;
    }
    Ok(fresh)
}

/// After the load, it scales down, and sessions on the remaining pods stay.
async fn quiet(space: &Space, mut crowd: Crowd) -> Result<()> {
    let five = crowd.homes();
    let begun = Instant::now();
    // Only idle sockets, because requests would be load.
    let left = crowd.holds_during(serving(space, 2)).await?;
    eprintln!("2 pods again after {:?}", begun.elapsed());
    ensure!(left.is_subset(&five), "{five:?} became {left:?}");
    let back = crowd.coming_back_to(&left);
    crowd.holds_during(back).await?;
    let moved = crowd.settled_on(&left).await?;
    ensure!(moved > 0, "nobody was on a pod that is gone");
    eprintln!("{moved} sessions moved, {} stayed", crowd.visitors.len() - moved);
    Ok(())
}

/// Without an autoscaler in the spec, the count stays and is set by hand again.
async fn handed_back(space: &Space, plain: &str) -> Result<()> {
    // The file says 2x1, which is the current count, so nothing changes and there is no conflict.
    assert!(space.stickyctl(&["up", "-f", plain]).await?.ok()?.starts_with(&format!("{NAME} is up: 2x1, ")));
    assert_eq!(space.run(&["get", "horizontalpodautoscalers", "-o", "name"]).await?, "");
    assert_eq!(space.json(&["get", "deployment", NAME]).await?["spec"]["replicas"], 2);
    assert_eq!(space.stickyctl(&["scale", "3"]).await?.ok()?, format!("{NAME} is 3x1"));
    assert!(writes_the_number(space).await?);
    Ok(())
}

fn written(spec: &Value) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(spec.to_string().as_bytes())?;
    Ok(file)
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

/// Waits until the autoscaler in `stickyctl status -o json` is as expected, and returns it.
async fn autoscaler_until(space: &Space, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
    wait::until(&format!("{what} in the status of the autoscaler"), SCALES, async || {
        let text = space.stickyctl(&["status", "-o", "json"]).await.ok()?.ok().ok()?;
        let seen = serde_json::from_str::<Value>(&text).ok()?["autoscaler"].take();
        is_so(&seen).then_some(seen)
    })
    .await
}

/// Waits until the autoscaler wants this many pods, the Deployment has exactly those, and the autoscaler has noticed. Returns their names.
async fn serving(space: &Space, count: usize) -> Result<BTreeSet<String>> {
    wait::until(&format!("the autoscaler wants {count} pods and they serve"), SCALES, async || {
        let own = space.json(&["get", "horizontalpodautoscaler", NAME]).await.ok()?;
        let deployment = space.json(&["get", "deployment", NAME]).await.ok()?;
        let seen = (&own["status"]["desiredReplicas"], &own["status"]["currentReplicas"]);
        let numbers = [seen.0, seen.1, &deployment["spec"]["replicas"], &deployment["status"]["readyReplicas"]];
        let names = pods(space).await.ok()?;
        (numbers == [&json!(count); 4] && names.len() == count).then_some(names)
    })
    .await
}

/// Names of the app's pods, including terminating ones.
async fn pods(space: &Space) -> Result<BTreeSet<String>> {
    Ok(space.pods("app").await?.iter().filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
}

/// Whether `stickyctl` owns the replica count.
async fn writes_the_number(space: &Space) -> Result<bool> {
    let deployment = space.json(&["get", "deployment", NAME, "--show-managed-fields"]).await?;
    let entries = deployment["metadata"]["managedFields"].as_array().context("no owners")?;
    Ok(entries.iter().any(|entry| entry["manager"] == "stickyctl" && entry.pointer("/fieldsV1/f:spec/f:replicas").is_some()))
}

/// Sends requests without a cookie, which go to all pods alike, while `work` runs.
async fn under_load<T>(url: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let one = || async {
        let mut tick = tokio::time::interval(PAUSE);
        let mut connection = Kept::open(url).await?;
        loop {
            tick.tick().await;
            if connection.closed() {
                connection = Kept::open(url).await?;
            }
            let answer = connection.send(http::get(format!("{url}/"))).await?;
            if answer.status != 200 {
                bail!("load: {} {}", answer.status, answer.text());
            }
        }
    };
    let load = futures_util::future::select_all((0..AT_ONCE).map(|_| Box::pin(one())));
    tokio::select! {
        done = work => done,
        (failed, _, _) = load => failed,
    }
}
