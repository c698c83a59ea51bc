//! Other programs, one phase after another.

use anyhow::{Context, Result};
use std::process::Command;
use std::time::Instant;
use testkit::tree;

/// cargo, in the workspace's folder.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tree::root()).args(words);
    command
}

/// Runs one phase and prints how long it took; its exit code.
///
/// # Errors
/// The program can't be started.
pub(crate) fn phase(name: &str, command: &mut Command) -> Result<u8> {
    println!("== {name}: {command:?}");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("can't run {:?}", command.get_program()))?;
    println!("== {name}: {} after {:.1} s", if status.success() { "done" } else { "FAILED" }, start.elapsed().as_secs_f64());
    Ok(exit_code(status))
}

/// 0 for success, and nothing but success.
pub(crate) fn exit_code(status: std::process::ExitStatus) -> u8 {
    if status.success() { 0 } else { u8::try_from(status.code().unwrap_or(1)).unwrap_or(1).max(1) }
}
