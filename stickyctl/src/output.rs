//! What a person reads. The answer goes to stdout, everything else to stderr.

use crate::exit::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How commands speak.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    quiet: bool,
    unicode: bool,
}

/// The form of an answer: `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// The mark at the head of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// A warning.
    Warning,
    /// Left out.
    Skipped,
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

    /// Whether signs beyond ASCII are shown.
    #[must_use]
    pub const fn unicode(self) -> bool {
        self.unicode
    }

    /// One phase: mark, name, what, and how long it took.
    pub fn phase(self, mark: Mark, name: &str, what: &str, took: Option<Duration>) {
        if self.quiet {
            return;
        }
        let sign = self.sign(mark);
        let line = format!("{name:<11} {what}");
        let took = took.map(short).unwrap_or_default();
        if took.is_empty() {
            return say(format_args!("{sign} {line}"));
        }
        let pad = 76_usize.saturating_sub(line.chars().count()).max(took.len() + 1);
        say(format_args!("{sign} {line}{}", format!("{took:>pad$}").dimmed()));
    }

    /// A warning that belongs to no phase.
    pub fn warning(self, what: &str) {
        if !self.quiet {
            say(format_args!("{} {what}", self.sign(Mark::Warning)));
        }
    }

    fn sign(self, mark: Mark) -> String {
        match (mark, self.unicode) {
            (Mark::Done, true) => "✓".green().to_string(),
            (Mark::Done, false) => "ok".green().to_string(),
            (Mark::Failed, true) => "✗".red().to_string(),
            (Mark::Failed, false) => "FAIL".red().to_string(),
            (Mark::Skipped, true) => "–".dimmed().to_string(),
            (Mark::Skipped, false) => "--".dimmed().to_string(),
            (Mark::Warning, true) => "!".yellow().to_string(),
            (Mark::Warning, false) => "!!".yellow().to_string(),
            (Mark::Busy, true) => "·".dimmed().to_string(),
            (Mark::Busy, false) => "..".dimmed().to_string(),
        }
    }

    /// Begins a phase that is waited for.
    #[must_use]
    pub fn live(self, name: &str) -> Live {
        // A line that is written over and over is for a terminal that can.
        let visible =
            !self.quiet && std::io::stderr().is_terminal() && std::env::var_os("CI").is_none() && std::env::var("TERM").as_deref() != Ok("dumb");
        let bar = visible.then(|| {
            let frames = if self.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "-\\|/ " };
            let style = ProgressStyle::with_template("{spinner} {prefix:<11} {wide_msg} {elapsed:>4}").map(|style| style.tick_chars(frames));
            let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner())).with_prefix(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Live { output: self, name: name.to_owned(), began: Instant::now(), bar }
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

    /// Whether somebody is there to be asked.
    #[must_use]
    pub fn can_ask() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks a question with yes or no; no where nobody is there. Anything but a yes is a no.
    #[must_use]
    pub fn confirm(self, question: &str) -> bool {
        if !Self::can_ask() {
            return false;
        }
        let _ = write!(anstream::stderr().lock(), "{question} [y/N] ");
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).is_ok();
        read && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// The answer, on stdout.
    pub fn answer(self, text: &str) {
        let mut out = anstream::stdout().lock();
        // A reader that went away (`| head`) is no failure of ours.
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    /// The answer in place of all that the terminal shows. The sequence clears whether or not colour is wanted, so it goes past
    /// what strips colour.
    pub fn screen(self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "\x1b[H\x1b[2J{text}");
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

/// A phase under way. On a terminal it says what it waits for; elsewhere only its end is a line.
pub struct Live {
    output: Output,
    name: String,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Live {
    /// What it waits for now.
    pub fn says(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// A line that goes before this one.
    pub fn above(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(line)),
            None => self.output.note(line),
        }
    }

    /// Ends it with a mark and what came of it.
    pub fn ends(self, mark: Mark, what: &str) {
        let (output, name, took) = (self.output, self.name.clone(), self.began.elapsed());
        // Its line is cleared before the last one is written.
        drop(self);
        output.phase(mark, &name, what, Some(took));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
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
