//! Runs other programs until they exit.

use crate::wait;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Deadline for a program that only talks to the kernel.
const SHORT: Duration = Duration::from_secs(30);

pub fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs a short program from a line whose words are separated by spaces, and returns its stdout.
///
/// # Errors
/// It can't be started, fails, or misses the deadline. The error includes its output.
pub async fn run(line: &str) -> Result<String> {
    let mut words = line.split(' ');
    output(SHORT, command(words.next().unwrap_or_default(), words)).await
}

/// Runs a program with a deadline and returns its stdout.
///
/// # Errors
/// It can't be started, fails, or misses the deadline. The error includes its output.
pub async fn output(limit: Duration, mut command: Command) -> Result<String> {
    command.stdin(Stdio::null());
    end(limit, command, None).await
}

/// Like [`output`], with `input` on stdin.
///
/// # Errors
/// It can't be started, fails, or misses the deadline. The error includes its output.
pub async fn feed(limit: Duration, mut command: Command, input: &[u8]) -> Result<String> {
    command.stdin(Stdio::piped());
    end(limit, command, Some(input)).await
}

/// Like [`output`], with our own stdin.
///
/// # Errors
/// It can't be started, fails, or misses the deadline. The error includes its output.
pub async fn attached(limit: Duration, mut command: Command) -> Result<String> {
    command.stdin(Stdio::inherit());
    end(limit, command, None).await
}

async fn end(limit: Duration, mut command: Command, input: Option<&[u8]>) -> Result<String> {
    let shown = shown(&command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("can't start {shown}"))?;
    if let (Some(text), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(text).await.with_context(|| format!("{shown} did not read its input"))?;
    }
    let done = wait::within(&shown, limit, child.wait_with_output()).await??;
    if !done.status.success() {
        bail!("{shown}: {}\n{}{}", done.status, String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
