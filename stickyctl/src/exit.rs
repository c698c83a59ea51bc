//! The exit codes of every command.

use std::process::ExitCode;

/// How a command ended; the value is the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command did what was asked.
    Done = 0,
    /// Any failure that has no code of its own.
    Failed = 1,
    /// Wrong usage; clap uses the same code.
    Usage = 2,
    /// The run completed with a negative finding: not sticky.
    Negative = 3,
    /// It timed out while waiting.
    TimedOut = 4,
    /// A prerequisite is missing: a cluster, a kubeconfig, permission, a program.
    Prerequisite = 5,
    /// The run completed with an inconclusive finding.
    Inconclusive = 6,
    /// Ctrl-C ended it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The line below `--help`.
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

/// A failure as the user gets to see it: what was being done and why it failed, what to try, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// The exit code of the command.
    pub exit: Exit,
    /// What was being done, to what, and why it failed.
    pub what: String,
    /// Commands or settings to try next, one line each, the most promising first.
    pub tries: Vec<String>,
}

impl Failure {
    /// A failure without next steps.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), tries: Vec::new() }
    }

    /// Adds a next step.
    #[must_use]
    pub fn try_this(mut self, hint: impl Into<String>) -> Self {
        self.tries.push(hint.into());
        self
    }
}
