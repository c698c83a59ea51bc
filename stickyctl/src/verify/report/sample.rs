//! Reports for tests, judged like real ones: the four usual results, and runs that end early.

use super::build::About;
use super::model::Report;
use crate::exit::Exit;
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_affinity::jar::Fate;
use sticky_affinity::judge;
use sticky_affinity::plan::Sample;
use sticky_affinity::run::{Replay, Run, Session};
use sticky_affinity::scenario::Chosen;
use sticky_affinity::seen::{Event, Offered, Outcome, PodState, Shot, What, Who};
use sticky_affinity::verdict::Verdict;

/// A usual result; [`report`] judges a run that leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sticky while the site scales from 3 to 5 pods.
    Sticky,
    /// Sticky while a pod is replaced.
    Rollout,
    /// Not sticky: the cookie decides nothing.
    NotSticky,
    /// Inconclusive: one pod answers everything.
    OnePod,
    /// Not sticky, judged by a symptom: no answer names its pod, and sessions are lost and found again.
    Lost,
}

fn about() -> About {
    About {
        url: "https://shop.example.com/".to_owned(),
        command: "stickyctl verify https://shop.example.com".to_owned(),
        began: "2026-11-25T14:02:07Z".to_owned(),
        took: Duration::from_secs_f64(21.4),
        seed: 8812,
        sample: Sample::default(),
        planned: (555, 0),
        paths: vec!["/".to_owned()],
        chosen: Chosen::default(),
        partial: false,
        exit: Exit::Done,
        identity: ("header:x-pod".to_owned(), "header:x-worker".to_owned()),
        lost_when: Vec::new(),
        is_here: false,
        disrupted: Vec::new(),
        proxies: None,
    }
}

/// A report of a kind.
#[must_use]
pub fn report(kind: Kind) -> Report {
    of(&run(kind))
}

fn of(run: &Run) -> Report {
    let judgement = judge(run, 0.0);
    let exit = match judgement.pods {
        Verdict::Sticky => Exit::Done,
        Verdict::NotSticky => Exit::Negative,
        _ => Exit::Inconclusive,
    };
    let lost_when = if run.by_symptom { vec!["status:404".to_owned()] } else { Vec::new() };
    Report::new(&About { exit, lost_when, ..about() }, run, &judgement)
}

/// The report of a run that was interrupted after `requests` requests of each session; 0 means before the first one.
#[must_use]
pub fn broken_off(kind: Kind, requests: usize) -> Report {
    let mut run = run(kind);
    run.sessions.iter_mut().for_each(|session| session.shots.truncate(requests));
    run.controls.truncate(requests * 5);
    run.replayed.truncate(requests);
    run.events.retain(|event| event.at <= run.controls.last().map_or(Duration::ZERO, |shot| shot.at));
    let judgement = judge(&run, 0.0);
    Report::new(&About { partial: true, exit: Exit::Interrupted, ..about() }, &run, &judgement)
}

/// A report in which every text from the site is an attack.
#[must_use]
pub fn hostile() -> Report {
    let trap = "</script><script>alert(1)</script>]]>&\u{2028}\u{202e}\u{0}";
    // One pod answers everything, so that its name is in the reason.
    let mut run = run(Kind::OnePod);
    for one in run.sessions.iter_mut().flat_map(|session| &mut session.shots).chain(&mut run.controls) {
        one.outcome = shot(trap).outcome;
        one.offered = vec![Offered { name: trap.to_owned(), attributes: trap.to_owned(), ..offered() }];
    }
    run.events.push(Event { at: Duration::from_secs(3), what: What::Tunnel(trap.to_owned()) });
    of(&run)
}

pub(super) fn run(kind: Kind) -> Run {
    let pods: &[&str] = if kind == Kind::OnePod { &["app-2"] } else { &["app-1", "app-2", "app-3"] };
    let at = |place: usize| pods[place % pods.len()];
    let event = |seconds: f64, pod: &str, state| Event { at: Duration::from_secs_f64(seconds), what: What::Pod { pod: pod.to_owned(), state } };
    let mut run = Run::default();
    for n in 0..30 {
        let pod = |round: usize| match kind {
            Kind::NotSticky => at(n + round + usize::from(round > 6)),
            // Irregular: losses at one moment or at one age prove nothing.
            Kind::Lost => at(n + [0, 1, 0, 0, 2, 1, 0, 2, 2, 0, 1, 0, 1][round]),
            Kind::Rollout if n % 3 == 1 && round > 5 => at(n + 1 + n % 2),
            _ => at(n),
        };
        let mut shots = timed((0..13).map(|round| shot(pod(round))).collect(), 1.6);
        for (round, shot) in (0..).zip(&mut shots) {
            shot.round = round;
            match round {
                _ if kind == Kind::OnePod => {}
                0 => shot.offered.push(offered()),
                _ => shot.carried.push("shop_route".to_owned()),
            }
        }
        run.sessions.push(Session { shots, ..Session::default() });
    }
    run.replayed = (0..12).map(|n| shot(at(n))).collect();
    run.controls = timed((0..60).map(|n| shot(at(n))).collect(), 0.3);
    (0..).zip(&mut run.controls).for_each(|(n, shot)| shot.round = n / 5 + 1);
    let ready = pods.iter().map(|pod| event(0.0, pod, PodState::Ready));
    match kind {
        Kind::Sticky => {
            run.events.extend(ready);
            run.events.extend([event(9.0, "app-4", PodState::Ready), event(9.1, "app-5", PodState::Ready)]);
            run.controls[40] = Shot { round: 9, ..shot("app-4") };
            run.controls[41] = Shot { round: 9, ..shot("app-5") };
        }
        Kind::Rollout => {
            run.events.extend(ready);
            run.events.extend([event(8.5, "app-4", PodState::Ready), event(9.0, "app-2", PodState::Gone)]);
            run.controls[40] = Shot { round: 9, ..shot("app-4") };
        }
        Kind::Lost => without_names(&mut run),
        Kind::NotSticky | Kind::OnePod => {}
    }
    run
}

/// What is left of a run if no answer names its pod, and those of another pod than the first look like `--lost-when`.
fn without_names(run: &mut Run) {
    (run.by_symptom, run.levers) = (true, vec![BTreeSet::from(["shop_route".to_owned()])]);
    let nameless =
        |shot: &mut Shot, is_lost| (shot.outcome, shot.symptom) = (Outcome::Nameless { status: if is_lost { 404 } else { 200 } }, Some(is_lost));
    for session in &mut run.sessions {
        let home = session.shots[0].pod().map(str::to_owned);
        session.shots.iter_mut().for_each(|shot| nameless(shot, shot.pod() != home.as_deref()));
    }
    run.controls.iter_mut().for_each(|shot| nameless(shot, false));
    let replays = std::mem::take(&mut run.replayed).into_iter().enumerate();
    run.replays = replays
        .map(|(n, mut shot)| {
            nameless(&mut shot, n % 3 != 0);
            Replay { session: n % 4, lever: 0, measured: false, shot }
        })
        .collect();
}

pub(super) fn offered() -> Offered {
    Offered { name: "shop_route".to_owned(), attributes: "Path=/ HttpOnly".to_owned(), fate: Fate::Kept, lives: None, overwrites: false, value: None }
}

fn shot(pod: &str) -> Shot {
    let outcome = Outcome::By(Who { pod: pod.to_owned(), worker: Some("0".to_owned()) });
    Shot { took: Duration::from_millis(1), outcome, ..Shot::none() }
}

/// Spaces requests `step` seconds apart.
fn timed(mut shots: Vec<Shot>, step: f64) -> Vec<Shot> {
    (0..).zip(&mut shots).for_each(|(n, shot)| shot.at = Duration::from_secs_f64(f64::from(n) * step));
    shots
}
