//! Why sessions move, for simulated sites of each kind and for those that are alike.

use super::*;
use crate::plan::{Probe, Sample, rounds};
use fastrand::Rng;
use std::collections::BTreeMap;

const PODS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const SMALL: Sample = Sample { sessions: 15, later: 8, controls: 30 };

/// A request that a simulated site answers.
struct Ask {
    /// How many requests the session has sent before.
    place: usize,
    /// Since the session's first request, in seconds.
    since: f64,
    /// Since the start of the run, in seconds.
    at: f64,
    /// The pod that a cookie of the session leads to.
    home: usize,
}

/// A run against a site that answers requests without a session at random, and those of sessions as `choose` says. A request begins every
/// 10 ms.
fn simulated(pods: usize, sample: Sample, seed: u64, mut choose: impl FnMut(&mut Rng, &Ask) -> usize) -> Run {
    let mut rng = Rng::with_seed(seed);
    let mut run = Run { sessions: vec![Session::default(); sample.sessions as usize], ..Run::default() };
    let mut homes: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for (n, probe) in rounds(sample, 0, seed).into_iter().flatten().enumerate() {
        let at = n as f64 / 100.0;
        let pod = match probe {
            Probe::Session(session) => {
                let (home, began) = *homes.entry(session).or_insert_with(|| (rng.usize(..pods), at));
                let place = run.sessions[session as usize].shots.len();
                choose(&mut rng, &Ask { place, since: at - began, at, home })
            }
            _ => rng.usize(..pods),
        };
        let mut shot = shot(PODS[pod]);
        shot.at = Duration::from_secs_f64(at);
        match probe {
            Probe::Session(session) => {
                if run.sessions[session as usize].shots.is_empty() {
                    shot.offered.push(cookie(Fate::Kept));
                }
                run.sessions[session as usize].shots.push(shot);
            }
            Probe::Control => run.controls.push(shot),
            Probe::Bare => run.replayed.push(shot),
        }
    }
    run
}

/// How often each code decides, of many runs.
fn codes(pods: usize, sample: Sample, runs: u64, choose: impl Fn(&mut Rng, &Ask) -> usize) -> BTreeMap<&'static str, u64> {
    let mut codes = BTreeMap::new();
    for seed in 0..runs {
        let judgement = judge(&simulated(pods, sample, seed, &choose), 0.0);
        *codes.entry(code(&judgement).unwrap_or("none")).or_default() += 1;
    }
    codes
}

fn details(pods: usize, sample: Sample, runs: u64, choose: impl Fn(&mut Rng, &Ask) -> usize) -> Vec<String> {
    let judged = (0..runs).map(|seed| judge(&simulated(pods, sample, seed, &choose), 0.0));
    judged.filter(|judgement| code(judgement) == Some("bound-late")).map(|judgement| judgement.reasons[0].detail.clone()).collect()
}

#[test]
fn sessions_that_settle_with_a_later_answer() {
    for (pods, sample) in [(2, Sample::default()), (3, SMALL), (3, Sample::default()), (6, Sample::default())] {
        // What stays has to be more than chance explains.
        for k in 2..=if sample == SMALL { 4 } else { 7 } {
            let site = |rng: &mut Rng, ask: &Ask| if ask.place + 1 < k { rng.usize(..pods) } else { ask.home };
            let seen = details(pods, sample, 10, site);
            let said = match k {
                2 => "always the pod of the second answer, never that of the first".to_owned(),
                3 => "each session stays from its 3rd answer on".to_owned(),
                k => format!("each session stays from its {k}th answer on"),
            };
            let right = seen.iter().filter(|detail| detail.contains(&said)).count();
            assert!(right >= 9, "{pods} pods, {sample:?}, {k}: {right} of 10; {:?}", seen.iter().find(|detail| !detail.contains(&said)));
        }
    }
}

#[test]
fn sessions_that_settle_after_some_time() {
    for (pods, sample, seconds) in [(2, Sample::default(), 1.1), (3, Sample::default(), 1.7), (6, Sample::default(), 0.9)] {
        let site = |rng: &mut Rng, ask: &Ask| if ask.since < seconds { rng.usize(..pods) } else { ask.home };
        let seen = details(pods, sample, 10, site);
        let by_time: Vec<f64> = seen
            .iter()
            .filter_map(|detail| detail.split_once("but sessions stay from ")?.1.split_once(" s after their first request on")?.0.parse().ok())
            .collect();
        // The last change comes shortly before, and never after.
        assert!(by_time.len() >= 8, "{pods} pods, {sample:?}, {seconds} s: {} of 10; {:?}", by_time.len(), seen.first());
        assert!(by_time.iter().all(|seen| *seen <= seconds + 0.05 && *seen > seconds - 0.4), "{seconds}: {by_time:?}");
    }
}

/// What settles with time has other causes than what settles with an answer. Where all first answers are one pod's, each is still a move.
#[test]
fn causes_of_late_binding() {
    let first_cause = |run: &Run| {
        let judgement = judge(run, 0.0);
        assert_eq!(code(&judgement), Some("bound-late"), "{judgement:?}");
        judgement.reasons[0].causes()[0].0
    };
    let by_time = simulated(6, Sample::default(), 1, |rng, ask| if ask.since < 1.7 { rng.usize(..6) } else { ask.home });
    assert!(first_cause(&by_time).contains("stick table"));
    let many = Sample { sessions: 100, ..Sample::default() };
    let by_answer = simulated(6, many, 1, |rng, ask| if ask.place < 4 { rng.usize(..6) } else { ask.home });
    assert!(first_cause(&by_answer).contains("only later"));
    let mut one_first = simulated(3, Sample::default(), 1, |_, ask| if ask.place == 0 { 0 } else { ask.home });
    one_first.controls.iter_mut().for_each(|control| control.outcome = shot("a").outcome);
    assert!(first_cause(&one_first).contains("hashes the cookie"));
}

/// Leaks, a moment when every cookie gets another meaning, a ring that a pod joins, and sessions that settle in the very end.
#[test]
fn what_is_not_bound_late() {
    for pods in [2, 3, 6] {
        for (sample, runs) in [(SMALL, 20), (Sample::default(), 6)] {
            for one_in in [3, 10, 40, 200] {
                let leaks =
                    codes(pods, sample, runs, |rng, ask| if ask.place > 0 && rng.usize(..one_in) == 0 { rng.usize(..pods) } else { ask.home });
                assert_eq!(leaks.get("bound-late").or(leaks.get("cookie-picks-node")), None, "{pods}, 1 in {one_in}: {leaks:?}");
            }
            for moment in [0.9, 1.4, 2.0] {
                let other = |ask: &Ask| if ask.at < moment { ask.home } else { (ask.home * 5 + 1) % pods };
                let rehashed = codes(pods, sample, runs, |_, ask| other(ask));
                assert!(*rehashed.get("bound-late").unwrap_or(&0) <= 1, "{pods} pods, {sample:?}, after {moment} s: {rehashed:?}");
                let joined = codes(pods, sample, runs, |_, ask| if ask.home == 0 { other(ask) } else { ask.home });
                assert!(*joined.get("bound-late").unwrap_or(&0) <= 1, "{pods} pods, {sample:?}, after {moment} s: {joined:?}");
            }
            let last = sample.later as usize - 1;
            let in_the_end = codes(pods, sample, runs, |rng, ask| if ask.place < last { rng.usize(..pods) } else { ask.home });
            assert_eq!(in_the_end.get("bound-late"), None, "{pods}: {in_the_end:?}");
        }
    }
}

/// Few sessions are more likely to show a pattern by chance, and cost less.
const RUNS: u64 = 1_200;

/// On a site without affinity no pattern is found, however few pods, sessions and requests there are.
#[test]
fn no_affinity_has_no_pattern() {
    let found = ["bound-late", "cookie-picks-node", "cookie-overwritten", "session-not-in-cookie"];
    for pods in [2, 3, 4] {
        let mut all: BTreeMap<&str, u64> = BTreeMap::new();
        for (sessions, later) in [(2, 2), (3, 3), (5, 2), (5, 12), (30, 3), (15, 8), (30, 12)] {
            let sample = Sample { sessions, later, controls: sessions * 2 };
            for (code, count) in codes(pods, sample, RUNS / sessions as u64, |rng, _| rng.usize(..pods)) {
                *all.entry(code).or_default() += count;
            }
            for seed in 0..10 {
                let mut turn = 0;
                let run = simulated(pods, sample, seed, |_, _| {
                    turn += 1;
                    turn % pods
                });
                *all.entry(code(&judge(&run, 0.0)).unwrap_or("none")).or_default() += 1;
            }
        }
        assert!(found.iter().all(|code| !all.contains_key(code)) && all["cookie-not-honoured"] > 900, "{pods} pods: {all:?}");
    }
}

/// A first answer that binds nothing, as where a proxy hashes the application's cookie.
#[test]
fn a_first_answer_that_binds_nothing() {
    let late: Vec<String> = (0..15).map(|n| format!("{}{}", PODS[n % 3], format!(" {}", PODS[n / 3 % 3]).repeat(8))).collect();
    let mut late = run(EVEN, &late.iter().map(String::as_str).collect::<Vec<_>>());
    finds(&late, Verdict::NotSticky, Some("bound-late"));
    // A session that moves again.
    late.sessions[3].shots[6].outcome = shot("elsewhere").outcome;
    for session in &mut late.sessions {
        session.shots[0].offered.push(cookie(Fate::Kept));
    }
    finds(&late, Verdict::NotSticky, Some("leaks"));
}

/// Two nodes with three pods each, one that has a pod alone, and groups in which sessions alternate now and then only.
#[test]
fn sessions_that_stay_on_a_node() {
    let node = |size: usize| move |rng: &mut Rng, ask: &Ask| ask.home / size * size + rng.usize(..size);
    for (pods, size, sample, says) in [
        (6, 3, Sample::default(), "there are 2 such groups, of 3 and 3 pods"),
        (6, 2, SMALL, "there are 3 such groups, of 2, 2 and 2 pods"),
        (4, 2, Sample::default(), "there are 2 such groups, of 2 and 2 pods"),
    ] {
        for seed in 0..10 {
            let judgement = judge(&simulated(pods, sample, seed, node(size)), 0.0);
            assert_eq!(code(&judgement), Some("cookie-picks-node"), "{pods} {size} {seed}: {judgement:?}");
            assert!(judgement.reasons[0].detail.ends_with(says), "{}", judgement.reasons[0].detail);
        }
    }
    let alone = codes(3, Sample::default(), 40, |rng, ask| if ask.home == 0 { 0 } else { 1 + rng.usize(..2) });
    assert_eq!(alone, BTreeMap::from([("cookie-picks-node", 40)]));
    // Strict turns over two pods are one group.
    let mut turn = 0;
    let turns = simulated(2, SMALL, 1, |_, _| {
        turn += 1;
        turn % 2
    });
    finds(&turns, Verdict::NotSticky, Some("cookie-not-honoured"));
    let leaks = codes(6, SMALL, 40, |rng, ask| if ask.place > 0 && rng.usize(..20) == 0 { ask.home / 2 * 2 + rng.usize(..2) } else { ask.home });
    assert_eq!(leaks.get("cookie-picks-node"), None, "{leaks:?}");
}

/// Sessions without affinity, whose answers set another value each time. With the first one each session reaches `home`.
fn overwritten(home: impl Fn(&Session) -> Option<&str>) -> Run {
    let mut run = simulated(3, SMALL, 1, |rng, _| rng.usize(..3));
    for session in &mut run.sessions {
        session.shots.iter_mut().skip(1).for_each(|shot| shot.offered = vec![Offered { overwrites: true, ..cookie(Fate::Kept) }]);
    }
    let again: Vec<(usize, Shot)> = run
        .sessions
        .iter()
        .enumerate()
        .take(8)
        .filter_map(|(n, session)| Some((n, shot(home(session)?))))
        .flat_map(|one| [one.clone(), one])
        .collect();
    Run { rewound: again, ..run }
}

#[test]
fn a_cookie_that_somebody_overwrites() {
    let mut first = overwritten(|session| session.shots[0].pod());
    finds(&first, Verdict::NotSticky, Some("cookie-overwritten"));
    let detail = judge(&first, 0.0).reasons[0].detail.clone();
    assert!(
        detail.contains("120 answers set s over another value, and 16 of 16 requests with the first value reached the first answer's pod"),
        "{detail}"
    );
    let second = overwritten(|session| session.shots[1].pod());
    let detail = judge(&second, 0.0).reasons[0].detail.clone();
    assert!(detail.ends_with("reached the second answer's pod"), "{detail}");
    finds(&overwritten(|_| Some("a")), Verdict::NotSticky, Some("cookie-not-honoured"));
    finds(&overwritten(|_| None), Verdict::NotSticky, Some("cookie-not-honoured"));
    // One that was set again with its value is no other cookie.
    let same = first.sessions.iter_mut().flat_map(|session| &mut session.shots).flat_map(|shot| &mut shot.offered);
    same.for_each(|cookie| cookie.overwrites = false);
    finds(&first, Verdict::NotSticky, Some("cookie-not-honoured"));
}

/// An encrypted cookie with a new value in each answer, which leaks: its first value leads to the session's pod, as all others do.
#[test]
fn a_leak_of_a_cookie_with_many_values() {
    for one_in in [4, 10, 60] {
        let mut leaks = simulated(3, SMALL, 3, |rng, ask| if ask.place > 0 && rng.usize(..one_in) == 0 { rng.usize(..3) } else { ask.home });
        for session in &mut leaks.sessions {
            session.shots.iter_mut().skip(1).for_each(|shot| shot.offered = vec![Offered { overwrites: true, ..cookie(Fate::Kept) }]);
        }
        let homes: Vec<_> = leaks.sessions.iter().take(8).map(|session| session.shots[0].clone()).collect();
        leaks.rewound = homes.into_iter().enumerate().flat_map(|one| [one.clone(), one]).collect();
        finds(&leaks, Verdict::NotSticky, Some("leaks"));
    }
}

#[test]
fn a_session_in_a_header() {
    let headers = |name: &'static str, value: String| {
        http::HeaderMap::from_iter([(http::HeaderName::from_static(name), http::HeaderValue::from_str(&value).unwrap())])
    };
    let run = |name, value: fn(usize) -> String| {
        let mut run = simulated(3, SMALL, 1, |rng, _| rng.usize(..3));
        run.sessions.iter_mut().for_each(|session| session.shots[0].offered.clear());
        (0..15).for_each(|n| run.fields.take(&headers(name, value(n)), b"", Some(n as u32)));
        run
    };
    let own = run("mcp-session-id", |n| format!("id-{n}"));
    finds(&own, Verdict::Inconclusive, Some("session-not-in-cookie"));
    let detail = judge(&own, 0.0).reasons[0].detail.clone();
    assert!(detail.ends_with("no answer set a cookie, but each of 15 sessions got a value of its own at header:mcp-session-id"), "{detail}");
    finds(&Run { values: vec!["{SID}".to_owned()], ..own.clone() }, Verdict::NotSticky, Some("value-not-honoured"));
    finds(&run("x-request-id", |n| format!("id-{n}")), Verdict::NotSticky, Some("no-affinity-cookie"));
    finds(&run("mcp-session-id", |n| format!("id-{}", n % 5)), Verdict::NotSticky, Some("no-affinity-cookie"));
    let mut cookie_too = own;
    cookie_too.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::Kept)));
    finds(&cookie_too, Verdict::NotSticky, Some("cookie-not-honoured"));
    let made_up = run("entropy", |n| n.to_string());
    assert!(judge(&made_up, 0.0).reasons[0].causes()[0].0.contains("SockJS"));
}
