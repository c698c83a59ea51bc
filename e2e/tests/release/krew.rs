//! The manifest of the kubectl plugin, checked by krew's own rules, and the image of stickyctl itself.

use crate::pack::{MACHINE, MACHINES, VERSION, copy, packed, script, tar, text};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use testkit::{bin, image};

/// What krew accepts (krew `internal/index/validation/validate.go`), and what it asks of new plugins: a license among the files
/// (krew.sigs.k8s.io, "Submitting plugins to Krew"). A list of plugins shows about 50 characters of the short description.
fn validate(manifest: &Value) {
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!((&manifest["kind"], &manifest["metadata"]["name"]), (&"Plugin".into(), &"sticky".into()));
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], format!("v{VERSION}"));
    let short = spec["shortDescription"].as_str().unwrap();
    assert!(!short.is_empty() && short.len() <= 50 && !short.contains(['\n', '\r']) && !short.ends_with('.'), "{short}");
    assert!(spec["homepage"].as_str().unwrap().starts_with("https://") && spec["description"].is_string());
    let platforms = spec["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), 4);
    for platform in platforms {
        assert!(platform["uri"].as_str().is_some_and(|uri| uri.starts_with("https://github.com/some-owner/sticky-sessions/releases/download/")));
        let sum = platform["sha256"].as_str().unwrap();
        assert!(sum.len() == 64 && sum.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)), "{sum}");
        assert_eq!(platform["bin"], "stickyctl");
        let files = platform["files"].as_array().unwrap();
        assert!(
            !files.is_empty() && files.iter().all(|file| ["from", "to"].iter().all(|key| file[key].as_str().is_some_and(|text| !text.is_empty())))
        );
        let labels = platform["selector"]["matchLabels"].as_object().unwrap();
        assert!(!labels.is_empty() && labels.keys().all(|key| key == "os" || key == "arch"));
        assert!(platform["selector"]["matchExpressions"].is_null());
    }
}

/// Krew downloads an archive, checks its digest, copies `files` out of it, and links `bin` as `kubectl-sticky`.
#[tokio::test]
async fn the_plugins_manifest_is_one_that_krew_installs() -> Result<()> {
    let Some(packed) = packed().await? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("out");
    copy(packed, &out)?;
    text(&script("krew").arg(&out).arg("some-owner/sticky-sessions").output()?);
    let manifest: Value = serde_yaml::from_str(&fs::read_to_string(out.join("sticky.yaml"))?)?;
    validate(&manifest);
    let sums = fs::read_to_string(out.join("SHA256SUMS"))?;
    let sums: BTreeMap<&str, &str> = sums.lines().filter_map(|line| line.split_once("  ")).map(|(sum, file)| (file, sum)).collect();
    for platform in manifest["spec"]["platforms"].as_array().context("no platforms")? {
        let file = platform["uri"].as_str().and_then(|uri| uri.rsplit('/').next()).context("no file")?;
        assert_eq!(sums.get(file).copied(), platform["sha256"].as_str(), "{file}");
        let listed = tar(&["-tf"], &out.join(file));
        let from: Vec<&str> = platform["files"].as_array().context("no files")?.iter().filter_map(|one| one["from"].as_str()).collect();
        assert!(from.iter().all(|path| listed.lines().any(|line| line == *path)), "{file}: {from:?}\n{listed}");
        assert!(from.iter().any(|path| path.ends_with("/stickyctl")) && from.iter().any(|path| path.ends_with("/LICENSE")));
    }
    fs::remove_file(out.join("SHA256SUMS"))?;
    fs::write(out.join("SHA256SUMS"), "")?;
    fs::remove_file(out.join("sticky.yaml"))?;
    let without = script("krew").arg(&out).arg("some-owner/sticky-sessions").output()?;
    assert!(!without.status.success() && String::from_utf8_lossy(&without.stderr).contains("run pack first"), "{without:?}");
    assert!(!out.join("sticky.yaml").exists(), "no half of a manifest");
    Ok(())
}

#[test]
fn the_image_of_the_tool_is_packed_for_both_processors() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Only the header of a program is looked at.
    let mut program = fs::read(image::binary()?)?;
    for (arch, machine) in MACHINES {
        program[MACHINE] = machine;
        fs::create_dir_all(folder.path().join(format!("linux-{arch}")))?;
        fs::write(folder.path().join(format!("linux-{arch}/stickyctl")), &program)?;
    }
    let out = folder.path().join("out");
    text(&script("tool").arg(bin::stickyctl()?).arg(folder.path()).arg(&out).arg("registry.example/team/sticky-app").output()?);
    for (arch, _) in MACHINES {
        let index = tar(&["-xO", "index.json", "-f"], &out.join(format!("stickyctl-{VERSION}-linux-{arch}.tar")));
        assert!(index.contains(&format!("registry.example/team/stickyctl:{VERSION}")), "{index}");
    }
    assert!(Path::new(&out).read_dir()?.count() == 2);
    Ok(())
}
