//! Packages from npm: the JavaScript checkers and axe-core. `e2e/lint/js/package-lock.json` pins them, and they are installed once.
//!
//! To update one, change its version in `package.json` there and run `npm install --package-lock-only` in that folder.

use crate::tools;
use crate::tree::root;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

/// `target/npm/node_modules`, installed if necessary. Without npm, returns `None` and records the test as skipped.
///
/// # Panics
/// Node or npm is missing and `CI` is set.
pub fn installed() -> Result<Option<PathBuf>> {
    if !tools::present(&["node", "npm"]) {
        return Ok(None);
    }
    let (wanted, folder) = (root().join("e2e/lint/js"), root().join("target/npm"));
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock().context("waiting for another test that installs npm packages")?;
    // Written last, so its content says which packages are completely installed.
    let done = folder.join("installed.json");
    let locked = fs::read(wanted.join("package-lock.json"))?;
    if fs::read(&done).ok().as_ref() != Some(&locked) {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(wanted.join(file), folder.join(file)).with_context(|| format!("copying {file}"))?;
        }
        // Deletes what an earlier installation left. Packages run no scripts.
        let mut npm = Command::new(tools::find("npm").context("no npm")?);
        npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
        let ran = npm.output().context("can't start npm")?;
        if !ran.status.success() {
            bail!("{npm:?}: {}\n{}", ran.status, String::from_utf8_lossy(&ran.stderr));
        }
        fs::write(&done, locked)?;
    }
    Ok(Some(folder.join("node_modules")))
}
