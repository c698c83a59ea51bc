//! Programs from pinned Go modules, built once and kept.

use super::{Place, images, phase, say};
use crate::tools;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// A cold build of the largest module on two busy cores.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// One Go module: what it is built with, and the programs that come of it.
struct Module {
    folder: &'static str,
    packages: &'static str,
    programs: &'static [&'static str],
}

const MODULES: [Module; 7] = [
    Module { folder: "small", packages: "./...", programs: &["oci", "pause", "probe"] },
    Module { folder: "lint", packages: "tool", programs: &["actionlint", "crane", "kubeconform"] },
    // Its only tool is the server's root package, which Go names after its folder.
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
];

/// Builds every program and image that is missing or older than its source.
pub(super) async fn all(place: &Place) -> Result<()> {
    for module in &MODULES {
        one(place, module).await?;
    }
    let _lock = Place::lock(&place.cache, "build")?;
    images::all(place).await
}

/// A program of a module, built now if it is missing or older than its source; nothing where there is no Go to build it.
///
/// # Errors
/// No module has it, or it can't be built.
pub async fn tool(name: &str) -> Result<Option<PathBuf>> {
    let place = Place::named("any")?;
    let module = MODULES.iter().find(|module| module.programs.contains(&name)).with_context(|| format!("no module has a program {name}"))?;
    if go().is_none() {
        return Ok(None);
    }
    one(&place, module).await?;
    Ok(Some(binary(&place, name)))
}

fn go() -> Option<PathBuf> {
    tools::find("go").or_else(|| Some(PathBuf::from("/usr/local/go/bin/go")).filter(|p| p.is_file()))
}

/// Where a built program is.
pub(super) fn binary(place: &Place, name: &str) -> PathBuf {
    place.cache.join("bin").join(name)
}

/// The kubectl of the clusters' own version if it was built, else the machine's.
///
/// # Errors
/// There is neither.
pub fn kubectl() -> Result<PathBuf> {
    let own = binary(&Place::named("any")?, "kubectl");
    if own.is_file() { Ok(own) } else { tools::find("kubectl").context("no kubectl: `cargo run -p e2e -- cluster build` makes one") }
}

/// The helm that was built, else the machine's.
///
/// # Errors
/// There is neither.
pub fn helm() -> Result<PathBuf> {
    let own = binary(&Place::named("any")?, "helm");
    if own.is_file() { Ok(own) } else { tools::find("helm").context("no helm: `cargo run -p e2e -- cluster build` makes one") }
}

async fn one(place: &Place, module: &Module) -> Result<()> {
    // One for each: who needs a small program does not wait for Kubernetes.
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
    // Politely: it runs in the background of other tests.
    build.args(["-n", "10"]).arg(go).args(["build", "-ldflags", &flags, "-o"]).arg(&fresh).arg(module.packages).current_dir(&source);
    // Nothing of the caller's settings but where modules come from may change what is built, and nothing may change go.mod.
    build.env("GOFLAGS", "-mod=readonly -trimpath -buildvcs=false").env("CGO_ENABLED", "0").env("GOWORK", "off");
    build.stdout(output.try_clone()?).stderr(output).kill_on_drop(true);
    let work = async {
        let status = crate::wait::within("the end of go build", LIMIT, build.status()).await??;
        if !status.success() {
            let text = fs::read_to_string(&log).unwrap_or_default();
            bail!("go build of {}: {status}; {} ends with:\n{}", module.folder, log.display(), tail(&text, 15));
        }
        Ok(())
    };
    phase(&format!("build of {}", module.folder), work).await?;
    fs::create_dir_all(place.cache.join("bin"))?;
    for name in module.programs {
        // Renamed, not written: a program that runs can't be written to.
        fs::rename(fresh.join(name), binary(place, name)).with_context(|| format!("go build made no {name}"))?;
    }
    fs::remove_dir_all(&fresh)?;
    stamp.write()
}

/// Linker flags: no symbols, and for Kubernetes the version that its programs tell (unset, clients take it for 0.0).
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

/// The version of a required module, from the folder's go.mod.
pub(super) fn version(place: &Place, folder: &str, module: &str) -> Result<String> {
    let path = place.source.join(folder).join("go.mod");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let words = text.lines().map(|line| line.trim().trim_start_matches("require "));
    let found = words.filter_map(|line| line.strip_prefix(module)?.strip_prefix(' ')).find_map(|rest| rest.split(' ').next());
    Ok(found.with_context(|| format!("{} requires no {module}", path.display()))?.to_owned())
}

/// The last lines of a text.
pub(super) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

/// A file that says what something was made of.
pub(super) struct Stamp {
    path: PathBuf,
    hash: String,
}

impl Stamp {
    /// The hash of some texts and of all files below some folders.
    pub(super) fn of(place: &Place, name: &str, texts: &[&str], folders: &[&Path]) -> Result<Self> {
        let mut hash = Fnv::default();
        texts.iter().for_each(|text| hash.add(text.as_bytes()));
        for folder in folders {
            for file in files(folder)? {
                hash.add(file.strip_prefix(folder).unwrap_or(&file).as_os_str().as_encoded_bytes());
                hash.add(&fs::read(&file).with_context(|| format!("no {}", file.display()))?);
            }
        }
        Ok(Self { path: place.cache.join("stamps").join(name), hash: format!("{:016x}", hash.0) })
    }

    pub(super) fn fits(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.hash)
    }

    pub(super) fn write(&self) -> Result<()> {
        fs::create_dir_all(self.path.parent().context("a stamp without a folder")?)?;
        fs::write(&self.path, &self.hash).with_context(|| format!("can't write {}", self.path.display()))
    }
}

/// All files below a folder, or the one file, in a fixed order.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<_> = fs::read_dir(path).with_context(|| format!("no {}", path.display()))?.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    let nested: Result<Vec<_>> = entries.iter().map(|entry| files(entry)).collect();
    Ok(nested?.into_iter().flatten().collect())
}

/// FNV-1a. Unlike the standard library's hash it is the same in every version of Rust; nobody attacks a build cache's stamp.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_the_versions_that_are_built() {
        let place = Place::named("any").unwrap();
        for (folder, module) in [
            ("coredns", "github.com/coredns/coredns"),
            ("traefik", "github.com/traefik/traefik/v3"),
            ("metrics-server", "sigs.k8s.io/metrics-server"),
        ] {
            let version = version(&place, folder, module).unwrap();
            let manifest = fs::read_to_string(place.source.join(format!("{folder}.yaml"))).unwrap();
            assert!(manifest.lines().any(|line| line.contains("image: ") && line.ends_with(&format!(":{version}"))), "{folder}.yaml: not {version}");
        }
    }

    #[test]
    fn the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 2), "a");
    }
}
