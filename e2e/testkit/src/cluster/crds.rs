//! The CRDs of the Gateway API and of Envoy Gateway, read from the Go modules that `go.sum` pins. The repository has no copy of them.

use super::{Place, modules};
use crate::{sh, wait};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Enough to download a module.
const DOWNLOAD: Duration = Duration::from_secs(5 * 60);
const GATEWAY_API: &str = "sigs.k8s.io/gateway-api";
const ENVOY_GATEWAY: &str = "github.com/envoyproxy/gateway";
/// The folder of the module that requires Envoy Gateway, and with it the Gateway API's release that Envoy Gateway ships.
const USUAL: &str = "envoy-gateway";

/// A release and channel of the Gateway API. They differ in `sessionPersistence` of an HTTPRoute's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayApi {
    /// The experimental channel of the release that Envoy Gateway ships: `sessionName`, `cookieConfig.lifetimeType`.
    Experimental,
    /// The standard channel of the same release, which lacks the field: the API server drops it or rejects the route.
    Standard,
    /// The experimental channel of a release from v1.7 on: `cookie.name`, `cookie.path`, `cookie.lifetimeType`.
    Newer,
}

impl GatewayApi {
    /// The folder of the Go module that pins it.
    fn folder(self) -> &'static str {
        match self {
            Self::Experimental | Self::Standard => USUAL,
            Self::Newer => "gateway-api",
        }
    }

    /// Its version, for example `v1.6.1`: the CRDs' annotation `gateway.networking.k8s.io/bundle-version`.
    pub fn version(self) -> Result<String> {
        modules::version(&Place::named("any")?, self.folder(), GATEWAY_API)
    }

    /// All its CRDs as one YAML text, without the admission policy that forbids replacing them with another channel's.
    pub async fn manifest(self) -> Result<String> {
        let channel = if self == Self::Standard { "standard" } else { "experimental" };
        let module = source(self.folder(), GATEWAY_API).await?;
        joined(&module.join("config/crd").join(channel), "gateway.networking.k8s.io_")
    }
}

/// Whether Go is installed, which downloads the modules.
#[must_use]
pub fn available() -> bool {
    modules::go().is_some()
}

/// The folder with Envoy Gateway's source.
pub async fn envoy_gateway_source() -> Result<PathBuf> {
    source(USUAL, ENVOY_GATEWAY).await
}

/// Envoy Gateway's own CRDs as one YAML text.
pub async fn envoy_gateway() -> Result<String> {
    let module = envoy_gateway_source().await?;
    joined(&module.join("charts/gateway-helm/charts/crds/crds/generated"), "gateway.envoyproxy.io_")
}

/// What `go mod download -json` writes, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Download {
    #[serde(default)]
    dir: PathBuf,
    #[serde(default)]
    zip: PathBuf,
    #[serde(default)]
    sum: String,
    #[serde(default)]
    error: String,
}

/// The folder with the source of a required module, downloaded if necessary.
async fn source(folder: &str, module: &str) -> Result<PathBuf> {
    let place = Place::named("any")?;
    let version = modules::version(&place, folder, module)?;
    let mut go = sh::command(modules::go().context("no `go` in PATH: it downloads the modules with the CRDs")?, ["mod", "download", "-json"]);
    go.arg(format!("{module}@{version}")).current_dir(place.source.join(folder));
    go.env("GOFLAGS", "-mod=readonly").env("GOWORK", "off").env("GOTOOLCHAIN", "local");
    // It fails for a module that requires a newer Go, and its answer is complete even so.
    let done = wait::within("the end of go mod download", DOWNLOAD, go.kill_on_drop(true).output()).await??;
    let found: Download = serde_json::from_slice(&done.stdout).with_context(|| format!("{module}: {}", String::from_utf8_lossy(&done.stderr)))?;
    let sums = fs::read_to_string(place.source.join(folder).join("go.sum"))?;
    ensure!(sums.lines().any(|line| line == format!("{module} {version} {}", found.sum)), "{module} {version}: {}", found.error);
    // Then it names no folder. But it has checked and unpacked the module, and here only its files matter.
    let cache = found.zip.ancestors().find(|path| path.ends_with("cache/download")).and_then(|path| path.ancestors().nth(2));
    let dir = if found.dir.as_os_str().is_empty() { cache.map(|cache| cache.join(format!("{module}@{version}"))) } else { Some(found.dir) };
    match dir.filter(|dir| dir.is_dir()) {
        Some(dir) => Ok(dir),
        None => bail!("{module} {version} was not unpacked: {}", found.error),
    }
}

/// The YAML files in a folder whose names start with `prefix`, as one text.
fn joined(folder: &Path, prefix: &str) -> Result<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix) && !name.contains("_vap_")) {
            texts.push(fs::read_to_string(&path)?);
        }
    }
    ensure!(!texts.is_empty(), "no CRDs in {}", folder.display());
    texts.sort();
    Ok(texts.join("\n---\n"))
}
