//! On which nodes the scheduler places a release's pods. The nodes exist only in the API: nothing runs on them, but the scheduler
//! treats them like any others.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::kube::release::{NAME, render};
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const SOON: Duration = Duration::from_secs(60);
/// Labels the nodes of one case, and taints them so that no other test's pod is placed there.
const KEY: &str = "sticky.test/nodes";

/// Nodes without kubelets; dropping the value deletes them.
struct Nodes<'a> {
    space: &'a Space,
    /// The value of [`KEY`].
    mark: String,
}

impl<'a> Nodes<'a> {
    /// Creates a node for each zone; `None` is a node without that label.
    async fn create(space: &'a Space, case: &str, zones: &[Option<&str>]) -> Result<Self> {
        let nodes = Self { space, mark: format!("{}-{case}", space.name) };
        // `stickyctl up` of tests that run meanwhile reads the architecture of all nodes.
        let real = space.json(&["get", "nodes", "-l", &format!("!{KEY}")]).await?;
        let info = &real["items"][0]["status"]["nodeInfo"];
        for (n, zone) in zones.iter().enumerate() {
            let name = format!("{}-{n}", nodes.mark);
            let mut labels = json!({"kubernetes.io/hostname": name, KEY: nodes.mark});
            if let Some(zone) = zone {
                labels["topology.kubernetes.io/zone"] = json!(zone);
            }
            let taint = json!({"key": KEY, "value": nodes.mark, "effect": "NoSchedule"});
            let meta = json!({"name": name, "labels": labels});
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"taints": [taint]}});
            space.apply(&node.to_string()).await?;
            // With equal nodes, the scheduler's preference for the emptier one would spread the pods by itself.
            let room =
                if n == 0 { json!({"cpu": "64", "memory": "256Gi", "pods": "110"}) } else { json!({"cpu": "4", "memory": "8Gi", "pods": "110"}) };
            let ready = json!({"type": "Ready", "status": "True", "reason": "Test", "message": ""});
            let status = json!({"status": {"nodeInfo": info, "allocatable": room, "capacity": room, "conditions": [ready]}});
            space.run(&["patch", "node", &name, "--subresource=status", "-p", &status.to_string()]).await?;
        }
        // A new node has a taint until its controller has seen that it is ready.
        wait::until("the nodes are ready for pods", SOON, async || {
            let all = space.json(&["get", "nodes", "-l", &format!("{KEY}={}", nodes.mark)]).await.ok()?;
            let ready = all["items"].as_array()?.iter().all(|node| node["spec"]["taints"].as_array().is_some_and(|taints| taints.len() == 1));
            ready.then_some(())
        })
        .await?;
        Ok(nodes)
    }
}

impl Drop for Nodes<'_> {
    fn drop(&mut self) {
        // Without a kubelet, nothing else ends these pods. Blocking, because `drop` can't await.
        let marked = format!("{KEY}={}", self.mark);
        for words in [
            &["delete", "deployment", NAME, "--ignore-not-found"][..],
            &["delete", "pods", "--all", "--force", "--grace-period=0"],
            &["delete", "nodes", "-l", &marked],
        ] {
            let mut command = self.space.kube.command(&["-n", &self.space.name, "--request-timeout=20s"]);
            let _ = command.as_std_mut().args(words).output();
        }
    }
}

/// Only the Deployment: what it refers to isn't needed before a kubelet starts a pod.
async fn deployment(space: &Space, pods: usize, mark: &str) -> Result<Value> {
    let toleration = json!({"key": KEY, "value": mark, "effect": "NoSchedule"});
    let placement = json!({"nodeSelector": {KEY: mark}, "tolerations": [toleration]});
    let text = render(&json!({"name": NAME, "namespace": space.name, "mode": format!("{pods}x1"), "placement": placement})).await?;
    let documents = serde_yaml::Deserializer::from_str(&text).map(serde::Deserialize::deserialize);
    let documents: Vec<Value> = documents.collect::<Result<_, serde_yaml::Error>>()?;
    documents.into_iter().find(|object| object["kind"] == "Deployment").context("no Deployment")
}

/// The number of pods on each node, most first.
async fn placed(space: &Space, case: &str, zones: &[Option<&str>], pods: usize) -> Result<(Vec<usize>, BTreeMap<String, usize>)> {
    let nodes = Nodes::create(space, case, zones).await?;
    space.apply(&deployment(space, pods, &nodes.mark).await?.to_string()).await?;
    let mut on = Vec::new();
    wait::until("all pods have a node", SOON, async || {
        let all = space.pods("app").await.ok()?;
        on = all.iter().filter_map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect();
        (on.len() == pods).then_some(())
    })
    .await?;
    let mut counts: BTreeMap<String, usize> = (0..zones.len()).map(|n| (format!("{}-{n}", nodes.mark), 0)).collect();
    for node in on {
        *counts.get_mut(&node).with_context(|| format!("a pod is on {node}"))? += 1;
    }
    let mut by_zone = BTreeMap::new();
    for (zone, count) in zones.iter().zip(counts.values()) {
        *by_zone.entry(zone.unwrap_or("none").to_owned()).or_default() += count;
    }
    let mut sorted: Vec<usize> = counts.into_values().collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    eprintln!("{case}: {sorted:?}, by zone {by_zone:?}");
    Ok((sorted, by_zone))
}

#[tokio::test]
async fn pods_spread_over_nodes_and_zones() -> Result<()> {
    in_namespace("placement", async |space| {
        space.create().await?;
        for (case, zones) in [("plain", [None, None]), ("zones", [Some("a"), Some("b")]), ("one-zone", [Some("a"), Some("a")])] {
            let (nodes, _) = placed(space, case, &zones, 6).await?;
            ensure!(nodes == [3, 3], "{case}: 6 pods on 2 nodes are {nodes:?}");
        }
        // The constraint on nodes alone would also accept two nodes of one zone.
        let (_, zones) = placed(space, "two-in-one", &[Some("a"), Some("a"), Some("a"), Some("b")], 2).await?;
        ensure!(zones.values().all(|count| *count == 1), "2 pods in 2 zones: {zones:?}");
        Ok(())
    })
    .await
}
