//! Extra pods from the release's template, with labels that no other Service selects.

use crate::front_door::bench::Bench;
use crate::kube::release::NAME;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The label with the fact that a pod is for.
const FOR: &str = "sticky.test/for";

/// The port that a pod listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listens {
    /// The port that Services expect.
    Here,
    /// Another port: the pod is ready and refuses connections.
    Elsewhere,
}

/// Labels of a fact's pods.
pub(super) fn labels(fact: &str) -> Value {
    json!({FOR: fact})
}

/// Starts pods and waits until they are ready.
pub(super) async fn start(bench: &Bench<'_>, fact: &str, pods: &[(&str, Listens)]) -> Result<()> {
    let deployment = bench.space.json(&["get", "deployment", NAME]).await?;
    let template = &deployment["spec"]["template"]["spec"];
    let all: Vec<Value> = pods.iter().map(|(name, listens)| pod(template, fact, name, *listens)).collect::<Result<_>>()?;
    bench.apply(&all).await?;
    let names: Vec<String> = pods.iter().map(|(name, _)| format!("pod/{name}")).collect();
    let mut words = vec!["wait", "--for=condition=Ready", "--timeout=60s"];
    words.extend(names.iter().map(String::as_str));
    bench.space.run(&words).await.map(drop)
}

fn pod(template: &Value, fact: &str, name: &str, listens: Listens) -> Result<Value> {
    let mut spec = template.clone();
    let variables = spec["containers"][0]["env"].as_array_mut().context("a container without variables")?;
    // Without Redis, which accepts only the release's pods.
    variables.retain(|variable| !["STICKY_BUS", "STICKY_REDIS_URL", "STICKY_REDIS_PASSWORD_FILE"].iter().any(|name| variable["name"] == *name));
    variables.push(json!({"name": "STICKY_BUS", "value": "memory"}));
    if listens == Listens::Elsewhere {
        variables.push(json!({"name": "STICKY_LISTEN", "value": "0.0.0.0:8081"}));
    }
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels(fact)}, "spec": spec}))
}
