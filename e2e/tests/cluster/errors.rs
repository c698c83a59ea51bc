//! Errors from a real API server and a real network, each with one clear message and its exit code. Other connection errors are tested
//! against the scripted API server (`stickyctl/src/cluster/connect/tests.rs`).

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;
use tempfile::NamedTempFile;
use testkit::kube::{Space, in_namespace};
use testkit::{image, wait};

/// The cluster's kubeconfig with one change.
pub(crate) async fn changed(space: &Space, change: impl FnOnce(&mut Value)) -> Result<NamedTempFile> {
    let mut config = space.kube.json(&["config", "view", "--raw", "--minify", "--flatten"]).await?;
    change(&mut config);
    let mut file = NamedTempFile::new()?;
    file.write_all(config.to_string().as_bytes())?;
    Ok(file)
}

async fn refused(space: &Space, words: &[&str], config: &NamedTempFile) -> Result<String> {
    let config = config.path().to_str().unwrap();
    space.stickyctl(&[words, &["--kubeconfig", config]].concat()).await?.failed(5)
}

#[tokio::test]
async fn the_way_to_the_cluster() -> Result<()> {
    in_namespace("errors", async |space| {
        let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = changed(space, |config| config["clusters"][0]["cluster"]["server"] = json!(format!("https://{closed}"))).await?;
        let said = refused(space, &["up"], &config).await?;
        assert!(said.contains(&format!("asking https://{closed} for its version: can't reach the cluster: Connection refused")), "{said}");

        // Another CA's certificate, as after a cluster was recreated.
        let other = rcgen::generate_simple_self_signed(["other".to_owned()])?.cert.pem();
        let config = changed(space, |config| config["clusters"][0]["cluster"]["certificate-authority-data"] = json!(base64(&other))).await?;
        let said = refused(space, &["up"], &config).await?;
        assert!(said.contains("not signed by the certificate authority in the kubeconfig"), "{said}");

        let config = changed(space, |config| config["users"][0]["user"] = json!({"token": "no such token"})).await?;
        let said = refused(space, &["up"], &config).await?;
        assert!(said.contains("rejected the credentials"), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_rights_name_the_verb_and_the_resource() -> Result<()> {
    in_namespace("rights", async |space| {
        space.create().await?;
        space.run(&["create", "serviceaccount", "reader"]).await?;
        let token = space.run(&["create", "token", "reader"]).await?;
        let config = changed(space, |config| config["users"][0]["user"] = json!({"token": token})).await?;
        let said = refused(space, &["up"], &config).await?;
        assert!(said.contains("permission denied") && said.contains("cannot get resource \"deployments\""), "{said}");
        assert!(said.contains(&format!("system:serviceaccount:{}:reader", space.name)), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_kind_cluster_without_kind() -> Result<()> {
    in_namespace("nokind", async |space| {
        let config = changed(space, |config| {
            config["contexts"][0]["name"] = json!("kind-two");
            config["current-context"] = json!("kind-two");
        })
        .await?;
        let binary = image::binary()?;
        let mut command = space.command(&[
            "up",
            "--front-door",
            "traefik",
            "--app-binary",
            binary.to_str().context("a path")?,
            "--kubeconfig",
            config.path().to_str().unwrap(),
        ])?;
        // A PATH without kind, whatever this machine has.
        command.env("PATH", "/nowhere");
        let done = wait::within("up without kind", Duration::from_secs(120), command.output()).await??;
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(5), "{said}");
        assert!(said.contains("into kind cluster two") && said.contains("--image-loader 'COMMAND'"), "{said}");
        assert_eq!(space.kube.run(&["get", "namespace", &space.name, "--ignore-not-found"]).await?, "", "nothing was applied");
        Ok(())
    })
    .await
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
