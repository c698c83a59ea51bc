//! Pushes a release to a local registry.

use crate::pack::{MACHINES, VERSION, packed, path, script, tar, text};
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::tree::root;
use testkit::{lint, ports, wait};

/// A registry for this test alone.
struct Registry(std::process::Child);

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_registry_has_the_image_for_both_processors() -> Result<()> {
    let (Some(path), Some(out)) = (path().await?, packed().await?) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let address = format!("127.0.0.1:{}", ports::free()?);
    let crane = lint::built("crane").await?.context("no crane")?;
    let serve = Command::new(&crane).args(["registry", "serve", "--address", &address]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let _registry = Registry(serve);
    let repository = format!("{address}/team/sticky-app");
    let is_up = async || std::net::TcpStream::connect(&address).ok();
    wait::until("the registry", Duration::from_secs(20), is_up).await?;

    let pushed = text(&script("push").arg(out).arg(&repository).env("PATH", &path).output()?);
    let ask = |words: &[&str]| text(&Command::new(&crane).args(words).output().unwrap()).trim_end().to_owned();
    let whole = format!("{repository}:{VERSION}");
    assert_eq!(pushed.trim_end(), ask(&["digest", &whole]));
    if root().join("helm/Chart.yaml").exists() {
        let chart = ask(&["manifest", &format!("{address}/team/charts/sticky-sessions:{VERSION}")]);
        assert!(chart.contains("application/vnd.cncf.helm.config.v1+json"), "{chart}");
    }
    let index: Value = serde_json::from_str(&ask(&["manifest", &whole]))?;
    let manifests = index["manifests"].as_array().context("no index")?;
    assert_eq!(manifests.len(), 2, "{index}");
    for (manifest, (arch, _)) in manifests.iter().zip(MACHINES) {
        assert_eq!((&manifest["platform"]["architecture"], &manifest["platform"]["os"]), (&arch.into(), &"linux".into()), "{index}");
        // Nodes pull by the digest that `stickyctl image` reported.
        let digest = digest(&out.join(format!("sticky-app-{VERSION}-linux-{arch}.tar")), &folder.path().join(arch))?;
        assert_eq!(manifest["digest"], digest, "{index}");
        assert_eq!(ask(&["digest", &format!("{whole}-{arch}")]), digest);
    }
    Ok(())
}

/// The digest of an archive's only image.
fn digest(archive: &Path, folder: &Path) -> Result<String> {
    fs::create_dir_all(folder)?;
    tar(&["-C", folder.to_str().context("no text")?, "-xf"], archive);
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json"))?)?;
    Ok(index["manifests"][0]["digest"].as_str().context("no digest")?.to_owned())
}
