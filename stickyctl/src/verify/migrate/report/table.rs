//! The report as a table for a terminal, to be read from top to bottom.

use super::model::{Report, Session};
use crate::fit::fit;
use crate::grid::grid;
use crate::verify::report::table::mark;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use sticky_affinity::migrate::Door;
use sticky_affinity::migrate::verdict::Verdict;

/// The most sessions that are shown request by request.
const SHOWN: usize = 3;
/// The most requests of a session that are shown.
const WIDEST: usize = 40;
/// The most pods that are shown.
const PODS: usize = 20;

impl Report {
    /// The report as a table for a terminal with so many columns; without `unicode` its marks are ASCII.
    pub(crate) fn table(&self, unicode: bool, width: Option<usize>) -> String {
        let rows = self.checks.iter().map(|one| [one.name.to_owned(), mark(one.outcome, unicode).to_owned(), one.detail.clone()]);
        let mut text = grid(["CHECK", "RESULT", "DETAIL"], rows, 3, None);
        text.push_str(&self.ways());
        text.push_str(&self.spread());
        let _ = write!(text, "\n\n{}\n{}", self.last_line(), self.summary.lead);
        text.push_str("\n\nWhat users will feel");
        for line in &self.summary.because {
            let _ = write!(text, "\n  - {line}");
        }
        text.push_str("\n\nWhat to do");
        for (place, line) in self.summary.todo.iter().enumerate() {
            let _ = write!(text, "\n  {}. {line}", place + 1);
        }
        for finding in &self.findings {
            let word = finding.code.word();
            let _ = write!(text, "\n\n{word}  {}\n  seen: {}", finding.title, finding.detail);
            for (place, advice) in finding.shown().iter().enumerate() {
                let _ = write!(text, "\n  {}  {}\n     {}", place + 1, advice.cause, advice.attempt);
            }
            let _ = write!(text, "\n  Details: stickyctl explain {word}");
        }
        fit(&text, width)
    }

    /// The first sessions that moved, or the first of all: pods as numbers, with a mark where the session changes doors.
    fn ways(&self) -> String {
        let number: BTreeMap<&str, usize> = self.pods.iter().enumerate().map(|(place, pod)| (pod.pod.as_str(), place + 1)).collect();
        let has_moved = |session: &&Session| session.requests.iter().any(|request| request.moved);
        let mut shown: Vec<&Session> = self.sessions.iter().filter(has_moved).take(SHOWN).collect();
        if shown.is_empty() {
            shown.extend(self.sessions.iter().filter(|session| !session.requests.is_empty()).take(1));
        }
        let mut text = String::new();
        for (place, session) in shown.into_iter().enumerate() {
            let name =
                if place == 0 { format!("session {}: > to the new front door, < back", session.id) } else { format!("session {}", session.id) };
            let _ = write!(text, "\n{name:<44} ");
            for (place, request) in session.requests.iter().take(WIDEST).enumerate() {
                let before = place.checked_sub(1).map(|before| session.requests[before].door);
                text.push_str(match (before, request.door) {
                    (Some(before), now) if before == now => " ",
                    (_, Door::New) => " > ",
                    (Some(_), Door::Old) => " < ",
                    (None, Door::Old) => " ",
                });
                let pod = request.pod.as_deref().and_then(|pod| number.get(pod));
                text.push_str(&pod.map_or_else(|| "-".to_owned(), ToString::to_string));
            }
        }
        format!("\n{text}")
    }

    fn spread(&self) -> String {
        if self.pods.is_empty() {
            return String::new();
        }
        let rows = self.pods.iter().take(PODS).enumerate();
        let rows = rows.map(|(place, pod)| [(place + 1).to_string(), pod.pod.clone(), pod.old.to_string(), pod.new.to_string()]);
        let more = self.pods.len().saturating_sub(PODS);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        format!("\n\nrequests without a cookie\n{}{more}", grid(["", "POD", "OLD", "NEW"], rows, 4, None))
    }

    fn last_line(&self) -> String {
        let loud = match self.verdict {
            Verdict::Seamless => "SEAMLESS",
            Verdict::NotSeamless => "NOT SEAMLESS",
            Verdict::Inconclusive => "INCONCLUSIVE",
        };
        let partial = if self.partial { "    (interrupted: covers only the requests so far)" } else { "" };
        let word = |side: &super::model::Side| side.verdict.word().replace('-', " ");
        format!("{loud}    old front door: {}      new front door: {}{partial}", word(&self.from), word(&self.to))
    }
}
