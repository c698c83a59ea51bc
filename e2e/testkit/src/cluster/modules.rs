//! Programs from pinned Go modules, built once and kept.

use super::place::Place;
use super::stamp::Stamp;
use crate::phase::{phase, say};
use crate::{tools, wait};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;

/// Enough for a cold build of the largest module on two busy cores.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// One Go module: its packages, and the programs built from them.
struct Module {
    folder: &'static str,
    packages: &'static str,
    programs: &'static [&'static str],
}

const MODULES: &[Module] = &[
    Module { folder: "small", packages: "./...", programs: &["oci", "pause", "probe"] },
    Module { folder: "lint", packages: "tool", programs: &["actionlint", "crane", "kubeconform"] },
    // The only tool is the server's root package, and Go names the program after its folder.
    Module { folder: "etcd", packages: "tool", programs: &["server"] },
    Module { folder: "coredns", packages: ".", programs: &["coredns"] },
    Module {
        folder: "kubernetes",
        packages: "tool",
        programs: &["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet"],
    },
    Module { folder: "traefik", packages: "tool", programs: &["traefik"] },
    Module { folder: "helm", packages: "tool", programs: &["helm"] },
    Module { folder: "metrics-server", packages: "tool", programs: &["metrics-server"] },
    Module { folder: "envoy-gateway", packages: "tool", programs: &["envoy-gateway"] },
];

/// Builds every program that is missing or older than its source.
pub async fn all(place: &Place) -> Result<()> {
    for module in MODULES {
        one(place, module).await?;
    }
    Ok(())
}

/// A program of a module, built if it is missing or older than its source; `None` without Go.
pub async fn tool(name: &str) -> Result<Option<PathBuf>> {
    let place = Place::named("any")?;
    let module = MODULES.iter().find(|module| module.programs.contains(&name)).with_context(|| format!("no module has a program {name}"))?;
    if go().is_none() {
        return Ok(None);
    }
    one(&place, module).await?;
    Ok(Some(binary(&place, name)))
}

pub(super) fn go() -> Option<PathBuf> {
    tools::find("go").or_else(|| Some(PathBuf::from("/usr/local/go/bin/go")).filter(|p| p.is_file()))
}

/// The path of a built program.
#[must_use]
pub fn binary(place: &Place, name: &str) -> PathBuf {
    place.cache.join("bin").join(name)
}

/// The kubectl of the clusters' version if it was built, else the one in PATH.
///
/// # Errors
/// Neither exists.
pub fn kubectl() -> Result<PathBuf> {
    let own = binary(&Place::named("any")?, "kubectl");
    if own.is_file() { Ok(own) } else { tools::find("kubectl").context("no kubectl: `cargo xtask cluster build` makes one") }
}

/// The helm that was built, else the one in PATH.
///
/// # Errors
/// Neither exists.
pub fn helm() -> Result<PathBuf> {
    let own = binary(&Place::named("any")?, "helm");
    if own.is_file() { Ok(own) } else { tools::find("helm").context("no helm: `cargo xtask cluster build` makes one") }
}

async fn one(place: &Place, module: &Module) -> Result<()> {
    // A lock per module: a test that needs a small program doesn't wait for the Kubernetes build.
    let _lock = Place::lock(&place.cache, &format!("build-{}", module.folder))?;
    let source = place.source.join(module.folder);
    let flags = flags(place, module)?;
    let stamp = Stamp::of(place, module.folder, &[&flags], &[&source])?;
    let missing = module.programs.iter().any(|name| !binary(place, name).is_file());
    if stamp.fits() && !missing {
        return Ok(());
    }
    let go = go().context("no `go` in PATH: the cluster's programs are built with Go 1.26 or newer")?;
    say(&format!("== cluster: building {} (a first build takes minutes)", module.folder));
    let (fresh, log) = (place.cache.join(format!("fresh-{}", module.folder)), place.cache.join(format!("log/{}.log", module.folder)));
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh)?;
    fs::create_dir_all(place.cache.join("log"))?;
    let output = File::create(&log)?;
    let mut build = Command::new("nice");
    // At low priority, because other tests run meanwhile.
    build.args(["-n", "10"]).arg(go).args(["build", "-ldflags", &flags, "-o"]).arg(&fresh).arg(module.packages).current_dir(&source);
    // Of the caller's settings, only the source of modules applies to the build, and the build never changes go.mod.
    build.env("GOFLAGS", "-mod=readonly -trimpath -buildvcs=false").env("CGO_ENABLED", "0").env("GOWORK", "off");
    build.stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
    let work = async {
        let status = wait::within("the end of go build", LIMIT, build.status()).await??;
        if !status.success() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            bail!("go build of {}: {status}; {} ends with:\n{}", module.folder, log.display(), tail(&text, 15));
        }
        Ok(())
    };
    phase(&format!("build of {}", module.folder), work).await?;
    fs::create_dir_all(place.cache.join("bin"))?;
    for name in module.programs {
        // Renamed, because a running program can't be overwritten.
        fs::rename(fresh.join(name), binary(place, name)).with_context(|| format!("go build made no {name}"))?;
    }
    fs::remove_dir_all(&fresh)?;
    stamp.write()
}

/// Linker flags: no symbols, and the version that Kubernetes programs report (unset, clients read 0.0).
fn flags(place: &Place, module: &Module) -> Result<String> {
    if module.folder != "kubernetes" {
        return Ok("-s -w".to_owned());
    }
    let version = version(place, "kubernetes", "k8s.io/kubernetes")?;
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let set = |name: &str, value: &str| format!("-X k8s.io/component-base/version.{name}={value}");
    Ok(format!("-s -w {} {} {}", set("gitVersion", &version), set("gitMajor", major), set("gitMinor", minor)))
}

/// The version of a required module, from the go.mod in `folder`.
pub fn version(place: &Place, folder: &str, module: &str) -> Result<String> {
    let path = place.source.join(folder).join("go.mod");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let words = text.lines().map(|line| line.trim().trim_start_matches("require "));
    let found = words.filter_map(|line| line.strip_prefix(module)?.strip_prefix(' ')).find_map(|rest| rest.split(' ').next());
    Ok(found.with_context(|| format!("{} requires no {module}", path.display()))?.to_owned())
}

/// The last lines of a text.
#[must_use]
pub fn tail(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::images;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn manifests_name_the_versions_that_are_built() {
        let place = Place::named("any").unwrap();
        for (manifest, folder, module) in [
            ("coredns", "coredns", "github.com/coredns/coredns"),
            ("traefik", "traefik", "github.com/traefik/traefik/v3"),
            ("traefik-gateway", "traefik", "github.com/traefik/traefik/v3"),
            ("metrics-server", "metrics-server", "sigs.k8s.io/metrics-server"),
        ] {
            let version = version(&place, folder, module).unwrap();
            let text = fs::read_to_string(place.source.join(format!("{manifest}.yaml"))).unwrap();
            assert!(text.lines().any(|line| line.contains("image: ") && line.ends_with(&format!(":{version}"))), "{manifest}.yaml: not {version}");
        }
        let text = fs::read_to_string(place.source.join("envoy-gateway.yaml")).unwrap();
        let own = [images::envoy_gateway(&place).unwrap(), images::envoy(&place).unwrap()];
        let named: HashSet<_> = text.lines().filter_map(|line| line.split_once("image: ")).map(|(_, name)| name.trim_end_matches('}')).collect();
        assert_eq!(named, own.iter().map(String::as_str).collect());
    }

    #[test]
    fn the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
