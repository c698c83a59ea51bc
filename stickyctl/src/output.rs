//! Output for people: the answer goes to stdout, everything else to stderr.

#[cfg(test)]
pub(crate) mod recorded;

use crate::exit::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::time::Instant;

/// Where text goes, and whether it is interactive.
pub(crate) trait Sink: std::fmt::Debug + Sync {
    /// Writes to stdout, with a newline at the end.
    fn out(&self, text: &str);
    /// Writes a line to stderr.
    fn err(&self, line: &str);
    /// Replaces everything that the terminal shows.
    fn screen(&self, text: &str);
    /// Whether stderr is a terminal, so that somebody reads along.
    fn is_read(&self) -> bool;
    /// Whether a line of stderr can be drawn over and over.
    fn can_redraw(&self) -> bool;
    /// Whether the user can answer a question.
    fn can_ask(&self) -> bool;
    /// Asks a question and returns the typed line.
    fn ask(&self, question: &str) -> String;
}

/// This process's own streams.
#[derive(Debug)]
struct Streams;

impl Sink for Streams {
    fn out(&self, text: &str) {
        let mut out = anstream::stdout().lock();
        // A reader that exits early (`| head`) is not an error.
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }

    fn err(&self, line: &str) {
        // With stderr closed, there is no other place to report this.
        let _ = writeln!(anstream::stderr().lock(), "{line}");
    }

    /// The sequence clears the screen whether or not colour is wanted, so it bypasses what strips colour.
    fn screen(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "\x1b[H\x1b[2J{text}");
        let _ = out.flush();
    }

    fn is_read(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    fn can_redraw(&self) -> bool {
        self.is_read() && std::env::var_os("CI").is_none() && std::env::var("TERM").as_deref() != Ok("dumb")
    }

    fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.is_read()
    }

    fn ask(&self, question: &str) -> String {
        let _ = write!(anstream::stderr().lock(), "{question}");
        let mut line = String::new();
        // Input that can't be read counts as no answer.
        let _ = std::io::stdin().read_line(&mut line);
        line
    }
}

/// How commands report: progress and warnings to stderr, the answer to stdout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    quiet: bool,
    unicode: bool,
    sink: &'static dyn Sink,
}

/// The form of an answer: `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
}

/// The mark at the start of a phase's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `✓`: it did what it should.
    Done,
    /// `✗`: the command ends here.
    Failed,
    /// `!`: it continued, but the user should know about something.
    Warning,
    /// `–`: there was no need for it, or no way to do it.
    Skipped,
    /// `·`: it has begun and takes a while.
    Busy,
}

impl Output {
    /// Writes to this process's streams. `quiet` leaves only the answer and errors.
    #[must_use]
    pub(crate) fn new(quiet: bool) -> Self {
        let var = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
        let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { quiet, unicode: utf8 && var("TERM").as_deref() != Some("dumb"), sink: &Streams }
    }

    /// Whether characters beyond ASCII are shown.
    #[must_use]
    pub(crate) const fn unicode(self) -> bool {
        self.unicode
    }

    /// One line for one phase: mark, name, result, and how long it took.
    pub(crate) fn phase(self, mark: Mark, name: &str, what: &str, took: Option<Duration>) {
        if self.quiet {
            return;
        }
        let sign = self.sign(mark);
        let line = format!("{name:<11} {what}");
        let took = took.map(short).unwrap_or_default();
        if took.is_empty() {
            return self.sink.err(&format!("{sign} {line}"));
        }
        let pad = 76_usize.saturating_sub(line.chars().count()).max(took.len() + 1);
        self.sink.err(&format!("{sign} {line}{}", format!("{took:>pad$}").dimmed()));
    }

    /// A warning that belongs to no phase.
    pub(crate) fn warning(self, what: &str) {
        if !self.quiet {
            self.sink.err(&format!("{} {what}", self.sign(Mark::Warning)));
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

    /// Starts a phase that takes a while.
    #[must_use]
    pub(crate) fn live(self, name: &str) -> Live {
        let visible = !self.quiet && self.sink.can_redraw();
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
    pub(crate) fn note(self, line: &str) {
        if !self.quiet {
            self.sink.err(line);
        }
    }

    /// A next step; only shown if stderr is a terminal.
    pub(crate) fn hint(self, line: &str) {
        if self.sink.is_read() {
            self.note(line);
        }
    }

    /// Whether the user can answer a question.
    #[must_use]
    pub(crate) fn can_ask(self) -> bool {
        self.sink.can_ask()
    }

    /// Asks a yes/no question. Anything but a yes is a no, also if the user can't be asked.
    #[must_use]
    pub(crate) fn confirm(self, question: &str) -> bool {
        self.can_ask() && matches!(self.sink.ask(&format!("{question} [y/N] ")).trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// As [`Self::confirm`], but an empty line is a yes.
    #[must_use]
    pub(crate) fn suggest(self, question: &str) -> bool {
        self.can_ask() && matches!(self.sink.ask(&format!("{question} [Y/n] ")).trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
    }

    /// The answer, on stdout.
    pub(crate) fn answer(self, text: &str) {
        self.sink.out(text);
    }

    /// The answer in place of everything that the terminal shows.
    pub(crate) fn screen(self, text: &str) {
        self.sink.screen(text);
    }

    /// A failure, with its next steps.
    pub(crate) fn failure(self, failure: &Failure) {
        self.sink.err(&format!("{} {}", "error:".red().bold(), failure.what));
        if !failure.tries.is_empty() {
            self.sink.err("\ntry one of these:");
            for hint in &failure.tries {
                self.sink.err(&format!("  {hint}"));
            }
        }
    }
}

/// A phase under way. A terminal shows what it is waiting for; anything else gets a line only when it ends.
pub(crate) struct Live {
    output: Output,
    name: String,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Live {
    /// Shows what it is waiting for now.
    pub(crate) fn says(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// Writes a line above this one.
    pub(crate) fn above(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(line)),
            None => self.output.note(line),
        }
    }

    /// Ends it with a mark and its result.
    pub(crate) fn ends(self, mark: Mark, what: &str) {
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

/// `31 ms`, `4.1 s`, `4 min`, `2 h`.
#[must_use]
pub(crate) fn short(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..=999 => format!("{ms} ms"),
        ms @ 1_000..=99_999 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ms @ 100_000..=7_199_999 => format!("{} min", ms / 60_000),
        ms => format!("{} h", ms / 3_600_000),
    }
}
