//! From a run and its judgement to the report.

use super::{Advice, Cookie, Count, Happened, Identity, Kind, Latency, Plan, Pod, Ran, Report, Request, Session, Summary, Told, harmless, words};
use crate::exit::Exit;
use crate::verify::bounds;
use crate::verify::code::Code;
use crate::verify::ends::Why;
use crate::verify::jar::Fate;
use crate::verify::moves::{Cause, Step};
use crate::verify::plan::Sample;
use crate::verify::run::{self, Run};
use crate::verify::scenario::{self, Chosen, Mark, Name, Wants};
use crate::verify::seen::{Event, Outcome, PodState, Shot, What};
use crate::verify::verdict::Judgement;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a report says of its run besides what was seen.
#[derive(Debug, Clone)]
pub struct About {
    /// The URL.
    pub url: String,
    /// The call.
    pub command: String,
    /// When it began (RFC 3339, UTC).
    pub began: String,
    /// How long it took.
    pub took: Duration,
    /// The seed of the order.
    pub seed: u64,
    /// How much was planned.
    pub sample: Sample,
    /// Requests and sockets at most.
    pub planned: (u64, u64),
    /// Paths that were asked, the one of first requests first.
    pub paths: Vec<String>,
    /// The scenarios.
    pub chosen: Chosen,
    /// Whether it was interrupted.
    pub partial: bool,
    /// The exit code that goes with the judgement.
    pub exit: Exit,
    /// Where pods and workers are told.
    pub identity: (String, String),
}

impl Report {
    /// Writes down a run and its judgement.
    #[must_use]
    pub fn new(about: &About, run: &Run, judgement: &Judgement) -> Self {
        let (sample, (probes, sockets)) = (about.sample, about.planned);
        let ran = scenario::ALL.iter().map(|one| {
            let (outcome, detail) = one.of(run, judgement, &about.chosen);
            // What was not reached says nothing of the site.
            let is_late = !matches!(one.name, Name::Spread | Name::StickHttp) && !matches!(one.wants, Wants::Flag(_)) && about.chosen.has(one.name);
            let detail = if about.partial && outcome == Mark::Skip && is_late { "the run was interrupted before it".to_owned() } else { detail };
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
                max_move_rate: judgement.tolerated,
            },
            identity: Identity {
                pod: about.identity.0.clone(),
                worker: about.identity.1.clone(),
                named: run.shots().filter(|shot| shot.pod().is_some()).count() as u64,
                of: run.shots().filter(|shot| !shot.is_lost()).count() as u64,
            },
            verdict: judgement.pods,
            workers: judgement.workers,
            exit_code: about.exit as u8,
            summary: Summary::default(),
            reasons: judgement.reasons.iter().map(|reason| told(reason.code, reason.scenario, &reason.detail)).collect(),
            scenarios: ran.collect(),
            moved_requests: count(run.moves()),
            moved_sessions: count(run.moved_sessions()),
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
            baseline: None,
        };
        report.summary = words::summary(&report);
        report
    }
}

fn ms(duration: Duration) -> f64 {
    // To the microsecond: more digits are noise.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn count((seen, of): (u64, u64)) -> Count {
    let bound = bounds::rate(seen, of, bounds::SHOWN);
    Count { seen, of, least: bound.least, most: bound.most }
}

pub(super) fn told(code: Code, scenario: scenario::Name, detail: &str) -> Told {
    let causes = code.causes().iter().map(|(cause, attempt)| Advice { cause, attempt }).collect();
    Told { code, scenario: scenario.word(), title: code.title(), detail: harmless(detail), causes }
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
    Request { round: shot.round, at_ms: ms(shot.at), took_ms: ms(shot.took), pod, worker, status, lost, moved }
}

fn happened(event: &Event) -> Happened {
    let (kind, text) = match &event.what {
        What::Pod { pod, state: PodState::Ready } => (Kind::PodReady, format!("{pod} ready")),
        What::Pod { pod, state: PodState::NotReady } => (Kind::PodNotReady, format!("{pod} not ready")),
        What::Pod { pod, state: PodState::Gone } => (Kind::PodGone, format!("{pod} gone")),
        What::Tunnel(why) => (Kind::Tunnel, format!("tunnel: {why}")),
    };
    Happened { at_ms: ms(event.at), kind, text: harmless(&text) }
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
    pods.into_iter()
        .map(|(pod, (controls, sessions, mut took))| {
            took.sort_unstable();
            Pod { pod: harmless(pod), controls, sessions, latency: latency(&took) }
        })
        .collect()
}

/// Of times in order: by nearest rank.
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
        // Another path may have been asked as well; the others are in no jar, or go nowhere without TLS.
        if matches!(fate, Fate::Kept | Fate::OtherPath) {
            cookie.sent = sent.get(name).copied().unwrap_or_default();
        }
    }
    all.into_values().collect()
}

/// The most values of a cookie that are told, where they are asked for.
const MOST_VALUES: usize = 10;

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::verify::seen::Offered;

    /// Two of one name are two, and what becomes of each is told.
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
                ("Path=/other Expires".to_owned(), 1, 0, Some(90), vec!["refused by browsers".to_owned(), "lives 90 s".to_owned()]),
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
