//! From a run and its judgement to the report.

use super::model::{Candidate, Count, Identity, Logs, LostWhen, Plan, Ran, Report, Sent, Sources, Summary, Told, Without};
use super::moment::{happened, ms};
use super::observed::{Cookie, Latency, Pod, Request, Session};
use super::summary::summary;
use super::{disrupted, here};
use crate::exit::Exit;
use crate::natural::natural;
use crate::verify::disrupt::{Disrupted, Proxies};
use std::collections::BTreeMap;
use std::time::Duration;
use sticky_affinity::bounds;
use sticky_affinity::code::Code;
use sticky_affinity::ends::Why;
use sticky_affinity::identify;
use sticky_affinity::jar::Fate;
use sticky_affinity::moves::{Cause, Step};
use sticky_affinity::plan::Sample;
use sticky_affinity::run::{self, Run};
use sticky_affinity::scenario::{self, Chosen, Mark, Name, Wants};
use sticky_affinity::seen::{Outcome, Shot};
use sticky_affinity::verdict::{Judgement, Reason};
use sticky_core::harmless::harmless;

/// What a report contains besides observations and the judgement.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) url: String,
    pub(crate) command: String,
    /// When the run began (RFC 3339, UTC).
    pub(crate) began: String,
    /// How long the run took.
    pub(crate) took: Duration,
    /// The seed of the order of sessions.
    pub(crate) seed: u64,
    pub(crate) sample: Sample,
    /// The largest number of requests, and of sockets.
    pub(crate) planned: (u64, u64),
    /// Requested paths, the one of first requests first.
    pub(crate) paths: Vec<String>,
    pub(crate) chosen: Chosen,
    /// Whether the run was interrupted.
    pub(crate) partial: bool,
    pub(crate) exit: Exit,
    /// Where pods and workers were identified.
    pub(crate) identity: (String, String),
    /// What a lost session looks like, in the form of `--lost-when`.
    pub(crate) lost_when: Vec<String>,
    /// Whether the site is the demo on this machine.
    pub(crate) is_here: bool,
    /// What came of disruptions.
    pub(crate) disrupted: Vec<Disrupted>,
    /// What came of the comparison of proxies.
    pub(crate) proxies: Option<Proxies>,
}

impl Report {
    /// The report of a run and its judgement.
    pub(crate) fn new(about: &About, run: &Run, judgement: &Judgement) -> Self {
        let (sample, (probes, sockets)) = (about.sample, about.planned);
        let ran = scenario::ALL.iter().map(|one| {
            let found = judgement.scenario(one.name, &about.chosen);
            let (outcome, detail) = (found.mark, found.detail);
            // A scenario that was not reached shows nothing about the site.
            let is_late = !matches!(one.name, Name::Spread | Name::StickHttp) && !matches!(one.wants, Wants::Flag(_)) && about.chosen.has(one.name);
            let detail =
                if about.partial && outcome == Mark::Skip && is_late { "the run was interrupted before this scenario".to_owned() } else { detail };
            Ran { name: one.word, asks: one.asks, outcome, detail: harmless(&detail) }
        });
        let mut socket_ends: BTreeMap<Why, u64> = BTreeMap::new();
        for (_, why) in run.ends() {
            *socket_ends.entry(why).or_default() += 1;
        }
        let mut report = Self {
            schema: Self::SCHEMA,
            stickyctl: env!("CARGO_PKG_VERSION"),
            url: harmless(&about.url),
            command: harmless(&about.command),
            began: about.began.clone(),
            took_ms: ms(about.took),
            seed: about.seed,
            partial: about.partial,
            plan: Plan {
                sessions: sample.sessions,
                requests: sample.later,
                controls: sample.controls,
                probes,
                sockets,
                paths: about.paths.iter().map(|path| harmless(path)).collect(),
                values: run.values.clone(),
                max_move_rate: judgement.tolerated,
            },
            sent: Sent { probes: run.shots().count() as u64 + run.followed, sockets: run.sockets().count() as u64 },
            identity: Identity {
                pod: about.identity.0.clone(),
                worker: about.identity.1.clone(),
                named: run.shots().filter(|shot| shot.pod().is_some()).count() as u64,
                of: run.shots().filter(|shot| !shot.is_lost()).count() as u64,
                sources: sources(run),
                logs: run.logs.as_ref().map(|logs| by_logs(logs, run)),
                candidates: candidates(run, judgement),
            },
            verdict: judgement.pods,
            workers: judgement.workers,
            exit_code: about.exit as u8,
            summary: Summary::default(),
            reasons: judgement.reasons.iter().map(|reason| told(reason, about.is_here)).collect(),
            scenarios: ran.collect(),
            moved_requests: count(run.moves()),
            moved_sessions: count(run.moved_sessions()),
            lost_when: (!about.lost_when.is_empty()).then(|| lost_when(about, run)),
            forced_moves: run.moved_by(Cause::Forced),
            changes: run.sessions.iter().map(run::Session::changes).sum(),
            chance: judgement.chance,
            pods: pods(run),
            cookies: cookies(run),
            nameless: run.nameless(),
            lost: run.shots().filter(|shot| shot.is_lost()).count() as u64,
            cached: run.shots().filter(|shot| shot.cached).count() as u64,
            sessions: run.sessions.iter().enumerate().map(|(n, session)| requests(run, n, session)).collect(),
            controls: run.controls.iter().map(|shot| request(shot, None)).collect(),
            socket_ends,
            events: run.events.iter().filter(|event| event.at > Duration::ZERO).map(happened).collect(),
            disruptions: about.disrupted.iter().map(disrupted::disruption).collect(),
            proxies: about.proxies.as_ref().map(disrupted::proxies),
            baseline: None,
        };
        report.summary = summary(&report);
        report
    }
}

pub(in crate::verify) fn count((seen, of): (u64, u64)) -> Count {
    let bound = bounds::rate(seen, of, bounds::SHOWN);
    Count { seen, of, least: bound.least, most: bound.most }
}

pub(super) fn told(reason: &Reason, is_here: bool) -> Told {
    let code = reason.code;
    Told { code, scenario: reason.scenario.word(), title: code.title(), detail: harmless(&reason.detail), causes: here::causes(reason, is_here) }
}

fn sources(run: &Run) -> Sources {
    let identify::Named { answer, access_log, pod_log } = run.named();
    Sources { answer, access_log, pod_log }
}

fn by_logs(logs: &sticky_affinity::told::Logs, run: &Run) -> Logs {
    let sockets = || run.sockets().map(|socket| &socket.opened);
    Logs {
        read: logs.from.iter().map(|by| by.word().to_owned()).collect(),
        marker_in_query: logs.in_query,
        unidentified: run.shots().filter(|shot| shot.is_unidentified()).count() as u64,
        unidentified_sockets: sockets().filter(|shot| shot.is_unidentified()).count() as u64,
        without_pod: run.shots().chain(sockets()).filter(|shot| shot.is_by_stranger()).count() as u64,
        retries: run.retries(),
        waited_ms: ms(logs.waited),
        troubles: logs.troubles.iter().map(|trouble| harmless(trouble)).collect(),
    }
}

/// Only where requests show no pod: otherwise nothing has to be looked for.
fn candidates(run: &Run, judgement: &Judgement) -> Vec<Candidate> {
    let asks =
        |reason: &Reason| reason.scenario == Name::StickHttp && matches!(reason.code, Code::NoIdentity | Code::NoLogLine | Code::IdentityUnstable);
    let all = if judgement.reasons.iter().any(asks) { run.suggested() } else { Vec::new() };
    all.into_iter().map(|one| Candidate { place: harmless(&one.place), values: one.values, answers: one.answers }).collect()
}

fn requests(run: &Run, n: usize, session: &run::Session) -> Session {
    let steps: BTreeMap<usize, Step> = run.steps(session).into_iter().collect();
    let requests = session.shots.iter().enumerate().map(|(place, shot)| {
        let moved = steps.get(&place).and_then(|step| if let Step::Moved(cause) = step { Some(*cause) } else { None });
        request(shot, moved)
    });
    Session { id: format!("s{:02}", n + 1), requests: requests.collect() }
}

fn request(shot: &Shot, moved: Option<Cause>) -> Request {
    let (mut pod, mut worker, mut status, mut lost) = (None, None, None, None);
    match &shot.outcome {
        Outcome::By(who) => (pod, worker) = (Some(harmless(&who.pod)), who.worker.as_deref().map(harmless)),
        Outcome::Nameless { status: said } => status = Some(*said),
        Outcome::Lost(why) => lost = Some(harmless(why)),
    }
    let tried = shot.tried().iter().map(|pod| harmless(pod)).collect();
    Request { round: shot.round, at_ms: ms(shot.at), took_ms: ms(shot.took), pod, worker, status, lost, session_lost: shot.symptom, tried, moved }
}

fn lost_when(about: &About, run: &Run) -> LostWhen {
    let without = run.levers.iter().enumerate().map(|(lever, names)| {
        let (lost, of) = run.lost_without(lever);
        Without { cookies: names.iter().map(|name| harmless(name)).collect(), lost, of }
    });
    let symptoms = about.lost_when.iter().map(|symptom| harmless(symptom)).collect();
    LostWhen { symptoms, requests: count(run.lost_requests()), sessions: count(run.lost_sessions()), without: without.collect() }
}

fn pods(run: &Run) -> Vec<Pod> {
    let mut pods: BTreeMap<&str, (u64, u64, Vec<Duration>)> =
        run.spread().into_iter().map(|(pod, controls)| (pod, (controls, 0, Vec::new()))).collect();
    for (_, pod) in run.sessions.iter().filter_map(run::Session::bound) {
        pods.entry(pod).or_default().1 += 1;
    }
    for shot in run.controls.iter().chain(run.sessions.iter().flat_map(|session| &session.shots)) {
        if let Some(pod) = shot.pod() {
            pods.entry(pod).or_default().2.push(shot.took);
        }
    }
    let mut all: Vec<Pod> = pods
        .into_iter()
        .map(|(pod, (controls, sessions, mut took))| {
            took.sort_unstable();
            Pod { pod: harmless(pod), controls, sessions, latency: latency(&took) }
        })
        .collect();
    all.sort_by(|one, other| natural(&one.pod, &other.pod));
    all
}

/// Percentiles of sorted times, by nearest rank.
fn latency(took: &[Duration]) -> Option<Latency> {
    let at = |share: f64| took.get(((took.len() as f64 * share).ceil() as usize).clamp(1, took.len().max(1)) - 1).copied().map(ms);
    Some(Latency { least_ms: at(0.0)?, p5_ms: at(0.05)?, p50_ms: at(0.5)?, p95_ms: at(0.95)?, p99_ms: at(0.99)? })
}

fn cookies(run: &Run) -> Vec<Cookie> {
    let mut all: BTreeMap<(&str, &str, Fate), Cookie> = BTreeMap::new();
    let first = run.socket_first.iter().map(|first| &first.socket.opened);
    let shots = || run.sessions.iter().flat_map(|session| session.shots.iter().chain(session.sockets.iter().map(|socket| &socket.opened)));
    for cookie in shots().chain(first).flat_map(|shot| &shot.offered) {
        let new = || Cookie {
            name: harmless(&cookie.name),
            attributes: harmless(&cookie.attributes),
            fate: cookie.fate,
            lives_s: cookie.lives.map(|lives| lives.as_secs()),
            offered: 0,
            sent: 0,
            values: Vec::new(),
        };
        let told = all.entry((&cookie.name, &cookie.attributes, cookie.fate)).or_insert_with(new);
        told.offered += 1;
        if let Some(value) = cookie.value.as_deref().map(harmless)
            && told.values.len() < MOST_VALUES
            && !told.values.contains(&value)
        {
            told.values.push(value);
        }
    }
    let mut sent: BTreeMap<&str, u64> = BTreeMap::new();
    for name in shots().flat_map(|shot| &shot.carried) {
        *sent.entry(name).or_default() += 1;
    }
    for ((name, _, fate), cookie) in &mut all {
        // Another path may have been requested too; cookies with other fates are in no jar, or are not sent without TLS.
        if matches!(fate, Fate::Kept | Fate::OtherPath) {
            cookie.sent = sent.get(name).copied().unwrap_or_default();
        }
    }
    all.into_values().collect()
}

/// The most values of a cookie in a report.
const MOST_VALUES: usize = 10;

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use sticky_affinity::seen::Offered;

    /// Two cookies with one name are two, each with its fate.
    #[test]
    fn cookies_of_one_name() {
        let mut run = sample::run(sample::Kind::NotSticky);
        let shot = &mut run.sessions[0].shots[1];
        let other = Offered { attributes: "Path=/other Expires".to_owned(), fate: Fate::Refused, ..sample::offered() };
        shot.offered = vec![Offered { lives: Some(Duration::from_secs(90)), ..other.clone() }, Offered { fate: Fate::Kept, ..other }];
        let told: Vec<_> = cookies(&run).into_iter().map(|one| (one.attributes.clone(), one.offered, one.sent, one.lives_s, one.remarks())).collect();
        assert_eq!(
            told,
            [
                ("Path=/ HttpOnly".to_owned(), 30, 360, None, vec![]),
                ("Path=/other Expires".to_owned(), 1, 360, None, vec![]),
                ("Path=/other Expires".to_owned(), 1, 0, Some(90), vec!["rejected by browsers".to_owned(), "lifetime 90 s".to_owned()]),
            ]
        );
    }

    #[test]
    fn ranks() {
        let took: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        let told = latency(&took);
        assert_eq!(told.map(|told| (told.least_ms, told.p5_ms, told.p50_ms, told.p95_ms, told.p99_ms)), Some((1.0, 5.0, 50.0, 95.0, 99.0)));
        assert!(latency(&took[..1]).is_some_and(|told| told.least_ms == 1.0 && told.p99_ms == 1.0) && latency(&[]).is_none());
    }
}
