//! Sessions behind Envoy Gateway: `stickyctl verify` proves them, and pods and proxies come and go.

use crate::scale::{pods, trickle, up_and_down};
use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::door::Door;
use testkit::kube::gateways::{ENVOY_NAMESPACE, owned_by};
use testkit::kube::release::NAME;
use testkit::kube::{Release, Space, in_namespace};
use testkit::session::Session;
use testkit::wait;
use testkit::ws::{End, Ws};
use tokio::task::LocalSet;

const SOON: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(90);
const SESSIONS: usize = 20;
/// The port of a proxy's pod for a Gateway's port 80: Envoy listens above the privileged ones.
const PROXY_PORT: u16 = 10_080;

#[tokio::test]
async fn sessions_stay_while_pods_and_proxies_come_and_go() -> Result<()> {
    in_namespace("gateway", async |space| {
        let release = Release::behind(Door::Gateway, space, json!({"drain": {"preStop": "2s", "delay": "8s", "window": "4s"}})).await?;
        sticky(space).await?;
        LocalSet::new().run_until(up_and_down(space, &release.url)).await?;
        a_pod_dies(&release).await?;
        proxies_agree(&release).await?;
        proxies_are_replaced(&release).await
    })
    .await
}

/// `verify` finds HTTP and WebSocket sticky, with evidence for each scenario.
async fn sticky(space: &Space) -> Result<()> {
    let done = space.stickyctl(&["verify", "-o", "json"]).await?;
    let report: Value = serde_json::from_str(&done.stdout).with_context(|| format!("no report: {}", done.stderr))?;
    ensure!((done.code, &report["verdict"], &report["reasons"]) == (0, &json!("sticky"), &json!([])), "{report}");
    for scenario in ["spread", "stick-http", "stick-ws", "ws-first", "reconnect", "attribution", "local-delivery", "relay"] {
        let found = report["scenarios"].as_array().and_then(|all| all.iter().find(|one| one["name"] == scenario));
        ensure!(found.is_some_and(|one| one["outcome"] == "pass"), "{scenario}: {}", report["scenarios"]);
    }
    Ok(())
}

/// Sessions that are spread over all pods, each with the pod that it is on.
async fn sessions(url: &str, pods: &BTreeSet<String>) -> Result<Vec<(Session, String)>> {
    let mut all = Vec::new();
    let begun = Instant::now();
    while all.len() < SESSIONS || all.iter().map(|(_, pod)| pod).collect::<BTreeSet<_>>().len() < pods.len() {
        ensure!(begun.elapsed() < SOON, "{} sessions aren't on all of {pods:?}", all.len());
        let session = Session::visit(url).await?;
        let pod = session.sticky("submit", "x").await?.pod();
        all.push((session, pod));
    }
    Ok(all)
}

async fn asked(session: &mut Session) -> Result<String> {
    let answer = session.sticky("submit", "x").await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    session.jar.take(&answer);
    Ok(answer.pod())
}

/// No request fails, not even one of the dead pod's sessions: they get a cookie for another pod. All others stay.
async fn a_pod_dies(release: &Release<'_>) -> Result<()> {
    let before = pods(release.space).await?;
    let mut all = sessions(&release.url, &before).await?;
    let dead = all[0].1.clone();
    release.space.run(&["delete", "pod", &dead, "--grace-period=0", "--force"]).await?;
    let (begun, mut moved) = (Instant::now(), BTreeSet::new());
    let orphans = all.iter().filter(|(_, pod)| *pod == dead).count();
    // Its container may still answer for a moment.
    while moved.len() < orphans {
        ensure!(begun.elapsed() < SOON, "{} of {orphans} sessions have left {dead}", moved.len());
        for (session, pod) in &mut all {
            let now = asked(session).await.with_context(|| format!("{:?} after the death of {dead}", begun.elapsed()))?;
            if now != *pod {
                ensure!(*pod == dead && moved.insert(session.id.clone()), "a session moved from {pod} to {now}, and {dead} died");
                *pod = now;
            }
        }
    }
    eprintln!("{dead} died; {orphans} of {} sessions had moved {:?} later", all.len(), begun.elapsed());
    release.space.rollout(&format!("deployment/{NAME}")).await?;
    for (session, pod) in &mut all {
        ensure!(asked(session).await? == *pod, "a session left {pod} when the dead pod's successor came");
    }
    Ok(())
}

/// Runs kubectl on what belongs to a release's proxies.
async fn proxies(space: &Space, words: &[&str]) -> Result<String> {
    let own = owned_by(&space.name, NAME);
    space.kube.run(&[&["-n", ENVOY_NAMESPACE], words, &["-l", &own]].concat()).await
}

const STATUS: &[&str] = &["rollout", "status", "deployment", "--timeout=60s"];

/// Gives the release's Gateway a second proxy. Envoy Gateway takes back what another client changes in its Deployment.
async fn two_proxies(space: &Space) -> Result<()> {
    let shared = space.kube.json(&["-n", ENVOY_NAMESPACE, "get", "envoyproxy", "tests"]).await?;
    let mut spec = shared["spec"].clone();
    spec["provider"]["kubernetes"]["envoyDeployment"]["replicas"] = 2.into();
    let own = json!({"apiVersion": shared["apiVersion"], "kind": "EnvoyProxy", "metadata": {"name": "two"}, "spec": spec});
    space.apply(&own.to_string()).await?;
    let reference = json!({"spec": {"infrastructure": {"parametersRef": {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": "two"}}}});
    space.run(&["patch", "gateway", NAME, "--type=merge", "-p", &reference.to_string()]).await?;
    wait::until("a second proxy", SOON, async || {
        (proxies(space, &["get", "deployment", "-o", "jsonpath={.items[*].spec.replicas}"]).await.ok()? == "2").then_some(())
    })
    .await?;
    proxies(space, STATUS).await.map(drop)
}

/// A session that began at one proxy stays on its pod at the other: the cookie is all that they share.
async fn proxies_agree(release: &Release<'_>) -> Result<()> {
    let space = release.space;
    two_proxies(space).await?;
    let addresses = proxies(space, &["get", "pods", "-o", "jsonpath={.items[*].status.podIP}"]).await?;
    let sites: Vec<_> = addresses.split_whitespace().map(|address| format!("http://{address}:{PROXY_PORT}")).collect();
    ensure!(sites.len() == 2, "{sites:?}");
    for (begins, other) in [(&sites[0], &sites[1]), (&sites[1], &sites[0])] {
        for (session, pod) in sessions(begins, &pods(space).await?).await? {
            let mut there = session.at(other);
            ensure!(asked(&mut there).await? == pod, "the proxies don't agree on a session of {pod}");
            ensure!(there.jar == session.jar, "the other proxy changed the cookie");
            let socket = there.socket().await?;
            ensure!(socket.pod() == pod, "the socket of a session of {pod} is at {}", socket.at());
        }
    }
    Ok(())
}

/// No request fails and no session moves. Sockets are cut without a close frame once the old proxies have drained, and reconnect to
/// their pod.
async fn proxies_are_replaced(release: &Release<'_>) -> Result<()> {
    let space = release.space;
    let mut all = sessions(&release.url, &pods(space).await?).await?;
    let mut sockets: Vec<Ws> = Vec::new();
    for (session, pod) in &all {
        let socket = session.socket().await?;
        ensure!(socket.pod() == *pod, "the socket of a session of {pod} is at {}", socket.at());
        sockets.push(socket);
    }
    let begun = Instant::now();
    let replaced = async {
        // All sockets are read meanwhile: the app closes one that leaves its pings unanswered.
        let ends = join_all(sockets.iter_mut().map(|socket| socket.end(LONG)));
        let rollout = async {
            proxies(space, &["rollout", "restart", "deployment"]).await?;
            proxies(space, STATUS).await
        };
        let (rollout, ends) = tokio::join!(rollout, ends);
        rollout?;
        for end in ends {
            let end = end?;
            ensure!(matches!(end, End::Cut), "a socket ended with {end:?}");
        }
        Ok(())
    };
    trickle(&release.url, replaced).await?;
    eprintln!("both proxies were replaced, and all sockets cut, after {:?}", begun.elapsed());
    for (session, pod) in &mut all {
        ensure!(asked(session).await? == *pod, "a session left {pod} when its proxy was replaced");
        ensure!(session.socket().await?.pod() == *pod, "a socket left {pod} when its proxy was replaced");
    }
    Ok(())
}
