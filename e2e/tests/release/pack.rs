//! Packs and pushes a release with the scripts that the workflow calls.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use testkit::tree::root;
use testkit::{bin, image, lint};
use tokio::sync::OnceCell;

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
const REPOSITORY: &str = "registry.example/team/sticky-app";
const PLATFORMS: [&str; 4] = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];
/// The offset of the processor in an ELF file, and the numbers of the two processors.
pub(crate) const MACHINE: usize = 18;
pub(crate) const MACHINES: [(&str, u8); 2] = [("amd64", 62), ("arm64", 183)];

pub(crate) fn script(name: &str) -> Command {
    let mut script = Command::new(root().join(".github/release").join(name));
    script.stdin(Stdio::null());
    script
}

pub(crate) fn text(done: &Output) -> String {
    assert!(done.status.success(), "{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout.clone()).unwrap()
}

pub(crate) fn own() -> String {
    format!("linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" })
}

/// The programs as the workflow's jobs store them: real ones for this machine, and fakes with the right header for others.
fn built(folder: &Path) -> Result<()> {
    for platform in PLATFORMS {
        fs::create_dir_all(folder.join(platform))?;
        fs::write(folder.join(platform).join("stickyctl"), format!("a program for {platform}"))?;
    }
    // A debug build has a hundred megabytes, which takes too long to pack.
    let program = bin::stickyctl()?;
    fs::write(folder.join(own()).join("stickyctl"), format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display()))?;
    let mut app = fs::read(image::binary()?)?;
    for (arch, machine) in MACHINES {
        app[MACHINE] = machine;
        fs::write(folder.join(format!("linux-{arch}/sticky-app")), &app)?;
    }
    Ok(())
}

/// A PATH with the built programs first.
pub(crate) async fn path() -> Result<Option<std::ffi::OsString>> {
    let Some(crane) = lint::built("crane").await? else { return Ok(None) };
    if root().join("helm/Chart.yaml").exists() {
        lint::built("helm").await?;
    }
    let folders = std::iter::once(crane.parent().context("no folder")?.to_owned());
    Ok(Some(std::env::join_paths(folders.chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())))?))
}

fn pack(path: &OsStr, built: &Path, out: &Path) {
    text(&script("pack").arg(built).arg(out).arg(REPOSITORY).env("PATH", path).output().unwrap());
}

/// A release, packed once for all tests; `None` if a program for it is missing. A test that changes it makes a copy.
pub(crate) async fn packed() -> Result<Option<&'static Path>> {
    static PACKED: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let packed = PACKED.get_or_try_init(async || -> Result<_> {
        let Some(path) = path().await? else { return Ok(None) };
        let from = tempfile::tempdir()?;
        built(from.path())?;
        // It has to exist for the whole run, so only the next run deletes it.
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        pack(&path, from.path(), &out);
        Ok(Some(out))
    });
    Ok(packed.await?.as_deref())
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for name in names(from) {
        fs::copy(from.join(&name), to.join(&name))?;
    }
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn tar(words: &[&str], archive: &Path) -> String {
    text(&Command::new("tar").args(words).arg(archive).env("TZ", "UTC").output().unwrap())
}

#[tokio::test]
async fn archives_are_whole_and_the_same_twice() -> Result<()> {
    let (Some(path), Some(first)) = (path().await?, packed().await?) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    // At another time, in another folder, with other permissions.
    let (again, second) = (folder.path().join("again"), folder.path().join("second"));
    built(&again)?;
    fs::set_permissions(again.join(own()).join("stickyctl"), fs::Permissions::from_mode(0o600))?;
    pack(&path, &again, &second);

    let archives = PLATFORMS.map(|platform| format!("stickyctl-{VERSION}-{platform}.tar.gz"));
    let images = MACHINES.map(|(arch, _)| format!("sticky-app-{VERSION}-linux-{arch}.tar"));
    let (charts, rest): (Vec<_>, Vec<_>) = names(first).into_iter().partition(|name| name.ends_with(".tgz"));
    let mut expected: Vec<_> = archives.iter().chain(&images).cloned().chain(["SHA256SUMS".to_owned()]).collect();
    expected.sort();
    assert_eq!(rest, expected);
    assert_eq!(charts.len(), usize::from(root().join("helm/Chart.yaml").exists()), "{charts:?}");
    for name in archives.iter().chain(&images) {
        assert!(fs::read(first.join(name))? == fs::read(second.join(name))?, "{name} differs");
    }
    content(first, folder.path())?;
    let changed = folder.path().join("changed");
    copy(first, &changed)?;
    checksums(&changed)
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
        for file in [
            "LICENSE",
            "README.md",
            "kind-config.yaml",
            "sbom.cdx.json",
            "THIRD-PARTY-NOTICES.txt",
            "man/man1/stickyctl.1",
            "man/man1/stickyctl-up.1",
            "man/man1/sticky-app.1",
        ] {
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
        bill(&unpacked.join(&name), platform)?;
        if platform == own() {
            assert!(text(&Command::new(unpacked.join(&name).join("stickyctl")).arg("--version").output()?).starts_with("stickyctl "));
        }
    }
    Ok(())
}

/// What the programs are made of: each crate of this platform and no other, with its checksum and its license's text.
fn bill(folder: &Path, platform: &str) -> Result<()> {
    let sbom: Value = serde_json::from_str(&fs::read_to_string(folder.join("sbom.cdx.json"))?)?;
    assert_eq!((&sbom["bomFormat"], &sbom["metadata"]["component"]["version"]), (&"CycloneDX".into(), &VERSION.into()));
    let notices = fs::read_to_string(folder.join("THIRD-PARTY-NOTICES.txt"))?;
    let components = sbom["components"].as_array().context("no components")?;
    let references: BTreeSet<&str> = components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
    assert!(references.len() == components.len() && components.len() > 100, "{platform}: {}", components.len());
    for one in components.iter().filter(|one| !["stickyctl", "sticky-app", "sticky-core", "sticky-affinity"].contains(&one["name"].as_str().unwrap()))
    {
        let (name, version) = (one["name"].as_str().unwrap(), one["version"].as_str().unwrap());
        assert_eq!(one["hashes"][0]["content"].as_str().map(str::len), Some(64), "{platform}: {name}");
        assert!(notices.contains(&format!("\n{name} {version}  ")), "{platform}: no license of {name} {version}");
    }
    for edge in sbom["dependencies"].as_array().context("no dependencies")?.iter().flat_map(|one| one["dependsOn"].as_array().unwrap()) {
        assert!(references.contains(edge.as_str().unwrap()), "{platform}: {edge} is not listed");
    }
    let has = |name: &str| components.iter().any(|one| one["name"] == name);
    assert!(has("tokio") && has("redis") && has("kube") && !has("proptest") && !has("fantoccini"), "{platform}");
    assert_eq!(has("security-framework"), platform.starts_with("darwin"), "{platform}: the keychain is macOS's");
    Ok(())
}

/// Checks the checksums as a user would after the download: they match, and a changed byte is found.
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
        assert!(
            !done.status.success() && String::from_utf8_lossy(&done.stderr).contains(&format!("tag {tag} does not match the version")),
            "{done:?}"
        );
    }
}
