//! Simulated sites that never name their pods. What holds a session is one pod's memory, or a store that all share.

use super::*;
use crate::lever::{EXPLORERS, TIMES, measures};
use crate::run::Replay;
use fastrand::Rng;
use std::collections::{BTreeSet, HashMap};

/// Runs of each site.
const RUNS: u64 = 10;

/// Who decides which pod answers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Affinity {
    /// Chance, by the pods' shares.
    Nothing,
    /// The pods in turn.
    Turns,
    /// A cookie of its own, and this share of requests all the same to any pod.
    Cookie(f64),
    /// The session's only cookie.
    SessionCookie,
    /// The client's address.
    Address,
    /// A cookie of its own that leads to another pod than the first answer's.
    LateCookie,
    /// A hash of the session's cookie, which the pod that set it could not know.
    Late,
}

#[derive(Debug, Clone)]
struct Site {
    shares: &'static [f64],
    affinity: Affinity,
    /// Whether all pods know all sessions.
    is_shared: bool,
    /// Sessions are gone at this age, in seconds.
    expires: f64,
    /// When each pod was restarted, in seconds, and lost its sessions.
    restart: Option<f64>,
    /// Whether a pod takes an unknown session for a new one, and knows it from then on.
    adopts: bool,
    /// The share of answers with the symptom, whatever the session.
    noise: f64,
    sample: (usize, usize),
}

const SITE: Site = Site {
    shares: &[1.0, 1.0, 1.0],
    affinity: Affinity::Nothing,
    is_shared: false,
    expires: f64::INFINITY,
    restart: None,
    adopts: false,
    noise: 0.0,
    sample: (30, 12),
};

struct Simulated {
    site: Site,
    rng: Rng,
    turn: usize,
    now: f64,
    /// By session and pod: since when the pod knows the session.
    known: HashMap<(usize, usize), f64>,
    /// The pod of each session's affinity.
    homes: Vec<usize>,
}

impl Simulated {
    fn any(&mut self) -> usize {
        self.turn += 1;
        if self.site.affinity == Affinity::Turns {
            return self.turn % self.site.shares.len();
        }
        let mut left = self.rng.f64() * self.site.shares.iter().sum::<f64>();
        let found = self.site.shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or(0)
    }

    fn first(&mut self, session: usize) -> Shot {
        let pod = if self.site.affinity == Affinity::Address { 0 } else { self.any() };
        let home = if matches!(self.site.affinity, Affinity::Late | Affinity::LateCookie) { self.any() } else { pod };
        self.homes.push(home);
        self.known.insert((session, if self.site.is_shared { 0 } else { pod }), self.now);
        self.shot(false)
    }

    /// A request with the session's cookies but those; `sid` is the session, `lb` holds the affinity.
    fn later(&mut self, session: usize, without: &[&str]) -> Shot {
        let (left, home) = (|name| without.contains(&name), self.homes[session]);
        let pod = match self.site.affinity {
            Affinity::Cookie(leak) if !left("lb") && self.rng.f64() >= leak => home,
            Affinity::LateCookie if !left("lb") => home,
            Affinity::SessionCookie | Affinity::Late if !left("sid") => home,
            Affinity::Address => 0,
            _ => self.any(),
        };
        if left("sid") {
            return self.shot(true);
        }
        let pod = if self.site.is_shared { 0 } else { pod };
        let since = self.known.get(&(session, pod)).copied();
        let restarted = self.site.restart.filter(|at| *at <= self.now);
        let lives = |since: f64| self.now - since < self.site.expires && restarted.is_none_or(|at| since >= at);
        let lost = !since.is_some_and(lives);
        if lost && self.site.adopts {
            self.known.insert((session, pod), self.now);
        }
        let noise = self.rng.f64() < self.site.noise;
        self.shot(lost || noise)
    }

    fn shot(&mut self, lost: bool) -> Shot {
        self.now += 0.005;
        let outcome = Outcome::Nameless { status: if lost { 404 } else { 200 } };
        Shot { at: Duration::from_secs_f64(self.now), took: Duration::from_millis(4), outcome, symptom: Some(lost), ..Shot::none() }
    }
}

/// A run as the front end makes it: the replays come before the last round.
fn run_of(site: &Site, seed: u64) -> Run {
    let (sessions, later) = site.sample;
    let mut simulated = Simulated { site: site.clone(), rng: Rng::with_seed(seed), turn: 0, now: 0.0, known: HashMap::new(), homes: Vec::new() };
    let mut order = Rng::with_seed(seed + 1);
    let mut run = Run { by_symptom: true, ..Run::default() };
    run.sessions.extend((0..sessions).map(|session| Session { shots: vec![simulated.first(session)], ..Session::default() }));
    let names: &[&str] = if matches!(site.affinity, Affinity::SessionCookie | Affinity::Late) { &["sid"] } else { &["sid", "lb"] };
    run.levers = names.iter().map(|name| BTreeSet::from([(*name).to_owned()])).collect();
    for round in 1..=later {
        if round == later {
            replays(&mut run, &mut simulated, &mut order, names);
        }
        let mut all: Vec<usize> = (0..sessions).collect();
        order.shuffle(&mut all);
        for session in all {
            let shot = simulated.later(session, &[]);
            run.sessions[session].shots.push(shot);
        }
    }
    run
}

fn replays(run: &mut Run, simulated: &mut Simulated, order: &mut Rng, names: &[&str]) {
    if run.finds_lost_sessions() {
        return;
    }
    let sessions = run.sessions.len();
    for _ in 0..TIMES {
        let mut all: Vec<(usize, usize)> =
            (0..sessions.min(EXPLORERS as usize)).flat_map(|one| (0..names.len()).map(move |lever| (one, lever))).collect();
        order.shuffle(&mut all);
        for (session, lever) in all {
            let shot = simulated.later(session, &[names[lever]]);
            run.replays.push(Replay { session, lever, measured: false, shot });
        }
    }
    let Some(lever) = run.telling_lever() else { return };
    for _ in 0..measures(sessions as u32) {
        let mut all: Vec<usize> = (0..sessions).collect();
        order.shuffle(&mut all);
        for session in all {
            let shot = simulated.later(session, &[names[lever]]);
            run.replays.push(Replay { session, lever, measured: true, shot });
        }
    }
}

/// How often each verdict and its first reason come about in so many runs.
fn verdicts(site: &Site, runs: u64) -> HashMap<String, u64> {
    let mut all = HashMap::new();
    for seed in 0..runs {
        let judgement = judge(&run_of(site, seed * 7), 0.0);
        let word = format!("{} {}", judgement.pods.word(), code(&judgement).unwrap_or_default());
        *all.entry(word.trim_end().to_owned()).or_default() += 1;
    }
    all
}

#[track_caller]
fn always(site: &Site, wanted: &str) {
    assert_eq!(verdicts(site, RUNS), HashMap::from([(wanted.to_owned(), RUNS)]));
}

#[track_caller]
fn never(site: &Site, unwanted: &str) -> HashMap<String, u64> {
    let seen = verdicts(site, RUNS);
    assert!(!seen.keys().any(|word| word.starts_with(unwanted)), "{seen:?} of {site:?}");
    seen
}

#[test]
fn sites_without_affinity_are_never_called_sticky() {
    let turns = Site { affinity: Affinity::Turns, ..SITE };
    for site in [SITE, turns, Site { sample: (15, 8), ..SITE }, Site { shares: &[1.0; 12], ..SITE }, Site { adopts: true, ..SITE }] {
        always(&site, "not-sticky session-lost");
    }
    for shares in [&[9.0, 1.0][..], &[49.0, 1.0], &[1.0, 1.0], &[1.0; 30]] {
        for sample in [(30, 12), (15, 8), (2, 2), (3, 1), (1, 4), (60, 1)] {
            for affinity in [Affinity::Nothing, Affinity::Turns, Affinity::Late, Affinity::LateCookie] {
                for adopts in [false, true] {
                    never(&Site { shares, sample, affinity, adopts, ..SITE }, "sticky");
                }
            }
        }
    }
}

#[test]
fn sites_with_affinity_are_never_called_not_sticky() {
    let site = Site { affinity: Affinity::Cookie(0.0), ..SITE };
    for site in [site.clone(), Site { sample: (15, 8), ..site.clone() }, Site { shares: &[6.0, 3.0, 1.0], ..site }] {
        let seen = verdicts(&site, 100);
        assert!(seen["sticky"] > 95, "{seen:?}");
    }
    for affinity in [Affinity::Cookie(0.0), Affinity::SessionCookie, Affinity::Address] {
        for (sample, end) in [((30, 12), 1.0), ((15, 8), 0.6), ((4, 3), 0.05), ((30, 12), 2.3), ((1, 20), 0.3), ((30, 12), 0.2)] {
            for adopts in [false, true] {
                let site = Site { affinity, sample, adopts, ..SITE };
                never(&Site { expires: end, ..site.clone() }, "not-sticky");
                never(&Site { restart: Some(end), ..site.clone() }, "not-sticky");
                never(&site, "not-sticky");
            }
        }
    }
}

/// Where no pod has sessions of its own, nothing proves affinity, whatever happens meanwhile.
#[test]
fn one_pod_and_a_shared_store_prove_nothing() {
    for (shares, is_shared) in [(&[1.0][..], false), (&[1.0, 1.0, 1.0], true)] {
        for affinity in [Affinity::Nothing, Affinity::Cookie(0.0), Affinity::SessionCookie, Affinity::Address] {
            let site = Site { shares, is_shared, affinity, ..SITE };
            always(&site, "inconclusive symptom-unseen");
            for end in [0.2, 1.0, 1.9, 2.0, 2.1, 2.3] {
                for adopts in [false, true] {
                    let site = Site { adopts, ..site.clone() };
                    let seen = never(&Site { expires: end, ..site.clone() }, "sticky");
                    let restarted = never(&Site { restart: Some(end), ..site }, "sticky");
                    // A restart loses all sessions at one moment.
                    assert!(
                        !seen.keys().chain(restarted.keys()).any(|word| word.starts_with("not-sticky")),
                        "{end} {adopts}: {seen:?} {restarted:?}"
                    );
                }
            }
            never(&Site { noise: 0.01, ..site }, "sticky");
        }
    }
}

#[test]
fn what_cannot_be_told() {
    always(&Site { affinity: Affinity::SessionCookie, ..SITE }, "inconclusive symptom-unseen");
    always(&Site { affinity: Affinity::Address, ..SITE }, "inconclusive symptom-unseen");
    always(&Site { affinity: Affinity::Late, ..SITE }, "inconclusive session-ended");
    never(&Site { affinity: Affinity::Cookie(0.0), sample: (2, 2), ..SITE }, "sticky");
    always(&Site { affinity: Affinity::LateCookie, ..SITE }, "not-sticky session-lost");
    always(&Site { expires: 0.0, ..SITE }, "inconclusive session-ended");
    let seen = never(&Site { affinity: Affinity::Cookie(0.05), ..SITE }, "sticky");
    assert!(seen["not-sticky session-lost"] >= RUNS - 1, "{seen:?}");
}
