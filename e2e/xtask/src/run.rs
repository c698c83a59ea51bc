//! Runs other programs, phase by phase.

use anyhow::{Context, Result};
use std::process::Command;
use std::time::Instant;
use testkit::tree;

/// A cargo command in the workspace's folder.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tree::root()).args(words);
    command
}

/// Runs one phase, prints how long it took, and returns its exit code.
pub(crate) fn phase(name: &str, command: &mut Command) -> Result<u8> {
    println!("== {name}: {command:?}");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("can't run {:?}", command.get_program()))?;
    println!("== {name}: {} after {:.1} s", if status.success() { "done" } else { "FAILED" }, start.elapsed().as_secs_f64());
    Ok(exit_code(status))
}

/// The exit code as a byte; 0 only for success.
pub(crate) fn exit_code(status: std::process::ExitStatus) -> u8 {
    if status.success() { 0 } else { u8::try_from(status.code().unwrap_or(1)).unwrap_or(1).max(1) }
}
