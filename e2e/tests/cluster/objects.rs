//! What `up` writes and `down` deletes: exactly the objects from `render`, and nothing in a dry run.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;
use tempfile::NamedTempFile;
use testkit::kube::release::{NAME, render, spec};
use testkit::kube::{Space, in_namespace};
use testkit::wait;

const KINDS: &str = "ingress,deployment,statefulset,service,poddisruptionbudget,networkpolicy,configmap,secret,persistentvolumeclaim";

fn written(text: &str) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// The release's objects by kind and name, with a value that changes whenever the object does.
async fn objects(space: &Space) -> Result<BTreeMap<String, Value>> {
    let list = space.json(&["get", KINDS, "-l", &format!("app.kubernetes.io/instance={NAME}")]).await?;
    let items = list["items"].as_array().context("no list")?.iter();
    Ok(items.map(|item| (format!("{}/{}", item["kind"].as_str().unwrap(), item["metadata"]["name"].as_str().unwrap()), item.clone())).collect())
}

/// An object's desired state, without status and the API server's metadata.
fn wanted(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("status");
    let meta = object["metadata"].as_object_mut().unwrap();
    for mark in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
        meta.remove(mark);
    }
    object
}

#[tokio::test]
async fn up_writes_what_render_writes() -> Result<()> {
    in_namespace("objects", async |space| {
        space.kube.load_app().await?;
        // An existing namespace is used as it is.
        space.create().await?;
        let spec = spec(space, json!({"mode": "2x1", "drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
        let file = written(&spec.to_string())?;
        let path = file.path().to_str().unwrap();

        // In a dry run, the API server validates everything and stores nothing.
        let text = space.stickyctl(&["up", "-f", path, "--dry-run", "server"]).await?.ok()?;
        assert!(text.lines().count() >= 10 && text.lines().all(|line| line.starts_with("create     ")), "{text}");
        let documents = space.stickyctl(&["up", "-f", path, "--dry-run", "client"]).await?.ok()?;
        assert!(documents.contains("kind: Deployment") && !documents.contains("kind: Namespace"), "{documents}");
        assert!(objects(space).await?.is_empty());

        // First with render and kubectl, then with up: only the owner changes. Until the password is there, nothing starts.
        let mut command = tokio::process::Command::new(testkit::bin::stickyctl()?);
        let rendered = command.args(["render", "--no-namespace", "-f", path]).env_clear().output().await?;
        space.apply(&String::from_utf8(rendered.stdout)?).await?;
        wait::until("Redis waits for its password", Duration::from_secs(60), async || {
            let waiting = space.pods("redis").await.ok()?.first()?["status"]["containerStatuses"][0]["state"]["waiting"].clone();
            let said = waiting["message"].as_str().unwrap_or_default().to_owned();
            (waiting["reason"] == "CreateContainerConfigError" && said.contains(&format!("{NAME}-redis"))).then_some(())
        })
        .await?;
        space.password(NAME).await?;
        space.rollout(&format!("deployment/{NAME}")).await?;
        let by_kubectl = objects(space).await?;
        let text = space.stickyctl(&["up", "-f", path, "--dry-run", "server"]).await?.ok()?;
        assert!(text.lines().all(|line| line.starts_with("unchanged  ")), "{text}");
        space.stickyctl(&["up", "-f", path]).await?.ok()?;
        let by_up = objects(space).await?;
        assert_eq!(by_kubectl.keys().collect::<Vec<_>>(), by_up.keys().collect::<Vec<_>>());
        for (name, object) in &by_up {
            assert_eq!(wanted(object), wanted(&by_kubectl[name]), "{name}");
        }
        assert!(!by_up.contains_key(&format!("Secret/{NAME}-redis")), "it stays its creator's");

        // The namespace isn't ours: it has no label, so it stays, with everything that others created in it.
        space.run(&["create", "configmap", "theirs"]).await?;
        let listed = space.stickyctl(&["down"]).await?.failed(2)?;
        assert!(listed.contains(&format!("deployment {NAME}")) && listed.contains("stickyctl down --yes"), "{listed}");
        assert_eq!(objects(space).await?.len(), by_up.len(), "nobody said yes");
        space.stickyctl(&["down", "--yes"]).await?.ok()?;
        let left = objects(space).await?;
        assert_eq!(left.keys().collect::<Vec<_>>(), [&format!("PersistentVolumeClaim/data-{NAME}-redis-0")], "the data stays");
        space.stickyctl(&["down", "--yes", "--delete-data"]).await?.ok()?;
        assert!(objects(space).await?.is_empty());
        assert_eq!(space.run(&["get", "configmap", "theirs", "-o", "name"]).await?, "configmap/theirs");
        let namespace = space.json(&["get", "namespace", &space.name]).await?;
        assert!(namespace["metadata"]["deletionTimestamp"].is_null());
        assert!(namespace["metadata"]["labels"]["app.kubernetes.io/managed-by"].is_null(), "{namespace}");
        let nothing = space.stickyctl(&["down", "--yes"]).await?;
        assert!(nothing.stderr.contains("there is nothing of release"), "{}", nothing.stderr);
        nothing.ok().map(drop)
    })
    .await
}

/// `down` deletes the namespace that `up` created once it has no other objects. The password is generated only once.
#[tokio::test]
async fn a_namespace_of_ours_and_a_password() -> Result<()> {
    in_namespace("ours", async |space| {
        space.kube.load_app().await?;
        let spec = spec(space, json!({"mode": "1x2", "drain": {"preStop": "1s", "delay": "7s", "window": "1s"}})).await?;
        let file = written(&spec.to_string())?;
        let path = file.path().to_str().unwrap();
        let up = async || space.stickyctl(&["up", "-f", path]).await?.ok();
        let password = async || space.run(&["get", "secret", &format!("{NAME}-redis"), "-o", "jsonpath={.data.password}"]).await;
        up().await?;
        let first = password().await?;
        assert!(first.len() > 20, "{first}");
        up().await?;
        assert_eq!(password().await?, first, "never overwritten");
        let rendered = render(&spec).await?;
        assert!(!rendered.contains("kind: Secret"), "a password is never rendered");
        let namespace = space.json(&["get", "namespace", &space.name]).await?;
        assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");

        // Another manager's object, even with our labels: we didn't apply it.
        space.run(&["create", "configmap", "theirs"]).await?;
        for label in ["name=sticky-sessions", &format!("instance={NAME}"), "component=app", "managed-by=stickyctl"] {
            space.run(&["label", "configmap", "theirs", &format!("app.kubernetes.io/{label}")]).await?;
        }
        let said = space.stickyctl(&["down", "--yes", "--delete-data"]).await?;
        assert!(said.stderr.contains("configmap theirs has the release's labels, but somebody else applied it"), "{}", said.stderr);
        assert!(said.stderr.contains("stays, because it contains configmap theirs"), "{}", said.stderr);
        said.ok()?;
        space.run(&["delete", "configmap", "theirs"]).await?;
        let said = space.stickyctl(&["down", "--yes", "--delete-data"]).await?;
        assert!(said.stderr.contains(&format!("{} deleted", space.name)), "{}", said.stderr);
        said.ok()?;
        assert_eq!(space.kube.run(&["get", "namespace", &space.name, "--ignore-not-found"]).await?, "");
        Ok(())
    })
    .await
}
