//! Paths of the built binaries.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// `target/PROFILE/NAME`, beside the running test.
pub fn path(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("where is this test?")?;
    // Tests are in target/PROFILE/deps, the runner is in target/PROFILE.
    for folder in own.ancestors().skip(1).take(2) {
        let file = folder.join(name);
        if file.is_file() {
            return Ok(file);
        }
    }
    bail!("no {name} beside {}: run `cargo build --workspace --bins` first (with the same profile)", own.display())
}

pub fn sticky_app() -> Result<PathBuf> {
    path("sticky-app")
}

pub fn stickyctl() -> Result<PathBuf> {
    path("stickyctl")
}
