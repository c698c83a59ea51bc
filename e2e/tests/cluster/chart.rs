//! The chart on a real cluster (`testkit::kube`): installed, tested, changed to one pod with four workers, rolled back, uninstalled.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::kube::helm::{Helm, chart};
use testkit::kube::relays::Sessions;
use testkit::kube::release::NAME;
use testkit::kube::{Space, in_namespace, release};
use testkit::process::Process;
use testkit::session::Session;
use testkit::{http, wait};

pub(crate) const SOON: Duration = Duration::from_secs(60);
pub(crate) const TIMEOUT: &str = "--timeout=150s";

/// Runs helm on the release and prints how long it took. The arguments come before the common ones.
pub(crate) async fn helm(helm: &Helm, space: &Space, words: &[&str], values: &str) -> Result<String> {
    let begun = Instant::now();
    let said = helm.on(space, words, values).await?.ok()?;
    eprintln!("helm {} after {:?}", words[0], begun.elapsed());
    Ok(said)
}

/// The chart's values for this cluster.
async fn values(space: &Space, more: Value) -> Result<Value> {
    let mut values = release::spec(space, more).await?;
    for key in ["name", "namespace"] {
        values.as_object_mut().unwrap().remove(key);
    }
    Ok(values)
}

/// An autoscaler enabled on a running release keeps the replica count: Kubernetes would reset a count that its owner no longer writes to
/// 1, and the sessions of all other pods would be lost before the autoscaler acts.
#[tokio::test]
async fn an_autoscaler_takes_over_and_no_upgrade_takes_a_pod() -> Result<()> {
    in_namespace("chart-scaler", async |space| {
        let Some(own) = Helm::asked() else { return Ok(()) };
        space.kube.load_app().await?;
        let values = values(space, json!({})).await?;
        space.create().await?;
        space.password(NAME).await?;
        helm(&own, space, &["install", NAME, &chart(), "--wait", TIMEOUT, "--values", "-"], &values.to_string()).await?;
        let path = "-o=jsonpath={.spec.replicas}{\"\\n\"}";
        let mut watch = Process::start(space.kube.command(&["-n", &space.name, "get", "deployment", NAME, "--watch", path]).as_std_mut())?;
        let seen = watch.stdout.clone();
        watch.line("the number at first", SOON, |_| seen.all().first().cloned()).await?;

        // The second call doesn't change the count, which Helm still owns; nor does the last, when the autoscaler owns it.
        let change = async |settings: &str| helm(&own, space, &["upgrade", NAME, &chart(), "--reuse-values", "--set", settings], "").await;
        change("autoscaling.max=8").await?;
        change("metrics.namespace=one").await?;
        change("autoscaling.min=4,mode=4x1").await?;
        let number = async || space.run(&["get", "deployment", NAME, "-o=jsonpath={.spec.replicas}"]).await;
        wait::until("the autoscaler's fewest", SOON, async || (number().await.ok()? == "4").then_some(())).await?;
        change("metrics.namespace=two").await?;
        assert_eq!(number().await?, "4");
        let scaler = space.json(&["get", "hpa", NAME]).await?;
        assert_eq!((&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]), (&json!(4), &json!(8)));
        let numbers: BTreeSet<String> = seen.all().into_iter().collect();
        assert_eq!(numbers, ["3", "4"].map(str::to_owned).into(), "the number at each change of the Deployment");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn install_test_upgrade_rollback_uninstall() -> Result<()> {
    in_namespace("chart", async |space| {
        let Some(own) = Helm::asked() else { return Ok(()) };
        space.kube.load_app().await?;
        let values = values(space, json!({"drain": {"preStop": "2s", "delay": "8s", "window": "4s"}})).await?;
        let host = values["ingress"]["host"].as_str().unwrap().to_owned();
        let url = format!("http://{host}");

        // From here on, the API server admits only unprivileged pods, including the test's.
        space.create().await?;
        space.kube.run(&["label", "namespace", &space.name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        space.password(NAME).await?;
        let install = ["install", NAME, &chart(), "--wait", TIMEOUT, "--values", "-"];
        let said = helm(&own, space, &install, &values.to_string()).await?;
        assert!(said.contains(&format!("{url}/")) && said.contains(&format!("helm test {NAME} --namespace {}", space.name)), "{said}");
        assert_eq!(reached(&url, 3).await?.len(), 3);
        sticks(&url).await?;
        assert_eq!(status(space).await?["mode"], "3x1");
        passes(&own, space).await?;
        left_to_helm(space).await?;

        let change = ["upgrade", NAME, &chart(), "--reuse-values", "--set", "mode=1x4", "--wait", TIMEOUT];
        helm(&own, space, &change, "").await?;
        gone_but(space, 1).await?;
        reached(&url, 1).await?;
        let seen = status(space).await?;
        assert_eq!((&seen["mode"], seen["pods"][0]["workers"].as_array().map(Vec::len)), (&json!("1x4"), Some(4)), "{seen}");
        let mut sessions = Sessions::on_each_worker(&url, 4).await?;
        assert_eq!(sessions.relay(SOON).await?, 0);
        passes(&own, space).await?;

        helm(&own, space, &["rollback", NAME, "1", "--wait", TIMEOUT], "").await?;
        gone_but(space, 3).await?;
        assert_eq!(reached(&url, 3).await?.len(), 3);
        assert_eq!(status(space).await?["mode"], "3x1");

        fails_where_nothing_serves(&own, space).await?;
        helm(&own, space, &["uninstall", NAME, "--wait", TIMEOUT], "").await?;
        leaves_the_claim(space).await
    })
    .await
}

/// Waits until the front door reaches all pods, and returns them.
pub(crate) async fn reached(url: &str, pods: usize) -> Result<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    wait::until(&format!("the front door leads to {pods} pods"), SOON, async || {
        let answer = http::get(format!("{url}/whoami")).send().await.ok().filter(|answer| answer.status == 200)?;
        seen.insert(answer.pod());
        (seen.len() >= pods).then_some(())
    })
    .await?;
    Ok(seen)
}

/// Asserts that each session stays on its first pod, and that sessions began on more than one pod.
pub(crate) async fn sticks(url: &str) -> Result<()> {
    let mut homes = BTreeSet::new();
    for _ in 0..9 {
        let session = Session::visit(url).await?;
        let home = session.sticky("submit", "x").await?.pod();
        for _ in 0..5 {
            let pod = session.sticky("submit", "x").await?.pod();
            ensure!(pod == home, "a session moved from {home} to {pod}");
        }
        homes.insert(home);
    }
    ensure!(homes.len() > 1, "nine sessions on {homes:?}");
    Ok(())
}

/// Commands that would change a chart's release point to Helm instead, and change nothing.
async fn left_to_helm(space: &Space) -> Result<()> {
    let before = space.json(&["get", "deployment", NAME]).await?["metadata"]["generation"].clone();
    for (words, way) in [
        (&["scale", "5"][..], "helm upgrade demo CHART"),
        (&["mode", "2x2"], "--set mode=2x2"),
        (&["up"], "--set KEY=VALUE"),
        (&["down", "--yes"], "helm uninstall demo"),
    ] {
        let said = space.stickyctl(words).await?.failed(1)?;
        ensure!(said.contains("is managed by Helm") && said.contains(way), "{words:?}: {said}");
    }
    let after = space.json(&["get", "deployment", NAME]).await?["metadata"]["generation"].clone();
    ensure!(before == after, "something was changed: generation {before}, then {after}");
    Ok(())
}

/// `stickyctl status` of the chart's release.
pub(crate) async fn status(space: &Space) -> Result<Value> {
    let text = space.stickyctl(&["status", "-o", "json"]).await?.ok()?;
    Ok(serde_json::from_str(&text)?)
}

/// `helm test` passes and leaves nothing behind.
async fn passes(own: &Helm, space: &Space) -> Result<()> {
    let said = helm(own, space, &["test", NAME, "--timeout=60s"], "").await?;
    assert!(said.contains("Succeeded"), "{said}");
    no_test_is_left(space).await
}

async fn no_test_is_left(space: &Space) -> Result<()> {
    // Helm requests the deletion without waiting for it.
    wait::until("the test's pod and policy are gone", SOON, async || {
        let left = space.run(&["get", "pod,networkpolicy", "-l", "app.kubernetes.io/component=test", "-o", "name"]).await.ok()?;
        left.is_empty().then_some(())
    })
    .await
}

/// Without pods, `helm test` fails with a reason and leaves nothing behind. A test that can't fail would prove nothing.
async fn fails_where_nothing_serves(own: &Helm, space: &Space) -> Result<()> {
    space.run(&["scale", &format!("deployment/{NAME}"), "--replicas=0"]).await?;
    gone_but(space, 0).await?;
    let said = own.on(space, &["test", NAME, "--timeout=60s"], "").await?;
    assert!(!said.well, "it passed without any pod: {}", said.stdout);
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(all.contains(&format!("{NAME}-test")) && all.contains(&format!("error: connecting to {NAME}:80")), "{all}");
    no_test_is_left(space).await
}

/// Waits for the app's terminating pods, because helm doesn't.
async fn gone_but(space: &Space, pods: usize) -> Result<()> {
    wait::until(&format!("{pods} pods of the app"), SOON, async || {
        let all = space.pods("app").await.ok()?;
        (all.len() == pods && all.iter().all(|pod| pod["metadata"]["deletionTimestamp"].is_null())).then_some(())
    })
    .await
}

/// Only the Redis PersistentVolumeClaim is left, as README and NOTES say.
async fn leaves_the_claim(space: &Space) -> Result<()> {
    // The Secret with the password is not the chart's.
    let kinds = "deployment,statefulset,replicaset,pod,service,ingress,networkpolicy,poddisruptionbudget,hpa,configmap,persistentvolumeclaim";
    let mut left = Vec::new();
    let done = wait::until("nothing but the claim", SOON, async || {
        let text = space.run(&["get", kinds, "-o", "name", "--ignore-not-found"]).await.ok()?;
        left = text.lines().filter(|name| *name != "configmap/kube-root-ca.crt").map(str::to_owned).collect();
        (left == [format!("persistentvolumeclaim/data-{NAME}-redis-0")]).then_some(())
    })
    .await;
    done.map_err(|error| error.context(format!("left: {left:?}")))
}
