//! Where output goes: this process's own streams, or what a test reads.

use crate::fit::columns;
use indicatif::ProgressBar;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use sticky_app::console;

/// Where text goes, and whether it is interactive.
pub(crate) trait Sink: std::fmt::Debug + Sync {
    /// Writes to stdout. Returns whether somebody reads it.
    fn out(&self, bytes: &[u8]) -> io::Result<bool>;
    /// Writes a line to stderr.
    fn err(&self, line: &str);
    /// Whether stderr is a terminal, so that somebody reads along.
    fn is_read(&self) -> bool;
    /// The width of that terminal.
    fn columns(&self) -> Option<usize>;
    /// The width of stdout's terminal.
    fn out_columns(&self) -> Option<usize>;
    /// Whether a line of stderr can be drawn over and over.
    fn can_redraw(&self) -> bool;
    /// Whether the user can answer a question.
    fn can_ask(&self) -> bool;
    /// Asks a question and returns the typed line.
    fn ask(&self, question: &str) -> String;
}

/// The line that is being drawn on stderr. Whatever else is written there goes above it; written into it, it would leave a copy of the
/// line behind.
pub(super) static LIVE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// This process's own streams.
#[derive(Debug)]
pub(super) struct Streams;

impl Sink for Streams {
    fn out(&self, bytes: &[u8]) -> io::Result<bool> {
        let mut out = io::stdout().lock();
        console::heard(out.write_all(bytes).and_then(|()| out.flush()))
    }

    fn err(&self, line: &str) {
        let write = || console::report(&format!("{line}\n"));
        let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match live {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn is_read(&self) -> bool {
        io::stderr().is_terminal()
    }

    fn columns(&self) -> Option<usize> {
        columns(&io::stderr())
    }

    fn out_columns(&self) -> Option<usize> {
        columns(&io::stdout())
    }

    fn can_redraw(&self) -> bool {
        self.is_read() && std::env::var_os("CI").is_none() && std::env::var("TERM").as_deref() != Ok("dumb")
    }

    fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && self.is_read()
    }

    fn ask(&self, question: &str) -> String {
        console::report(question);
        let mut line = String::new();
        // Input that can't be read counts as no answer.
        let _ = io::stdin().read_line(&mut line);
        line
    }
}
