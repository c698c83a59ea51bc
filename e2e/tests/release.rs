//! What a release is packed into and pushed as, by the scripts that the workflow calls.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use anyhow::{Context, Result};
use e2e::{bin, image, lint, ports, wait};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = "registry.example/team/sticky-app";
const PLATFORMS: [&str; 4] = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];
/// Where an ELF file says for which processor it is, and the numbers of the two.
const MACHINE: usize = 18;
const MACHINES: [(&str, u8); 2] = [("amd64", 62), ("arm64", 183)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn script(name: &str) -> Command {
    let mut script = Command::new(root().join(".github/release").join(name));
    script.stdin(Stdio::null());
    script
}

fn text(done: &Output) -> String {
    assert!(done.status.success(), "{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout.clone()).unwrap()
}

fn own() -> String {
    format!("linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" })
}

/// The programs as the workflow's jobs leave them: ours for this machine, and for others files that only look right.
fn built(folder: &Path) -> Result<()> {
    for platform in PLATFORMS {
        fs::create_dir_all(folder.join(platform))?;
        fs::write(folder.join(platform).join("stickyctl"), format!("a program for {platform}"))?;
    }
    // A debug build has a hundred megabytes, which are packed too slowly.
    let program = bin::stickyctl()?;
    fs::write(folder.join(own()).join("stickyctl"), format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display()))?;
    let mut app = fs::read(image::binary()?)?;
    for (arch, machine) in MACHINES {
        app[MACHINE] = machine;
        fs::write(folder.join(format!("linux-{arch}/sticky-app")), &app)?;
    }
    Ok(())
}

/// A PATH that begins with the built programs.
async fn path() -> Result<Option<std::ffi::OsString>> {
    let Some(crane) = lint::built("crane").await? else { return Ok(None) };
    if root().join("helm/Chart.yaml").exists() {
        lint::built("helm").await?;
    }
    let folders = std::iter::once(crane.parent().context("no folder")?.to_owned());
    Ok(Some(std::env::join_paths(folders.chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())))?))
}

fn pack(path: &std::ffi::OsStr, built: &Path, out: &Path, repository: &str) {
    text(&script("pack").arg(built).arg(out).arg(repository).env("PATH", path).output().unwrap());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn tar(words: &[&str], archive: &Path) -> String {
    text(&Command::new("tar").args(words).arg(archive).env("TZ", "UTC").output().unwrap())
}

#[tokio::test]
async fn archives_are_whole_and_the_same_twice() -> Result<()> {
    let Some(path) = path().await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    built(&folder.path().join("built"))?;
    pack(&path, &folder.path().join("built"), &first, REPOSITORY);
    // Later, with other rights.
    built(&folder.path().join("again"))?;
    fs::set_permissions(folder.path().join("again").join(own()).join("stickyctl"), fs::Permissions::from_mode(0o600))?;
    pack(&path, &folder.path().join("again"), &second, REPOSITORY);

    let archives = PLATFORMS.map(|platform| format!("stickyctl-{VERSION}-{platform}.tar.gz"));
    let images = MACHINES.map(|(arch, _)| format!("sticky-app-{VERSION}-linux-{arch}.tar"));
    let (charts, rest): (Vec<_>, Vec<_>) = names(&first).into_iter().partition(|name| name.ends_with(".tgz"));
    let mut expected: Vec<_> = archives.iter().chain(&images).cloned().chain(["SHA256SUMS".to_owned()]).collect();
    expected.sort();
    assert_eq!(rest, expected);
    assert_eq!(charts.len(), usize::from(root().join("helm/Chart.yaml").exists()), "{charts:?}");
    for name in archives.iter().chain(&images) {
        assert!(fs::read(first.join(name))? == fs::read(second.join(name))?, "{name} differs");
    }
    content(&first, folder.path())?;
    checksums(&first)
}

fn content(out: &Path, work: &Path) -> Result<()> {
    for platform in PLATFORMS {
        let (name, archive) = (format!("stickyctl-{VERSION}-{platform}"), out.join(format!("stickyctl-{VERSION}-{platform}.tar.gz")));
        let listed = tar(&["-tvf"], &archive);
        for line in listed.lines() {
            assert!(line.contains(" 0/0 ") && line.contains("1970-01-01 00:00"), "{line}");
        }
        let has = |mode: &str, file: &str| listed.lines().any(|line| line.starts_with(mode) && line.ends_with(&format!(" {name}/{file}")));
        for file in ["stickyctl", "sticky-app"] {
            assert!(has("-rwxr-xr-x", file), "{platform}: no {file} in {listed}");
        }
        for file in ["LICENSE", "README.md", "kind-config.yaml", "man/man1/stickyctl.1", "man/man1/stickyctl-up.1", "man/man1/sticky-app.1"] {
            assert!(has("-rw-r--r--", file), "{platform}: no {file} in {listed}");
        }
        for file in ["stickyctl.bash", "_stickyctl", "stickyctl.fish"] {
            assert!(has("-rw-r--r--", &format!("completions/{file}")), "{platform}: no {file} in {listed}");
        }
        let unpacked = work.join("unpacked");
        fs::create_dir_all(&unpacked)?;
        tar(&["-C", unpacked.to_str().context("no text")?, "-xf"], &archive);
        let machine = MACHINES.iter().find(|(arch, _)| platform.ends_with(arch)).context("no such processor")?.1;
        assert_eq!(fs::read(unpacked.join(&name).join("sticky-app"))?[MACHINE], machine, "{platform}: a node's processor is the machine's");
        if platform == own() {
            assert!(text(&Command::new(unpacked.join(&name).join("stickyctl")).arg("--version").output()?).starts_with("stickyctl "));
        }
    }
    Ok(())
}

/// As the one who downloads checks them.
fn checksums(out: &Path) -> Result<()> {
    let check = || Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(out).output();
    assert_eq!(text(&check()?).lines().count(), names(out).len() - 1);
    let archive = out.join(format!("stickyctl-{VERSION}-{}.tar.gz", own()));
    let mut bytes = fs::read(&archive)?;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&archive, bytes)?;
    assert!(!check()?.status.success(), "a changed archive");
    Ok(())
}

#[test]
fn a_release_has_the_name_of_its_tag() {
    let names = |tag: &str, owner: &str| script("names").args([tag, owner]).output().unwrap();
    assert_eq!(text(&names(&format!("v{VERSION}"), "Some-Owner")), format!("version={VERSION}\nrepository=ghcr.io/some-owner/sticky-app\n"));
    for tag in ["v9.9.9", VERSION, "v"] {
        let done = names(tag, "x");
        assert!(!done.status.success() && String::from_utf8_lossy(&done.stderr).contains(&format!("the tag is {tag}, and the version")), "{done:?}");
    }
}

/// A registry of this test's own.
struct Registry(std::process::Child);

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_registry_has_the_image_for_both_processors() -> Result<()> {
    let Some(path) = path().await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let (built_in, out) = (folder.path().join("built"), folder.path().join("out"));
    built(&built_in)?;
    let address = format!("127.0.0.1:{}", ports::free()?);
    let crane = lint::built("crane").await?.context("no crane")?;
    let serve = Command::new(&crane).args(["registry", "serve", "--address", &address]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let _registry = Registry(serve);
    let repository = format!("{address}/team/sticky-app");
    pack(&path, &built_in, &out, &repository);
    let is_up = async || std::net::TcpStream::connect(&address).ok();
    wait::until("the registry", Duration::from_secs(20), is_up).await?;

    let pushed = text(&script("push").arg(&out).arg(&repository).env("PATH", &path).output()?);
    let ask = |words: &[&str]| text(&Command::new(&crane).args(words).output().unwrap()).trim_end().to_owned();
    let whole = format!("{repository}:{VERSION}");
    assert_eq!(pushed.trim_end(), ask(&["digest", &whole]));
    let index: Value = serde_json::from_str(&ask(&["manifest", &whole]))?;
    let manifests = index["manifests"].as_array().context("no index")?;
    assert_eq!(manifests.len(), 2, "{index}");
    for (manifest, (arch, _)) in manifests.iter().zip(MACHINES) {
        assert_eq!((&manifest["platform"]["architecture"], &manifest["platform"]["os"]), (&arch.into(), &"linux".into()), "{index}");
        // The digest that the archive's maker told is the one that nodes pull by.
        let digest = digest(&out.join(format!("sticky-app-{VERSION}-linux-{arch}.tar")), &folder.path().join(arch))?;
        assert_eq!(manifest["digest"], digest, "{index}");
        assert_eq!(ask(&["digest", &format!("{whole}-{arch}")]), digest);
    }
    Ok(())
}

/// The digest of an archive's only image.
fn digest(archive: &Path, folder: &PathBuf) -> Result<String> {
    fs::create_dir_all(folder)?;
    tar(&["-C", folder.to_str().context("no text")?, "-xf"], archive);
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json"))?)?;
    Ok(index["manifests"][0]["digest"].as_str().context("no digest")?.to_owned())
}
