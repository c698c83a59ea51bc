//! The exit codes of every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// It was called wrongly (clap's own code).
    Usage = 2,
    /// It ran, and what it found is bad: not sticky.
    Negative = 3,
    /// It gave up waiting.
    TimedOut = 4,
    /// Something that it needs is missing.
    Prerequisite = 5,
    /// It ran, and what it found tells neither way.
    Inconclusive = 6,
    /// It was interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Shown below `--help`.
pub const HELP: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a negative finding, 4 timed out, 5 a prerequisite is missing, 6 inconclusive, 130 interrupted.";

/// An error that a command can end with. Its `Display` says what was being done, to what, and why it failed; this trait adds
/// the rest of what a user gets to see. Every module's error enum implements it, and `?` turns such an error into a [`Failure`].
pub trait Explained: std::error::Error {
    /// The exit code of a command that ends with this error.
    fn exit(&self) -> Exit;

    /// Commands or settings to try next, one line each, the most promising first.
    fn next_steps(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<E: Explained> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: error.exit(), what: error.to_string(), tries: error.next_steps() }
    }
}

/// A failure with its exit code: what was being done and why it failed, and what to try.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What was being done, to what, and why it failed.
    pub what: String,
    /// What to try; one line each.
    pub tries: Vec<String>,
}

impl Failure {
    /// A failure with nothing to try yet.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), tries: Vec::new() }
    }

    /// Adds something to try.
    #[must_use]
    pub fn try_this(mut self, hint: impl Into<String>) -> Self {
        self.tries.push(hint.into());
        self
    }
}
