//! `--print-rbac`: its Roles are enough for a run, and each of their rules is needed.

use super::traefik::{Logging, ingress};
use super::{PLAIN, application};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::kube::stickyctl::Done;
use testkit::kube::{Space, in_namespace};

const ACCOUNT: &str = "stickyctl-verify";

#[tokio::test]
async fn the_roles_of_a_run_are_enough_and_needed() -> Result<()> {
    in_namespace("files-rbac", async |space| {
        space.create().await?;
        application(space, "talks", PLAIN).await?;
        let door = Logging::start(space).await?;
        let done = rights(space, &door).await;
        if done.is_err() {
            door.home.dump();
        }
        space.run(&["delete", "clusterrole,clusterrolebinding", &role(space), "--ignore-not-found"]).await?;
        door.stop(space).await?;
        done
    })
    .await
}

/// The name of what is not in the application's namespace.
pub(super) fn role(space: &Space) -> String {
    format!("{}-{ACCOUNT}", space.name)
}

async fn rights(space: &Space, door: &Logging) -> Result<()> {
    ingress(space, "shop", &space.name, "talks", true).await?;
    let printed = space.stickyctl(&["verify", "ingress/shop", "--print-rbac"]).await?.ok()?;
    ensure!(printed.contains(&format!("--front-door-namespace {}", door.home.name)), "{printed}");
    space.kube.feed(&["apply", "-f", "-"], &printed).await?;
    let config = config(space).await?;
    let asks = async |identity: &str| {
        let kubeconfig = config.path().join("kubeconfig");
        let words = ["verify", "ingress/shop", "--front-door-namespace", &door.home.name, "--pod-identity", identity, "--log-wait", "5s"];
        let sample = ["--sessions", "20", "--requests", "8", "--only", "spread,stick-http"];
        let variables = [("KUBECONFIG", kubeconfig.to_str().context("a path")?)];
        space.stickyctl_with(&[&words[..], &sample].concat(), &variables).await
    };
    for identity in ["access-log", "pod-log"] {
        let done = asks(identity).await?;
        ensure!(done.code == 0, "with what {printed}\ngrants, by {identity}: {}\n{}", done.stdout, done.stderr);
    }
    let (far, cluster) = (role(space), space.kube.json(&["get", "clusterrole", &role(space)]).await?);
    each(space, &["clusterrole", &far], &cluster, "", &asks).await?;
    let own = space.json(&["get", "role", ACCOUNT]).await?;
    each(space, &["-n", &space.name, "role", ACCOUNT], &own, &space.name, &asks).await?;
    let at_door = door.home.json(&["get", "role", &far]).await?;
    each(space, &["-n", &door.home.name, "role", &far], &at_door, &door.home.name, &asks).await
}

/// Takes each verb of each rule away, and asserts that the error names it and what to add.
async fn each(space: &Space, at: &[&str], role: &Value, namespace: &str, asks: &impl AsyncFn(&str) -> Result<Done>) -> Result<()> {
    let rules = role["rules"].as_array().context("rules")?;
    for (index, rule) in rules.iter().enumerate() {
        for verb in rule["verbs"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let resource = rule["resources"][0].as_str().context("a resource")?;
            let mut fewer = rules.clone();
            fewer[index]["verbs"].as_array_mut().context("verbs")?.retain(|one| one != verb);
            if fewer[index]["verbs"] == json!([]) {
                fewer.remove(index);
            }
            change(space, at, &json!(fewer)).await?;
            // The pods' own log is needed by one way of identifying pods only.
            let of_pods = resource == "pods/log" && namespace == space.name;
            let done = asks(if of_pods { "pod-log" } else { "access-log" }).await?;
            let said = format!("{}{}", done.stdout, done.stderr);
            // Pods' addresses are in their status, too, so a run works without EndpointSlices; it says what it missed.
            let worked = resource == "endpointslices" && done.code == 0;
            ensure!(worked || done.code == 5 || done.code == 6, "exit {} without {verb} {resource}: {said}", done.code);
            for part in [verb, resource, namespace] {
                ensure!(said.contains(part), "without {verb} {resource} in `{namespace}`, {part} is missing in: {said}");
            }
            ensure!(said.contains(&format!("verbs: [\"{verb}\"]")), "no rule for {verb} {resource}: {said}");
            eprintln!("without {verb} {resource}: {}", done.stderr.lines().last().unwrap_or_default());
        }
    }
    change(space, at, &role["rules"]).await
}

async fn change(space: &Space, at: &[&str], rules: &Value) -> Result<()> {
    let patch = json!({"rules": rules}).to_string();
    space.kube.run(&[&["patch"], at, &["--type=merge", "-p", &patch]].concat()).await.map(drop)
}

/// A kubeconfig for the account.
async fn config(space: &Space) -> Result<tempfile::TempDir> {
    let token = space.run(&["create", "token", ACCOUNT]).await?;
    let mut config = space.kube.json(&["config", "view", "--raw", "--minify"]).await?;
    config["users"][0]["user"] = json!({"token": token});
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("kubeconfig"), config.to_string())?;
    Ok(folder)
}
