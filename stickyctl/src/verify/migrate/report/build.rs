//! From a run at two doors and its judgement to the report.

use super::model::{Checked, Finding, Plan, Pod, Report, Request, Session, Side};
use super::summary::summary;
use crate::exit::Exit;
use crate::natural::natural;
use crate::verify::report::build::count;
use crate::verify::report::model::{Advice, Sent, Summary};
use crate::verify::report::moment::ms;
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_affinity::migrate::check::ALL;
use sticky_affinity::migrate::verdict::{self, Judgement};
use sticky_affinity::migrate::{self, Door, Migration, Visit};
use sticky_affinity::seen::Outcome;
use sticky_core::harmless::harmless;

/// What a report contains besides observations and the judgement.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The URLs of the old and the new door.
    pub(crate) urls: [String; 2],
    /// The name that users know the site by, with its port if that is unusual.
    pub(crate) host: String,
    pub(crate) command: String,
    /// When the run began (RFC 3339, UTC).
    pub(crate) began: String,
    pub(crate) took: Duration,
    pub(crate) seed: u64,
    /// Whether the run was interrupted.
    pub(crate) partial: bool,
    pub(crate) exit: Exit,
    /// The largest number of requests, and of sockets.
    pub(crate) planned: (u64, u64),
    /// Sessions that begin at the old door, and at the new one.
    pub(crate) sessions: (u32, u32),
    /// Requests without a cookie, at each door.
    pub(crate) controls: u32,
    /// Where the pod's identity was read.
    pub(crate) identity: String,
    /// The tolerated rate of moves, 0 to 1.
    pub(crate) tolerated: f64,
}

impl Report {
    /// The report of a run and its judgement.
    pub(crate) fn new(about: &About, run: &Migration, judgement: &Judgement) -> Self {
        let tally = &judgement.tally;
        let mut report = Self {
            schema: Self::SCHEMA,
            stickyctl: env!("CARGO_PKG_VERSION"),
            host: harmless(&about.host),
            from: side(about, run, judgement, Door::Old),
            to: side(about, run, judgement, Door::New),
            command: harmless(&about.command),
            began: about.began.clone(),
            took_ms: ms(about.took),
            seed: about.seed,
            partial: about.partial,
            plan: Plan {
                movers: about.sessions.0,
                newcomers: about.sessions.1,
                controls: about.controls,
                probes: about.planned.0,
                sockets: about.planned.1,
                max_move_rate: about.tolerated,
            },
            sent: Sent { probes: run.visits().count() as u64, sockets: run.sockets().count() as u64 },
            identity: about.identity.clone(),
            verdict: judgement.verdict,
            exit_code: about.exit as u8,
            summary: Summary::default(),
            findings: judgement.findings.iter().map(finding).collect(),
            checks: ALL
                .iter()
                .zip(&judgement.checks)
                .map(|(one, found)| Checked { name: one.word, asks: one.asks, outcome: found.mark, detail: harmless(&found.detail) })
                .collect(),
            cut_over: count(tally.cut_over),
            forced: tally.forced,
            back: count(tally.back),
            again: count(tally.again),
            unsettled: count(tally.unsettled),
            roll_back: count(tally.roll_back),
            sockets: count(tally.sockets),
            split: count(tally.split),
            pods: pods(run),
            sessions: run.sessions.iter().enumerate().map(|(n, one)| session(n, one)).collect(),
        };
        report.summary = summary(&report);
        report
    }
}

fn side(about: &About, run: &Migration, judgement: &Judgement, door: Door) -> Side {
    let place = door as usize;
    Side {
        url: harmless(&about.urls[place]),
        verdict: judgement.doors[place].pods,
        cookies: run.own_names()[place].iter().map(|name| harmless(name)).collect(),
        foreign: judgement.tally.foreign[place],
    }
}

fn finding(finding: &verdict::Finding) -> Finding {
    let advice = |(cause, attempt)| Advice { cause, attempt, evident: finding.evident.contains(&cause) };
    Finding {
        code: finding.code,
        check: finding.check.word(),
        title: finding.code.title(),
        detail: harmless(&finding.detail),
        causes: finding.causes().into_iter().map(advice).collect(),
    }
}

fn pods(run: &Migration) -> Vec<Pod> {
    let [old, new] = Door::ALL.map(|door| run.doors[door as usize].spread());
    let names: BTreeSet<&str> = Door::ALL.into_iter().flat_map(|door| run.pods(door)).collect();
    let counted =
        |pod: &str| Pod { pod: harmless(pod), old: old.get(pod).copied().unwrap_or_default(), new: new.get(pod).copied().unwrap_or_default() };
    let mut all: Vec<Pod> = names.into_iter().map(counted).collect();
    all.sort_by(|one, other| natural(&one.pod, &other.pod));
    all
}

fn session(n: usize, session: &migrate::Session) -> Session {
    let mut before = None;
    let requests = session.visits.iter().map(|visit| {
        let pod = visit.shot.pod();
        let moved = pod.zip(before).is_some_and(|(pod, before)| pod != before);
        before = pod.or(before);
        request(visit, moved)
    });
    Session { id: format!("s{:02}", n + 1), requests: requests.collect() }
}

fn request(Visit { door, shot }: &Visit, moved: bool) -> Request {
    let (mut pod, mut status, mut lost) = (None, None, None);
    match &shot.outcome {
        Outcome::By(who) => pod = Some(harmless(&who.pod)),
        Outcome::Nameless { status: said } => status = Some(*said),
        Outcome::Lost(why) => lost = Some(harmless(why)),
    }
    Request { door: *door, at_ms: ms(shot.at), took_ms: ms(shot.took), pod, status, lost, moved }
}
