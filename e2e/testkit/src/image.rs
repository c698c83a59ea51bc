//! The app's image as users get it: the static binary in the profile `dist`, and the archive that `stickyctl image` makes from it.

use crate::{bin, tree};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The first flag makes the binary static; the second keeps it from opening a device that an empty image lacks.
const FLAGS: &str = r#"-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom""#;
/// Variables that cargo sets for the programs it runs. With them, build scripts that read them (ring's does) would rerun in each build
/// from a test, at the cost of four minutes of compiling.
const CARGOS_OWN: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// The target folder of this test's build, usually `target`.
fn target() -> Result<PathBuf> {
    let tool = bin::stickyctl()?;
    let folder = tool.parent().and_then(Path::parent).with_context(|| format!("{} is in no build's folder", tool.display()))?;
    Ok(folder.to_owned())
}

/// The static binary, built if it is missing or older than its sources. The first build takes minutes, later ones a second.
pub fn binary() -> Result<PathBuf> {
    let target = target()?;
    let lock = File::create(target.join("image.lock")).context("making the lock of the image's build")?;
    lock.lock().context("waiting for another test that builds the image")?;
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(tree::root()).args(["build", "--quiet", "--locked", "--profile", "dist", "--package", "sticky-app"]);
    cargo.args(["--target", &triple, "--target-dir"]).arg(&target);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| CARGOS_OWN.iter().any(|own| name.starts_with(own)))) {
        cargo.env_remove(name);
    }
    // A fixed commit: with the real one, each commit would relink the binary, which takes a minute.
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", FLAGS).env("STICKY_COMMIT", "test");
    let built = cargo.output().context("can't start cargo")?;
    if !built.status.success() {
        bail!("building the static sticky-app: {}\n{}", built.status, String::from_utf8_lossy(&built.stderr));
    }
    Ok(target.join(triple).join("dist/sticky-app"))
}

/// A static stickyctl: what a release has, in the profile of this test's build, so that only its last step is done again. Takes seconds.
pub fn tool() -> Result<PathBuf> {
    let target = target()?;
    let lock = File::create(target.join("tool.lock")).context("making the lock of the static stickyctl")?;
    lock.lock().context("waiting for another test that links stickyctl")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(tree::root()).args([
        "rustc",
        "--quiet",
        "--locked",
        "--package",
        "e2e",
        "--bin",
        "stickyctl-static",
        "--features",
        "e2e/static",
    ]);
    cargo.arg("--target-dir").arg(&target).args(["--", "-C", "target-feature=+crt-static", "-C", "strip=symbols"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| CARGOS_OWN.iter().any(|own| name.starts_with(own)))) {
        cargo.env_remove(name);
    }
    let built = cargo.output().context("can't start cargo")?;
    if !built.status.success() {
        bail!("linking a static stickyctl: {}\n{}", built.status, String::from_utf8_lossy(&built.stderr));
    }
    Ok(target.join("debug/stickyctl-static"))
}

/// The image's archive. Tests in several processes can call it: the first one builds, and the file is complete at any time.
pub fn archive() -> Result<PathBuf> {
    let binary = binary()?;
    let folder = target()?.join("image");
    fs::create_dir_all(&folder)?;
    let archive = folder.join("sticky-app.tar");
    // Packing takes seconds in the profile that most tests are built in.
    if !newer(&archive, &[&binary, &bin::stickyctl()?]) {
        write(&binary, &archive)?;
    }
    Ok(archive)
}

/// Whether `made` exists and is newer than everything it is made from.
fn newer(made: &Path, from: &[&Path]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|facts| facts.modified()).ok();
    time(made).is_some_and(|made| from.iter().all(|path| time(path).is_some_and(|time| time < made)))
}

/// Runs `stickyctl image` on a binary and returns its stderr.
pub fn write(binary: &Path, archive: &Path) -> Result<String> {
    let made = Command::new(bin::stickyctl()?).args(["image", "--app-binary"]).arg(binary).arg("--out").arg(archive).output()?;
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    if !made.status.success() {
        bail!("stickyctl image: {}\n{said}", made.status);
    }
    Ok(said)
}
