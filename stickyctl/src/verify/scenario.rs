//! The scenarios, as values: what each asks, what it needs, and what came of it.

use super::bounds;
use super::code::Code;
use super::run::{Run, Shot};
use super::verdict::{Judgement, Verdict};
use serde::Serialize;

/// What came of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not judged; the detail says why.
    Skip,
}

/// One scenario of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Mark,
    /// What was seen, or why it was left out.
    pub detail: String,
}

/// The scenarios with what each asks, in the order of the report.
pub const ALL: [(&str, &str); 9] = [
    ("spread", "requests without a cookie reach several pods: the control of all others"),
    ("stick-http", "each later request of a session, on a fresh connection, reaches the pod of its first answer"),
    ("stick-ws", "a session's socket is on the pod of its requests"),
    ("ws-first", "a session that begins with a socket stays on its pod: the cookie comes with the 101"),
    ("reconnect", "a socket that is opened again is on the same pod"),
    ("attribution", "without its cookie a session does not stay: it is the cookie that holds it"),
    ("parallel-first", "a session whose first requests are made all at once is on one pod afterwards"),
    ("dead-cookie", "a session that comes with a value which nobody issued is on one pod afterwards"),
    ("workers", "where pods have several workers: whether a session stays on one"),
];

/// All of them, for a run.
#[must_use]
pub fn of(run: &Run, judgement: &Judgement) -> Vec<Scenario> {
    let [spread, stick, socket, first, again, attribution, parallel, dead, workers] = ALL.map(|(name, _)| name);
    let make = |name, (outcome, detail): (Mark, String)| Scenario { name, outcome, detail };
    vec![
        make(spread, self::spread(run)),
        make(stick, stick_http(run, judgement)),
        make(socket, sockets(run, run.sockets_in_place(0), "on their session's pod")),
        make(first, sockets(run, run.stayed_after_socket(), "stayed in the request after it")),
        make(again, sockets(run, run.sockets_in_place(1), "came back to their pod")),
        make(attribution, self::attribution(run, judgement)),
        make(parallel, parallel_first(run, judgement)),
        make(dead, dead_cookie(run, judgement)),
        make(workers, self::workers(run, judgement)),
    ]
}

fn spread(run: &Run) -> (Mark, String) {
    let spread = run.spread();
    let controls: u64 = spread.values().sum();
    match spread.len() {
        0 => (Mark::Skip, "no control was answered by a pod that says its name".to_owned()),
        1 => (
            Mark::Fail,
            format!("{controls} of {controls} controls without a cookie on one pod: {}", spread.keys().next().copied().unwrap_or_default()),
        ),
        pods => (Mark::Pass, format!("{controls} controls without a cookie: {pods} pods")),
    }
}

fn stick_http(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let (moves, later) = run.moves();
    let stayed = format!("{} of {later} later requests on their session's pod", later - moves);
    match judgement.pods {
        Verdict::Sticky => (Mark::Pass, stayed),
        Verdict::NotSticky => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ if later == 0 => (Mark::Skip, "no session had a later answer by a pod that says its name".to_owned()),
        _ if moves > 0 => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ => (Mark::Skip, format!("{stayed}, which says nothing: {}", judgement.reasons.first().map_or("?", |reason| reason.code.word()))),
    }
}

fn sockets(run: &Run, (same, all): (u64, u64), what: &str) -> (Mark, String) {
    if run.sockets().next().is_none() {
        return (Mark::Skip, "no socket was asked for: --ws-url /PATH".to_owned());
    }
    if all == 0 {
        return (Mark::Skip, "no socket told its pod".to_owned());
    }
    if run.spread().len() < 2 {
        return (Mark::Skip, "needs spread: only one pod was seen".to_owned());
    }
    (if same == all { Mark::Pass } else { Mark::Fail }, format!("{same} of {all} {what}"))
}

fn attribution(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some((_, pod)) = run.sessions.first().and_then(|session| session.bound()) else { return (Mark::Skip, "no session was bound".to_owned()) };
    let replayed: Vec<&str> = run.replayed.iter().filter_map(Shot::pod).collect();
    let stayed = replayed.iter().filter(|other| **other == pod).count();
    if run.spread().len() < 2 {
        return (Mark::Skip, "needs spread: only one pod was seen".to_owned());
    }
    if replayed.len() < 5 {
        return (Mark::Skip, format!("{} answers without the cookie are too few", replayed.len()));
    }
    if judgement.reasons.iter().any(|reason| reason.code == Code::NotByCookie) {
        return (Mark::Fail, format!("without its cookie a session stayed too, {stayed} of {stayed}: it is not the cookie"));
    }
    match judgement.pods {
        Verdict::NotSticky => (Mark::Fail, "with and without the cookie it spreads".to_owned()),
        _ => (Mark::Pass, format!("without its cookie a session spreads ({stayed} of {} stayed): it is the cookie", replayed.len())),
    }
}

fn parallel_first(run: &Run, judgement: &Judgement) -> (Mark, String) {
    if judgement.pods != Verdict::Sticky {
        return (Mark::Skip, "needs stick-http".to_owned());
    }
    let at_once = pods(&run.at_once.0);
    match &pods(&run.at_once.1)[..] {
        [] => (Mark::Skip, "no answer named its pod".to_owned()),
        [_] => (Mark::Pass, format!("{} at once reached {} pods, and then it was on one", run.at_once.0.len(), at_once.len())),
        after => (Mark::Fail, format!("after {} at once it was on {} pods", run.at_once.0.len(), after.len())),
    }
}

fn dead_cookie(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some((first, after)) = run.dead_cookie.split_first().filter(|_| judgement.pods == Verdict::Sticky) else {
        return (Mark::Skip, "needs stick-http".to_owned());
    };
    if first.carried.is_empty() {
        return (Mark::Skip, "no cookie was offered".to_owned());
    }
    let became = if first.offered.is_empty() { "taken for a key, and not replaced" } else { "replaced at once" };
    match pods(after).len() {
        0 => (Mark::Skip, "no answer named its pod".to_owned()),
        1 => (Mark::Pass, became.to_owned()),
        several => (Mark::Fail, format!("{became}; afterwards it was on {several} pods")),
    }
}

/// The pods of some answers, each once.
fn pods(shots: &[Shot]) -> Vec<&str> {
    let mut pods: Vec<&str> = shots.iter().filter_map(Shot::pod).collect();
    pods.sort_unstable();
    pods.dedup();
    pods
}

fn workers(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let detail = || {
        judgement
            .reasons
            .iter()
            .find(|reason| matches!(reason.code, Code::WorkerNotSticky | Code::WorkersUnproven))
            .map(|reason| reason.detail.clone())
            .unwrap_or_default()
    };
    match judgement.workers {
        Verdict::NotJudged => {
            let told = run.workers();
            (Mark::Skip, if told.is_empty() { "no worker is told".to_owned() } else { "every pod answered with one worker only".to_owned() })
        }
        Verdict::Sticky => (Mark::Pass, "sessions stay on one worker".to_owned()),
        Verdict::NotSticky => (Mark::Fail, detail()),
        Verdict::Inconclusive => (Mark::Skip, detail()),
    }
}

/// Bounds in words: `at most 0.83 %`, `at least 90.5 %`, `61.3 to 71.3 %`, each at 95 %.
#[must_use]
pub fn bounds_in_words(seen: u64, of: u64) -> String {
    if of == 0 {
        return "nothing was asked".to_owned();
    }
    let bound = bounds::rate(seen, of, bounds::SHOWN);
    let percent = |rate: f64| {
        let rate = rate * 100.0;
        if rate < 1.0 { format!("{rate:.2}") } else { format!("{rate:.1}") }
    };
    if seen == 0 {
        format!("at most {} % at 95 %", percent(bound.most))
    } else if seen == of {
        format!("at least {} % at 95 %", percent(bound.least))
    } else {
        format!("{} to {} % at 95 %", percent(bound.least), percent(bound.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_as_a_person_reads_them() {
        assert_eq!(bounds_in_words(0, 360), "at most 0.83 % at 95 %");
        assert_eq!(bounds_in_words(0, 30), "at most 9.5 % at 95 %");
        assert_eq!(bounds_in_words(30, 30), "at least 90.5 % at 95 %");
        assert_eq!(bounds_in_words(239, 360), "61.3 to 71.3 % at 95 %");
        assert_eq!(bounds_in_words(0, 0), "nothing was asked");
    }
}
