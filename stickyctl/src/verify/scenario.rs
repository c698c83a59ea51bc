//! The scenarios, as values: what each asks, what it needs, and what came of it.

use super::ends::Why;
use super::moves::Cause;
use super::run::Run;
use super::seen::{How, Shot};
use super::verdict::{Judgement, Verdict};
use crate::exit::{Exit, Failure};
use Name::{Attribution, DeadCookie, Idle, LocalDelivery, ParallelFirst, Reconnect, Relay, Reuse, Spread, StickHttp, StickWs, Workers, WsFirst};
use serde::Serialize;
use std::collections::BTreeSet;

/// Which scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each has its own words in the table")]
pub enum Name {
    Spread,
    StickHttp,
    StickWs,
    WsFirst,
    Reconnect,
    Attribution,
    ParallelFirst,
    DeadCookie,
    Workers,
    LocalDelivery,
    Relay,
    Reuse,
    Idle,
}

/// What came of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// Not judged; the detail says why.
    Skip,
}

/// A scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Which.
    pub name: Name,
    /// Its name as it is written.
    pub word: &'static str,
    /// The question that it answers.
    pub asks: &'static str,
    /// Those that it is judged with.
    pub needs: &'static [Name],
    /// What else it needs.
    pub wants: Wants,
    judge: fn(&Run, &Judgement) -> (Mark, String),
}

/// What a scenario needs of the site or of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A WebSocket.
    Socket,
    /// The routes of sticky-app, and its WebSocket.
    App,
    /// That it is asked for by its flag.
    Flag(&'static str),
}

const fn one(
    name: Name,
    word: &'static str,
    asks: &'static str,
    needs: &'static [Name],
    wants: Wants,
    judge: fn(&Run, &Judgement) -> (Mark, String),
) -> Scenario {
    Scenario { name, word, asks, needs, wants, judge }
}

/// All of them, in the order of the report.
pub const ALL: [Scenario; 13] = [
    one(Spread, "spread", "Do requests without a cookie reach more than one pod? The control of all others", &[], Wants::Nothing, spread),
    one(
        StickHttp,
        "stick-http",
        "Does each later request of a session, on a fresh connection, reach the pod that answered it first?",
        &[Spread],
        Wants::Nothing,
        stick_http,
    ),
    one(StickWs, "stick-ws", "Does a socket opened with the session's cookies land on its pod?", &[StickHttp], Wants::Socket, |run, _| {
        sockets(run, run.sockets_in_place(0), "sockets on their session's pod")
    }),
    one(
        WsFirst,
        "ws-first",
        "Does a session that begins with a socket stay on its pod? The cookie has to come with the 101",
        &[StickHttp],
        Wants::Socket,
        |run, _| sockets(run, run.stayed_after_socket(), "stayed in the request after it"),
    ),
    one(Reconnect, "reconnect", "Is a socket that is opened again on the same pod?", &[StickWs], Wants::Socket, |run, _| {
        sockets(run, run.sockets_in_place(1), "came back to their pod")
    }),
    one(
        Attribution,
        "attribution",
        "Does a bound session spread when its cookies are left out? Then it is the cookie that holds it",
        &[StickHttp],
        Wants::Nothing,
        attribution,
    ),
    one(
        ParallelFirst,
        "parallel-first",
        "Is a session whose first requests are made all at once on one pod afterwards?",
        &[StickHttp],
        Wants::Nothing,
        parallel_first,
    ),
    one(
        DeadCookie,
        "dead-cookie",
        "Is a session that comes with a value which nobody issued on one pod afterwards?",
        &[StickHttp],
        Wants::Nothing,
        dead_cookie,
    ),
    one(
        Workers,
        "workers",
        "Where pods have several workers: does a session stay on one, several requests at once included?",
        &[],
        Wants::Nothing,
        workers,
    ),
    one(LocalDelivery, "local-delivery", "Does a worker that gets a session's POST hold that session's socket?", &[StickWs], Wants::App, |run, _| {
        delivered(run.arrived(|session| &session.local), "messages met their session's socket")
    }),
    one(Relay, "relay", "Does a message reach a session's socket through the bus, whoever holds it?", &[StickWs], Wants::App, |run, _| {
        delivered(run.arrived(|session| &session.relayed), "messages arrived")
    }),
    one(
        Reuse,
        "reuse",
        "For comparison: do requests without a cookie stay on a pod while their connection is kept?",
        &[Spread],
        Wants::Flag("--reuse"),
        reuse,
    ),
    one(Idle, "idle", "How long does a silent socket live?", &[], Wants::Flag("--idle 90s"), idle),
];

/// Which scenarios a run has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen(BTreeSet<Name>);

impl Chosen {
    /// `only` with all that they need (all, where none is named), without those in `skip`.
    ///
    /// # Errors
    /// One that others need is to be skipped ([`Exit::Usage`]).
    pub fn new(only: &[Name], skip: &[Name]) -> Result<Self, Failure> {
        let mut chosen: BTreeSet<Name> = ALL.iter().filter(|one| only.is_empty() || only.contains(&one.name)).map(|one| one.name).collect();
        // The two that bind sessions and spread controls are what every verdict is made of.
        chosen.extend([Spread, StickHttp]);
        loop {
            let needed: BTreeSet<Name> =
                ALL.iter().filter(|one| chosen.contains(&one.name)).flat_map(|one| one.needs).copied().filter(|name| !skip.contains(name)).collect();
            if needed.is_subset(&chosen) {
                break;
            }
            chosen.extend(needed);
        }
        if let Some(name) = skip.iter().find(|name| matches!(name, Spread | StickHttp)) {
            return Err(Failure::new(Exit::Usage, format!("--skip {}: every verdict is made of it", name.word()))
                .try_this("stickyctl verify --list    names all of them"));
        }
        // What needs one that is left out is left out as well.
        let gone: BTreeSet<Name> = skip.iter().copied().collect();
        let left_out = |one: &Scenario| gone.contains(&one.name) || one.needs.iter().any(|name| gone.contains(name));
        chosen.retain(|name| !ALL.iter().any(|one| one.name == *name && left_out(one)));
        Ok(Self(chosen))
    }

    /// Whether a scenario is among them.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        self.0.contains(&name)
    }
}

impl Default for Chosen {
    fn default() -> Self {
        Self(ALL.iter().map(|one| one.name).collect())
    }
}

impl Name {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        ALL[self as usize].word
    }
}

impl Scenario {
    /// What came of it in a run.
    #[must_use]
    pub fn of(&self, run: &Run, judgement: &Judgement, chosen: &Chosen) -> (Mark, String) {
        if !chosen.has(self.name) {
            return (Mark::Skip, "left out".to_owned());
        }
        (self.judge)(run, judgement)
    }
}

const ONE_POD: &str = "needs spread: only one pod was seen";

fn skip(why: impl Into<String>) -> (Mark, String) {
    (Mark::Skip, why.into())
}

fn spread(run: &Run, _: &Judgement) -> (Mark, String) {
    let spread = run.spread();
    let controls: u64 = spread.values().sum();
    match spread.len() {
        0 => skip("no control was answered by a pod that says its name"),
        1 if run.without_cookie().len() > 1 => {
            let detail = format!("{controls} controls on one pod, and first answers of sessions on {}", run.without_cookie().len());
            (Mark::Pass, detail)
        }
        1 => (
            Mark::Fail,
            format!("{controls} of {controls} controls without a cookie on one pod: {}", spread.keys().next().copied().unwrap_or_default()),
        ),
        pods => (Mark::Pass, format!("{controls} controls without a cookie: {pods} pods")),
    }
}

fn stick_http(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let ((moves, later), forced) = (run.moves(), run.moved_by(Cause::Forced));
    let stayed = match forced {
        0 => format!("{} of {later} later requests on their session's pod", later - moves),
        forced => format!("{} of {later} later requests on their session's pod; {forced} moves were forced", later - moves),
    };
    match judgement.requests {
        Verdict::Sticky => (Mark::Pass, stayed),
        Verdict::NotSticky => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ if later == 0 => skip("no session had a later answer by a pod that says its name"),
        _ if moves > 0 => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ => skip(format!("{stayed}, which says nothing: {}", judgement.reasons.first().map_or("?", |reason| reason.code.word()))),
    }
}

fn sockets(run: &Run, (same, all): (u64, u64), what: &str) -> (Mark, String) {
    if run.sockets().next().is_none() {
        return skip("no socket was asked for: --ws-url /PATH");
    }
    if all == 0 {
        return skip("no socket told its pod");
    }
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    (if same == all { Mark::Pass } else { Mark::Fail }, format!("{same} of {all} {what}"))
}

fn attribution(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some(pod) = run.sessions.first().and_then(|session| run.home(session)) else { return skip("no session was bound") };
    let replayed: Vec<&str> = run.replayed.iter().filter_map(Shot::pod).collect();
    let stayed = replayed.iter().filter(|other| **other == pod).count();
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    if replayed.len() < 5 {
        return skip(format!("{} answers without the cookie are too few", replayed.len()));
    }
    if judgement.by_something_else {
        return (Mark::Fail, format!("without its cookie a session stayed too, {stayed} of {stayed}: it is not the cookie"));
    }
    match judgement.requests {
        Verdict::NotSticky => (Mark::Fail, "with and without the cookie it spreads".to_owned()),
        _ if stayed == replayed.len() => {
            skip(format!("without its cookie a session stayed in {stayed} of {stayed} too, which luck explains as well"))
        }
        _ => (Mark::Pass, format!("without its cookie a session spreads ({stayed} of {} stayed): it is the cookie", replayed.len())),
    }
}

fn parallel_first(run: &Run, judgement: &Judgement) -> (Mark, String) {
    if judgement.requests != Verdict::Sticky {
        return skip("needs stick-http");
    }
    let at_once = pods(&run.at_once.0);
    match pods(&run.at_once.1).len() {
        0 => skip("no answer named its pod"),
        1 => (Mark::Pass, format!("{} at once reached {} pods, and then it was on one", run.at_once.0.len(), at_once.len())),
        after => (Mark::Fail, format!("after {} at once it was on {after} pods", run.at_once.0.len())),
    }
}

fn dead_cookie(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some((first, after)) = run.dead_cookie.split_first().filter(|_| judgement.requests == Verdict::Sticky) else {
        return skip("needs stick-http");
    };
    if first.carried.is_empty() {
        return skip("no cookie was offered");
    }
    let always = run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).all(|shot| !shot.offered.is_empty());
    let became = match (first.offered.is_empty(), always) {
        (true, _) => "taken for a key, and not replaced",
        (false, true) => "replaced, as the cookie of every answer is",
        (false, false) => "replaced at once",
    };
    match pods(after).len() {
        0 => skip("no answer named its pod"),
        1 => (Mark::Pass, became.to_owned()),
        several => (Mark::Fail, format!("{became}; afterwards it was on {several} pods")),
    }
}

/// The pods of some answers, each once.
fn pods(shots: &[Shot]) -> BTreeSet<&str> {
    shots.iter().filter_map(Shot::pod).collect()
}

fn workers(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let detail = || {
        let reason = judgement.reasons.iter().find(|reason| reason.scenario == Workers);
        reason.map(|reason| reason.detail.clone()).unwrap_or_default()
    };
    match judgement.workers {
        Verdict::NotJudged => skip(if run.workers().is_empty() { "no worker is told" } else { "every pod answered with one worker only" }),
        Verdict::Sticky => {
            let at_once: usize = run.together.iter().map(Vec::len).sum();
            (Mark::Pass, format!("sessions stay on one worker, in {at_once} requests at once too"))
        }
        Verdict::NotSticky => (Mark::Fail, detail()),
        Verdict::Inconclusive => skip(detail()),
    }
}

fn delivered((arrived, all): (u64, u64), what: &str) -> (Mark, String) {
    if all == 0 {
        return skip("not sticky-app, or no socket of a session was open");
    }
    (if arrived == all { Mark::Pass } else { Mark::Fail }, format!("{arrived} of {all} {what}"))
}

fn reuse(run: &Run, _: &Judgement) -> (Mark, String) {
    let kept: Vec<BTreeSet<&str>> =
        run.kept.iter().filter(|shots| shots.iter().filter(|shot| shot.pod().is_some()).count() > 1).map(|shots| pods(shots)).collect();
    if kept.is_empty() {
        return skip("not asked for; add --reuse");
    }
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    let held = kept.iter().filter(|pods| pods.len() == 1).count();
    if held == kept.len() {
        let detail = format!("{held} of {held} kept connections stayed on one pod without any cookie: who tests on one connection sees affinity");
        return (Mark::Fail, detail);
    }
    (Mark::Pass, format!("{} of {} kept connections met several pods: a connection holds nothing", kept.len() - held, kept.len()))
}

fn idle(run: &Run, _: &Judgement) -> (Mark, String) {
    let opened: Vec<_> = run.idle.iter().filter(|socket| socket.opened.pod().is_some()).filter_map(|socket| socket.end.as_ref()).collect();
    if run.idle.is_empty() {
        return skip("not asked for; add --idle 90s");
    }
    let Some(shortest) = opened.iter().filter(|end| end.how != How::Ours).map(|end| end.at.saturating_sub(end.quiet_since)).min() else {
        return match opened.iter().map(|end| end.at.saturating_sub(end.quiet_since)).max() {
            None => skip("no silent socket was open"),
            Some(silence) => {
                (Mark::Pass, format!("{} sockets were open to the end; the longest silence was {:.1} s", opened.len(), silence.as_secs_f64()))
            }
        };
    };
    let ended = opened.iter().filter(|end| end.how != How::Ours).count();
    let how =
        if run.ends().iter().any(|(socket, why)| run.idle.contains(socket) && *why == Why::Goodbye) { "with a goodbye" } else { "without a goodbye" };
    (Mark::Fail, format!("{ended} of {} silent sockets ended {how} after {:.1} s of silence", opened.len(), shortest.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn words_and_places_are_those_of_the_names() {
        for (place, one) in ALL.iter().enumerate() {
            assert_eq!((one.name as usize, one.name.word()), (place, one.word));
            assert_eq!(one.name.to_possible_value().unwrap().get_name(), one.word);
            assert!(one.needs.iter().all(|name| (*name as usize) < place), "{} needs what comes later", one.word);
        }
    }

    #[test]
    fn what_is_chosen_brings_what_it_needs() {
        let only = Chosen::new(&[Reconnect], &[]).unwrap();
        assert!([Spread, StickHttp, StickWs, Reconnect].into_iter().all(|name| only.has(name)));
        assert!([WsFirst, Workers, Attribution, Idle].into_iter().all(|name| !only.has(name)));
        let without = Chosen::new(&[], &[StickWs]).unwrap();
        assert!([StickWs, Reconnect, LocalDelivery, Relay].into_iter().all(|name| !without.has(name)) && without.has(WsFirst));
        assert!(Chosen::new(&[], &[StickHttp]).unwrap_err().what.contains("every verdict"));
    }
}
