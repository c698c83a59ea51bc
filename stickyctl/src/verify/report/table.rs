//! The report as a table for a terminal, to be read from top to bottom.

use super::model::{Count, Report};
use super::observed::Session;
use crate::fit::fit;
use crate::grid::grid;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sticky_affinity::bounds;
use sticky_affinity::code::Code;
use sticky_affinity::scenario::Mark;
use sticky_affinity::verdict::Verdict;

/// The most sessions that are shown request by request.
const SHOWN: usize = 3;
/// The most cookies that are shown: a site may set a different one with each answer.
const COOKIES: usize = 12;
/// The longest bar, in characters.
const BAR: u64 = 12;
/// What a pod's row has beside its name and its two bars, in columns.
const BESIDE: usize = 21;
/// The longest name and the longest attributes of a cookie that are shown, in characters.
const COOKIE: usize = 40;

/// The mark of an outcome; without `unicode` it is ASCII.
pub(crate) const fn mark(outcome: Mark, unicode: bool) -> &'static str {
    match (outcome, unicode) {
        (Mark::Pass, true) => "✓",
        (Mark::Fail, true) => "✗",
        (Mark::Skip, true) => "–",
        (Mark::Pass, false) => "ok",
        (Mark::Fail, false) => "FAIL",
        (Mark::Skip, false) => "--",
    }
}

impl Report {
    /// The report as a table for a terminal with so many columns; without `unicode` its marks are ASCII.
    pub(crate) fn table(&self, unicode: bool, width: Option<usize>) -> String {
        let mark = |outcome| mark(outcome, unicode);
        let rows = self.scenarios.iter().map(|one| [one.name.to_owned(), mark(one.outcome).to_owned(), one.detail.clone()]);
        let mut text = grid(["SCENARIO", "RESULT", "DETAIL"], rows, 3, None);
        text.push_str(&self.moved());
        text.push_str(&self.spread(width));
        text.push_str(&self.numbers());
        text.push_str(&self.disrupted(mark));
        let _ = write!(text, "\n\n{}", self.last_line());
        text.push_str(&self.compared());
        for reason in &self.reasons {
            let word = reason.code.word();
            let _ = write!(text, "\n\n{word}  {}\n  seen: {}", reason.title, reason.detail);
            let shown = reason.shown();
            for (place, advice) in shown.iter().enumerate() {
                let _ = write!(text, "\n  {}  {}\n     {}", place + 1, advice.cause, advice.attempt);
            }
            let what = if shown.len() < reason.causes.len() { "Other causes" } else { "Details" };
            let _ = write!(text, "\n  {what}: stickyctl explain {word}");
        }
        fit(&text, width)
    }

    /// The first sessions that moved, request by request, with pods as numbers; or those that were lost, if no pod is named.
    fn moved(&self) -> String {
        let by_symptom = self.by_symptom().is_some();
        let number: BTreeMap<&str, usize> = self.pods.iter().enumerate().map(|(place, pod)| (pod.pod.as_str(), place + 1)).collect();
        let moved: Vec<&Session> = self
            .sessions
            .iter()
            .filter(|one| {
                one.requests.iter().skip(1).any(|request| if by_symptom { request.session_lost == Some(true) } else { request.moved.is_some() })
            })
            .collect();
        let Some(first) = moved.first() else { return String::new() };
        let mut text = String::new();
        for (place, session) in moved.iter().take(SHOWN).enumerate() {
            let rest = moved.len() - SHOWN.min(moved.len());
            let name = match place {
                0 if by_symptom => format!("session {}, lost where x is", first.id),
                0 => format!("session {}, request by request", first.id),
                2 if rest > 0 => format!("session {}, and {rest} more that {}", session.id, if by_symptom { "were lost" } else { "moved" }),
                _ => format!("session {}", session.id),
            };
            let pods = session.requests.iter().enumerate().map(|(place, request)| match (by_symptom, request.session_lost) {
                (true, Some(true)) if place > 0 => "x".to_owned(),
                (true, Some(_)) => ".".to_owned(),
                _ => request.pod.as_deref().and_then(|pod| number.get(pod)).map_or_else(|| "-".to_owned(), ToString::to_string),
            });
            let shown: Vec<String> = pods.take(WIDEST).collect();
            let more = if session.requests.len() > WIDEST { " …" } else { "" };
            let _ = write!(text, "\n{name:<35} {}{more}", shown.join(" "));
        }
        format!("\n{text}")
    }

    fn spread(&self, width: Option<usize>) -> String {
        if self.pods.is_empty() {
            return String::new();
        }
        let name = self.pods.iter().map(|pod| pod.pod.chars().count()).max().unwrap_or_default();
        let room = width.map_or(u64::MAX, |width| (width.saturating_sub(name + BESIDE) / 2) as u64);
        let most = self.pods.iter().map(|pod| pod.controls.max(pod.sessions)).max().unwrap_or_default().max(1);
        let bar = |count: u64| format!("{count:>5}  {}", "#".repeat((count * BAR.min(room)).div_ceil(most) as usize));
        let rows = self.pods.iter().enumerate().map(|(place, pod)| [(place + 1).to_string(), pod.pod.clone(), bar(pod.controls), bar(pod.sessions)]);
        format!("\n\n{}", grid(["", "POD", "CONTROLS", "SESSIONS"], rows, 4, None))
    }

    fn numbers(&self) -> String {
        let by_symptom = self.by_symptom();
        let (word, requests, sessions) =
            by_symptom.map_or(("moves", self.moved_requests, self.moved_sessions), |lost| ("lost", lost.requests, lost.sessions));
        let first = format!("{} of {} requests", requests.seen, requests.of);
        let second = format!("{} of {} sessions", sessions.seen, sessions.of);
        let width = first.len().max(second.len());
        let bounds = |count: Count| bounds::in_words(count.seen, count.of);
        let mut text = format!("\n\n{word:<10}{first:<width$}   {}\n          {second:<width$}   {}", bounds(requests), bounds(sessions));
        for (place, one) in by_symptom.iter().flat_map(|lost| &lost.without).enumerate() {
            let word = if place == 0 { "without" } else { "" };
            let _ = write!(text, "\n{word:<10}{}: {} of {} requests lost their session", short(&one.cookies.join(", ")), one.lost, one.of);
        }
        if self.forced_moves > 0 {
            let _ = write!(text, "\n          {} more were forced: their pod was gone or not ready", self.forced_moves);
        }
        if self.changes > 0 {
            let _ = write!(text, "\nchanges   {} between consecutive requests of a session", self.changes);
        }
        if self.verdict == Verdict::Sticky {
            let what = match requests.seen {
                0 => "keep all of them in place",
                _ if by_symptom.is_some() => "lose so few of them",
                _ => "move so few of them",
            };
            let _ = write!(text, "\nchance    alone would {what} less than once in a million runs");
        }
        for cookie in self.cookies.iter().take(COOKIES) {
            let values = if cookie.values.is_empty() { "redacted".to_owned() } else { format!("values {}", cookie.values.join(", ")) };
            let counts = format!("set {}, sent {}", cookie.offered, cookie.sent);
            let said = [cookie.remarks(), vec![counts, values]].concat().join(", ");
            let _ = write!(text, "\ncookie    {}  {}  {said}", short(&cookie.name), short(&cookie.attributes));
        }
        if self.cookies.len() > COOKIES {
            let _ = write!(text, "\n          and {} more", self.cookies.len() - COOKIES);
        }
        if self.cookies.is_empty() {
            text.push_str("\ncookie    none set");
        }
        // That no answer names a pod is no error then.
        if by_symptom.is_some() && self.lost > 0 {
            let _ = write!(text, "\nerrors    {} without an answer", self.lost);
        }
        if by_symptom.is_none() && (self.lost > 0 || !self.nameless.is_empty()) {
            let nameless: Vec<String> = self.nameless.iter().map(|(status, count)| format!("{count} with status {status}")).collect();
            let nameless = if nameless.is_empty() { "0".to_owned() } else { nameless.join(", ") };
            let _ = write!(text, "\nerrors    {} without an answer, {nameless} without an identity", self.lost);
        }
        text.push_str(&self.by_logs());
        text
    }

    fn by_logs(&self) -> String {
        let Some(logs) = &self.identity.logs else { return String::new() };
        let named: Vec<String> = self.identity.sources.in_words().into_iter().map(|(count, what)| format!("{count} by {what}")).collect();
        let mut text = format!("\npods      {}", if named.is_empty() { "none identified".to_owned() } else { named.join(", ") });
        for (count, what) in logs.remarks() {
            let _ = write!(text, ", {count} {what}");
        }
        let _ = write!(text, "\nlogs      {}, waited {:.1} s", logs.read.join(" and "), logs.waited_ms / 1e3);
        // The reason for too few lines repeats them.
        let is_reason = self.reasons.iter().any(|reason| reason.code == Code::NoLogLine);
        for trouble in logs.troubles.iter().filter(|_| !is_reason) {
            let _ = write!(text, "\n          {trouble}");
        }
        text
    }

    fn compared(&self) -> String {
        let Some(told) = &self.baseline else { return String::new() };
        let of = if told.began.is_empty() { String::new() } else { format!(" of {}", told.began) };
        let mut text = format!("\n\ncompared with {}{of}", told.file);
        if told.changed.is_empty() {
            text.push_str("\n  nothing changed");
        }
        for line in &told.changed {
            let _ = write!(text, "\n  {line}");
        }
        for line in &told.weak {
            let _ = write!(text, "\n  hard to compare: {line}");
        }
        text
    }

    fn last_line(&self) -> String {
        let (loud, pods) = match self.verdict {
            Verdict::Sticky => ("STICKY", "sticky"),
            Verdict::NotSticky => ("NOT STICKY", "not sticky"),
            Verdict::Inconclusive | Verdict::NotJudged => ("INCONCLUSIVE", "inconclusive"),
        };
        let workers = match self.workers {
            Verdict::Sticky => "sticky",
            Verdict::NotSticky => "not sticky (cookies cannot change that)",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotJudged => "not judged",
        };
        let partial = if self.partial { "    (interrupted: covers only the requests so far)" } else { "" };
        // The exit code is about pods, unless workers count too.
        let count = if let Some(word) = self.unlike_at_rest() {
            format!("; {word}, so the exit code is {}", self.exit_code)
        } else if self.verdict == Verdict::Sticky && !self.partial && self.exit_code != 0 {
            format!("; they count in this run, so the exit code is {}", self.exit_code)
        } else {
            String::new()
        };
        format!("{loud}    pods: {pods}      workers: {workers}{count}{partial}")
    }
}

/// A text with dots in place of what is too long; the JSON and the page have all of it.
fn short(text: &str) -> String {
    if text.chars().count() <= COOKIE { text.to_owned() } else { text.chars().take(COOKIE - 3).chain("...".chars()).collect() }
}

/// The most requests of a session that are shown.
const WIDEST: usize = 40;
