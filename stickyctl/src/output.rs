//! Output: the answer goes to stdout, everything else to stderr.
//!
//! Texts may contain what a site, a cluster or a file says. Everything is made harmless here, and only here colors are added.

#[cfg(test)]
pub(crate) mod recorded;
mod shown;
mod streams;

pub(crate) use shown::{Format, Shown};

use crate::called::shown;
use crate::exit::{Exit, Explained, Failure};
use crate::fit::fit;
use crate::relay;
use crate::yaml::yaml;
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;
use serde::Serialize;
use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;
use std::sync::PoisonError;
use std::time::Duration;
use sticky_core::harmless::{harmless, harmless_json, harmless_lines};
use streams::{LIVE, Sink, Streams};
use tokio::time::Instant;

/// How commands report: progress and warnings to stderr, the answer to stdout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    quiet: bool,
    unicode: bool,
    /// Whether another stickyctl reads stderr ([`relay`]).
    relayed: bool,
    sink: &'static dyn Sink,
}

/// The answer could not be written to stdout.
#[derive(Debug, thiserror::Error)]
#[error("writing to stdout: {0}")]
pub(crate) struct Unwritten(#[from] io::Error);

impl Explained for Unwritten {
    fn exit(&self) -> Exit {
        Exit::Failed
    }
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
        Self { quiet, unicode: utf8 && var("TERM").as_deref() != Some("dumb"), relayed: var(relay::VARIABLE).is_some(), sink: &Streams }
    }

    /// Whether another stickyctl reads what is written, so that the answer has the form of [`relay`].
    #[must_use]
    pub(crate) const fn relayed(self) -> bool {
        self.relayed
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
        let line = self.beside(&self.sign(mark), &harmless_lines(&format!("{name:<11} {}", shown(what))));
        let took = took.map(short).unwrap_or_default();
        if took.is_empty() {
            return self.sink.err(&line);
        }
        let columns = self.sink.columns().unwrap_or(usize::MAX);
        let used = length(line.rsplit('\n').next().unwrap_or_default());
        let (used, gap) = if used + 1 + took.len() > columns { (0, "\n") } else { (used, " ") };
        let pad = columns.min(WIDEST).saturating_sub(used + gap.trim_matches('\n').len()).max(took.len());
        self.sink.err(&format!("{line}{gap}{}", format!("{took:>pad$}").dimmed()));
    }

    /// A text beside its mark, in the width of the terminal.
    fn beside(self, mark: &str, text: &str) -> String {
        let pad = length(mark);
        // Colors take no room: the mark is added to the wrapped text.
        let text = fit(&format!("{:pad$} {text}", ""), self.sink.columns());
        format!("{mark}{}", text.get(pad..).unwrap_or(&text))
    }

    /// A warning that belongs to no phase.
    pub(crate) fn warning(self, what: &str) {
        if !self.quiet {
            self.sink.err(&self.beside(&self.sign(Mark::Warning), &harmless_lines(&shown(what))));
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
            *LIVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
            bar
        });
        Live { output: self, name: name.to_owned(), began: Instant::now(), bar, told: Cell::new(None) }
    }

    /// A line of its own, on stderr.
    pub(crate) fn note(self, line: &str) {
        if !self.quiet {
            self.sink.err(&fit(&harmless_lines(&shown(line)), self.sink.columns()));
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
        self.can_ask() && matches!(self.sink.ask(&format!("{} [y/N] ", harmless_lines(question))).trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// As [`Self::confirm`], but an empty line is a yes.
    #[must_use]
    pub(crate) fn suggest(self, question: &str) -> bool {
        self.can_ask()
            && matches!(self.sink.ask(&format!("{} [Y/n] ", harmless_lines(question))).trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
    }

    /// The answer, on stdout. A reader that has gone, as in `| head`, is no error.
    pub(crate) fn answer(self, text: &str) -> Result<(), Unwritten> {
        self.exactly(&harmless_lines(&shown(text)))
    }

    /// The answer as JSON.
    pub(crate) fn json(self, json: &str) -> Result<(), Unwritten> {
        self.exactly(&harmless_json(json))
    }

    /// The answer in the form that `-o` asks for. Both documents hold the same; `table` gets the width of the terminal.
    pub(crate) fn document(self, format: Format, value: &impl Serialize, table: impl FnOnce(Option<usize>) -> String) -> Result<(), Unwritten> {
        let unable = |why: String| Unwritten(io::Error::other(why));
        match format {
            Format::Table => self.answer(&table(self.sink.out_columns())),
            Format::Json => self.json(&serde_json::to_string_pretty(value).map_err(|why| unable(why.to_string()))?),
            Format::Yaml => self.exactly(yaml(value).map_err(unable)?.trim_end()),
        }
    }

    /// The width of stdout's terminal; `None` if nothing has to fit.
    #[must_use]
    pub(crate) fn columns(self) -> Option<usize> {
        self.sink.out_columns()
    }

    /// An answer for another program, such as a script, whose bytes must stay as they are.
    pub(crate) fn exactly(self, text: &str) -> Result<(), Unwritten> {
        self.sink.out(format!("{text}\n").as_bytes())?;
        Ok(())
    }

    /// One of several answers. There is no next one if nobody reads them, or if this one could not be written.
    pub(crate) fn next(self, text: &Shown) -> ControlFlow<Result<(), Unwritten>> {
        let text = match text {
            Shown::Lines(text) => format!("{}\n", harmless_lines(text)),
            Shown::Json(text) => format!("{}\n", harmless_json(text)),
            Shown::Yaml(text) => format!("---\n{text}"),
            // Whether or not colors are wanted, it clears the screen.
            Shown::Screen(text) => format!("\x1b[H\x1b[2J{}\n", harmless_lines(text)),
        };
        match self.sink.out(text.as_bytes()) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) => ControlFlow::Break(Ok(())),
            Err(why) => ControlFlow::Break(Err(why.into())),
        }
    }

    /// A failure, with its next steps.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.relayed {
            return self.sink.err(&relay::failure(failure));
        }
        self.sink.err(&self.beside(&"error:".red().bold().to_string(), &harmless_lines(&shown(&failure.what))));
        if !failure.tries.is_empty() {
            self.sink.err("\ntry one of these:");
            for hint in &failure.tries {
                self.sink.err(&fit(&format!("  {}", harmless_lines(&shown(hint))), self.sink.columns()));
            }
        }
    }
}

/// How often another stickyctl is told of progress.
const OFTEN: Duration = Duration::from_secs(1);
/// Where the line of a phase ends, in columns.
const WIDEST: usize = 78;

/// The length of a line as it is shown.
fn length(line: &str) -> usize {
    anstream::adapter::strip_str(line).to_string().chars().count()
}

/// A phase under way. A terminal shows what it is waiting for; anything else gets a line only when it ends.
pub(crate) struct Live {
    output: Output,
    name: String,
    began: Instant,
    bar: Option<ProgressBar>,
    /// When another stickyctl was told last.
    told: Cell<Option<Instant>>,
}

impl Live {
    /// Shows what it is waiting for now.
    pub(crate) fn says(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(harmless(what));
        }
        if self.output.relayed && self.told.get().is_none_or(|told| told.elapsed() >= OFTEN) {
            self.told.set(Some(Instant::now()));
            self.output.sink.err(&relay::progress(&harmless(what)));
        }
    }

    /// Writes a line above this one.
    pub(crate) fn above(&self, line: &str) {
        self.output.note(line);
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
            LIVE.lock().unwrap_or_else(PoisonError::into_inner).take();
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

#[cfg(test)]
mod tests {
    use super::recorded::Recorded;
    use super::*;

    #[test]
    fn lines_fit_the_terminal() {
        let what = "3 of 3 ready, and the old pods keep serving until every session has moved away from them";
        for columns in [40, 60, 80] {
            let seen = Recorded::narrow(columns);
            let output = seen.output();
            output.phase(Mark::Done, "pods", what, Some(Duration::from_millis(4_100)));
            output.warning(what);
            output.failure(&Failure::new(Exit::Failed, what).try_this(format!("stickyctl status   {what}")));
            output.note(&format!("plan: {what}\n"));
            output.hint(what);
            let text = anstream::adapter::strip_str(&seen.raw()).to_string();
            assert!(text.lines().all(|line| line.chars().count() <= columns), "{columns}: {text}");
            assert!(
                text.starts_with("✓ pods        3 of 3 ready,") && text.contains(" 4.1 s\n! 3 of 3") && text.contains("\nerror: 3 of 3"),
                "{text}"
            );
        }
    }
}
