//! Progress lines of commands that take minutes.

use anyhow::Result;
use std::time::Instant;

/// Runs one phase and prints how long it took.
#[allow(clippy::print_stdout, reason = "a command talks to whoever called it")]
pub async fn phase<T>(name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let start = Instant::now();
    let done = work.await;
    let word = if done.is_ok() { "done" } else { "FAILED" };
    println!("== cluster: {name}: {word} after {:.1} s", start.elapsed().as_secs_f64());
    done
}

#[allow(clippy::print_stdout, reason = "a command talks to whoever called it")]
pub fn say(line: &str) {
    println!("{line}");
}
