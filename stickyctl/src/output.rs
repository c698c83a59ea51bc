//! What a person reads. The answer goes to stdout, everything else to stderr.

use crate::exit::Failure;
use owo_colors::OwoColorize;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// How commands speak.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    quiet: bool,
    unicode: bool,
}

/// The mark at the head of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Done.
    Done,
    /// A warning.
    Warning,
    /// Under way.
    Busy,
}

impl Output {
    /// Speaks to this process's streams; `quiet` leaves the answer and errors.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let var = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { quiet, unicode: utf8 && var("TERM").as_deref() != Some("dumb") }
    }

    /// One phase: mark, name, what, and how long it took.
    pub fn phase(self, mark: Mark, name: &str, what: &str, took: Option<Duration>) {
        if self.quiet {
            return;
        }
        let sign = match (mark, self.unicode) {
            (Mark::Done, true) => "✓".green().to_string(),
            (Mark::Done, false) => "ok".green().to_string(),
            (Mark::Warning, true) => "!".yellow().to_string(),
            (Mark::Warning, false) => "!!".yellow().to_string(),
            (Mark::Busy, true) => "·".dimmed().to_string(),
            (Mark::Busy, false) => "..".dimmed().to_string(),
        };
        let line = format!("{name:<11} {what}");
        let took = took.map(short).unwrap_or_default();
        if took.is_empty() {
            return say(format_args!("{sign} {line}"));
        }
        let pad = 76_usize.saturating_sub(line.chars().count()).max(took.len() + 1);
        say(format_args!("{sign} {line}{}", format!("{took:>pad$}").dimmed()));
    }

    /// A line of its own, on stderr.
    pub fn note(self, line: &str) {
        if !self.quiet {
            say(format_args!("{line}"));
        }
    }

    /// What to try next: only where somebody is there to read it.
    pub fn hint(self, line: &str) {
        if std::io::stderr().is_terminal() {
            self.note(line);
        }
    }

    /// The answer, on stdout.
    pub fn answer(self, text: &str) {
        let mut out = anstream::stdout().lock();
        // A reader that went away (`| head`) is no failure of ours.
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// A failure.
    pub fn failure(self, failure: &Failure) {
        say(format_args!("{} {}", "error:".red().bold(), failure.what));
        if !failure.tries.is_empty() {
            say(format_args!("\ntry one of these:"));
            for hint in &failure.tries {
                say(format_args!("  {hint}"));
            }
        }
    }
}

fn say(line: std::fmt::Arguments<'_>) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// `31 ms`, `4.1 s`, `4 min`, `2 h`.
#[must_use]
pub fn short(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..=999 => format!("{ms} ms"),
        ms @ 1_000..=99_999 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms @ 100_000..=7_199_999 => format!("{} min", ms / 60_000),
        ms => format!("{} h", ms / 3_600_000),
    }
}
