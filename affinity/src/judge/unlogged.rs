//! Answers and sockets that a log should have identified, but has no line about, or a line that tells no pods apart.

use super::nobody::in_words;
use crate::code::Code;
use crate::run::Run;
use crate::scenario::Name;
use crate::seen::Shot;
use crate::told::{By, Named};
use crate::verdict::Reason;

const SERVICE: &str = "The front door sends requests to the Service's address, so its log names no pod";
const ADDRESS: &str = "The log names addresses that belong to no pod of the Service";
const IN_FRONT: &str = "A cache or another proxy answers first, so the request is in another log or in none";
const SILENT: &str = "The application's pods log no line per request";
const SAMPLED: &str = "The log is sampled, or a filter leaves out some requests";
const LATE: &str = "Lines come later than the run waits: Envoy writes its log every 10 s";
const STRIPPED: &str = "A rewrite drops the query, and the log line does not have User-Agent";

/// Whether a log should have told which pod gave this answer, and does not.
pub(super) fn is_unlogged(shot: &Shot) -> bool {
    shot.is_unidentified() || shot.is_by_stranger()
}

/// The reason if logs identify nobody, where most answers wait for a line.
pub(super) fn nobody(run: &Run) -> Option<Reason> {
    let answers = run.shots().filter(|shot| !shot.is_lost()).count();
    let unlogged = run.shots().filter(|shot| is_unlogged(shot)).count();
    (unlogged * 2 > answers).then(|| requests(run, unlogged, answers))
}

/// The reason for so many unidentified requests of so many.
pub(super) fn requests(run: &Run, unlogged: usize, all: usize) -> Reason {
    let detail = format!("{unlogged} of {all} requests have no log line that names their pod");
    let reason = reason(run, Name::StickHttp, detail, || run.shots());
    if run.shots().any(|shot| shot.cached) { reason.because(IN_FRONT) } else { reason }
}

/// The reason for so many unidentified sockets of so many.
pub(super) fn sockets(run: &Run, unlogged: usize, all: usize) -> Reason {
    let detail = format!("{unlogged} of {all} sockets have no log line that names their pod");
    reason(run, Name::StickWs, detail, || run.sockets().map(|socket| &socket.opened))
}

fn reason<'a, I: Iterator<Item = &'a Shot>>(run: &Run, scenario: Name, mut detail: String, shots: impl Fn() -> I) -> Reason {
    let named = |wanted: Named| shots().filter_map(|shot| shot.told.as_ref()).filter(|told| told.named == wanted).count();
    let (service, address, missing) = (named(Named::Service), named(Named::Address), shots().filter(|shot| shot.is_unidentified()).count());
    for (count, what) in [(service, "the Service's address"), (address, "addresses of no known pod")] {
        if count > 0 {
            detail.push_str(&format!("; {count} lines name {what}"));
        }
    }
    let logs = run.logs.as_ref();
    if let Some(logs) = logs {
        let words: Vec<&str> = logs.from.iter().map(|by| by.word()).collect();
        detail.push_str(&format!("; read: {}, after {:.0} s of waiting", words.join(" and "), logs.waited.as_secs_f64()));
        for trouble in &logs.troubles {
            detail.push_str(&format!("; {trouble}"));
        }
    }
    detail.push_str(&in_words(run));
    let is_read = |by| logs.is_some_and(|logs| logs.from.contains(&by));
    let is_some = shots().any(|shot| shot.pod().is_some() && shot.told.is_some());
    let evident = [
        (service > 0, SERVICE),
        (address > 0, ADDRESS),
        // A log that is on, and tells something of the others.
        (missing > 0 && is_some, SAMPLED),
        (missing > 0 && is_some, LATE),
        (missing > 0 && is_some && is_read(By::Access) && logs.is_some_and(|logs| logs.in_query), STRIPPED),
        (missing > 0 && !is_some && is_read(By::Pod) && !is_read(By::Access), SILENT),
    ];
    evident.into_iter().filter(|(is, _)| *is).fold(Reason::new(Code::NoLogLine, scenario, detail), |reason, (_, cause)| reason.because(cause))
}
