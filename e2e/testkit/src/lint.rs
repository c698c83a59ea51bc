//! Linters for files that no compiler reads: workflows, the Dockerfile, scripts, manifests.

use crate::{cluster, pip, skip};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// A linter from `e2e/lint/requirements.txt`; `None` where [`pip::installed`] returns `None`.
///
/// # Errors
/// They can't be installed, or none has that name.
pub fn packaged(name: &str) -> Result<Option<PathBuf>> {
    let Some(folder) = pip::installed("lint/requirements.txt", "lint")? else { return Ok(None) };
    let program = folder.join("bin").join(name);
    if !program.is_file() {
        bail!("e2e/lint/requirements.txt has no {name}");
    }
    Ok(Some(program))
}

/// A program from the Go modules in `e2e/cluster`, built if necessary. Without Go, returns `None` and records the test as skipped, even
/// with `CI` set: `cargo xtask test` is for machines that have only Rust, and `.ci/run` fails without Go.
pub async fn built(name: &str) -> Result<Option<PathBuf>> {
    let program = cluster::tool(name).await?;
    if program.is_none() {
        skip::because(&format!("{name} is built with Go, and there is no `go` in PATH"));
    }
    Ok(program)
}
