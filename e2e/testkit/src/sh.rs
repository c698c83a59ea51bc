//! Other programs, run to their end.

use crate::wait;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// For a program that only asks the kernel for something.
const SHORT: Duration = Duration::from_secs(30);

/// A program with its arguments.
pub fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs a short program, its words parted by blanks; what it wrote to stdout.
///
/// # Errors
/// It could not be started, failed or did not end; all that it said is part of the error.
pub async fn run(line: &str) -> Result<String> {
    let mut words = line.split(' ');
    output(SHORT, command(words.next().unwrap_or_default(), words)).await
}

/// Runs a program with a deadline; what it wrote to stdout.
///
/// # Errors
/// It could not be started, failed or did not end; all that it said is part of the error.
pub async fn output(limit: Duration, mut command: Command) -> Result<String> {
    command.stdin(Stdio::null());
    end(limit, command, None).await
}

/// The same with a text on stdin.
///
/// # Errors
/// It could not be started, failed or did not end; all that it said is part of the error.
pub async fn feed(limit: Duration, mut command: Command, input: &[u8]) -> Result<String> {
    command.stdin(Stdio::piped());
    end(limit, command, Some(input)).await
}

/// The same with our own stdin.
///
/// # Errors
/// It could not be started, failed or did not end; all that it said is part of the error.
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
