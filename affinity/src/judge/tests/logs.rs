//! Runs in which logs say which pods answered: late, not at all, or something else than a pod.

use super::*;
use crate::identify::Named as Counts;
use crate::run::{Replay, Stopped};
use crate::seen::{Delivery, Who};
use crate::told::Logs;
use crate::told::{By, Lines, Named, Told, Unasked};
use std::collections::BTreeSet;

/// A run as it is before its logs are read, and the lines that are then in them.
fn unnamed(mut run: Run) -> (Run, Lines) {
    let (mut lines, mut mark) = (Lines::new(), 0);
    let mut hide = |shot: &mut Shot| {
        mark += 1;
        shot.mark = Some(mark);
        if let Outcome::By(Who { pod, .. }) = &shot.outcome {
            lines.insert(mark, told(pod));
            shot.outcome = Outcome::Nameless { status: 200 };
        }
    };
    run.controls.iter_mut().for_each(&mut hide);
    run.sessions.iter_mut().flat_map(|session| &mut session.shots).for_each(&mut hide);
    run.replayed.iter_mut().for_each(&mut hide);
    for socket in run.sessions.iter_mut().flat_map(|session| &mut session.sockets) {
        hide(&mut socket.opened);
        socket.opened.outcome = Outcome::Nameless { status: 101 };
    }
    run.logs = Some(Logs { from: BTreeSet::from([By::Access]), in_query: true, ..Logs::default() });
    (run, lines)
}

fn told(pod: &str) -> Told {
    Told { pod: pod.to_owned(), named: Named::Pod, tried: Vec::new(), by: By::Access }
}

fn identified(run: &Run, lines: &Lines) -> Run {
    let mut run = run.clone();
    run.identify(lines, &Unasked::new());
    run
}

/// The same without every line whose marker is in the way.
fn without(lines: &Lines, is_lost: impl Fn(u32) -> bool) -> Lines {
    lines.iter().filter(|(mark, _)| !is_lost(**mark)).map(|(mark, told)| (*mark, told.clone())).collect()
}

/// The first reason's code, its detail, and the causes that the run gives evidence for.
fn reason(run: &Run) -> (&'static str, String, Vec<&'static str>) {
    let reason = judge(run, 0.0).reasons.remove(0);
    (reason.code.word(), reason.detail, reason.evident)
}

fn moving() -> Run {
    let offered = |shot: &mut Shot| shot.offered = vec![cookie(Fate::Kept)];
    let mut run = run(EVEN, &["a b c a b c a b c a b c a"; 30]);
    run.sessions.iter_mut().for_each(|session| offered(&mut session.shots[0]));
    run
}

#[test]
fn lines_that_come_late_lead_to_the_same_verdict() {
    for whole in [sticky(), moving()] {
        let (run, lines) = unnamed(whole.clone());
        assert_eq!(run.awaited().len(), lines.len());
        // In any order, twice, and with lines about requests of nobody.
        let (first, rest): (Lines, Lines) = lines.clone().into_iter().partition(|(mark, _)| mark % 3 == 0);
        let mut late = identified(&run, &first);
        assert_eq!((late.awaited().len(), late.named().access_log), (rest.len(), first.len() as u64));
        for lines in [&first, &rest, &lines, &Lines::from([(999_999, told("z"))])] {
            late.identify(lines, &Unasked::new());
        }
        assert!(late.awaited().is_empty());
        let (seen, wanted) = (judge(&late, 0.0), judge(&whole, 0.0));
        assert_eq!((seen.pods, code(&seen), seen.chance), (wanted.pods, code(&wanted), wanted.chance));
        assert_eq!(late.named(), Counts { access_log: lines.len() as u64, ..Counts::default() });
    }
}

#[test]
fn without_any_line() {
    let (mut run, _) = unnamed(sticky());
    let (word, detail, evident) = reason(&run);
    assert_eq!((word, evident), ("no-log-line", vec![]));
    assert!(detail.starts_with("450 of 450 requests have no log line that names their pod; read: access-log, after 0 s"), "{detail}");
    run.stopped = Some(Stopped::Unlogged);
    assert_eq!(reason(&run).0, "no-log-line");
    let skipped = judge(&run, 0.0).scenario(crate::scenario::Name::StickWs, &crate::scenario::Chosen::default()).detail;
    assert_eq!(skipped, "not run: no log tells which pods answered the first requests");
    // What could not be read is said.
    run.logs.as_mut().unwrap().troubles = vec!["pods/log is forbidden".to_owned()];
    let (_, detail, evident) = reason(&run);
    assert!(detail.contains("; pods/log is forbidden") && evident.is_empty(), "{detail} {evident:?}");
    // The pods' logs alone.
    let logs = run.logs.as_mut().unwrap();
    (logs.from, logs.troubles) = (BTreeSet::from([By::Pod]), Vec::new());
    assert_eq!(reason(&run).2, ["The application's pods log no line per request"]);
    // Answers that turn everyone away need another remedy.
    run.controls.iter_mut().chain(run.sessions.iter_mut().flat_map(|session| &mut session.shots)).for_each(|shot| {
        shot.outcome = Outcome::Nameless { status: 404 };
    });
    assert_eq!(reason(&run).0, "error-rate");
}

#[test]
fn a_tenth_may_be_missing() {
    let (run, lines) = unnamed(sticky());
    let few = identified(&run, &without(&lines, |mark| mark % 11 == 0));
    finds(&few, Verdict::Sticky, None);
    assert_eq!(few.shots().filter(|shot| shot.is_unidentified()).count(), 450 / 11);
    assert!(few.nameless().is_empty(), "they are counted apart");
    let many = identified(&run, &without(&lines, |mark| mark % 9 == 0));
    finds(&many, Verdict::Inconclusive, Some("no-log-line"));
    assert!(reason(&many).1.starts_with("50 of 450 requests"), "{}", reason(&many).1);
    assert_eq!(reason(&many).2.len(), 3, "the log is on: it is sampled, late, or lacks the marker");
    // Moves are proof all the same.
    let (run, lines) = unnamed(moving());
    let moved = judge(&identified(&run, &without(&lines, |mark| mark % 3 == 0)), 0.0);
    assert_eq!((moved.pods, moved.tells(Code::NoLogLine)), (Verdict::NotSticky, true));
}

/// A session whose first line is missing did not bring the cookie that its second request sent.
#[test]
fn first_answers_without_a_line() {
    let mut whole = sticky();
    for session in &mut whole.sessions {
        session.shots[0].offered = vec![cookie(Fate::Kept)];
        session.shots.iter_mut().skip(1).for_each(|shot| shot.carried = vec!["s".to_owned()]);
    }
    let (run, lines) = unnamed(whole);
    let first = |n: usize| run.sessions[n].shots[0].mark.unwrap();
    let missing = [first(0), first(3)];
    finds(&identified(&run, &without(&lines, |mark| missing.contains(&mark))), Verdict::Sticky, None);
}

/// Errors are no question of logs: only a 429 or a 5xx is left without a name, whatever its line says.
#[test]
fn errors_stay_errors() {
    let (mut run, lines) = unnamed(sticky());
    for (n, shot) in run.sessions.iter_mut().flat_map(|session| &mut session.shots).enumerate() {
        if n % 4 == 0 {
            shot.outcome = Outcome::Nameless { status: if n % 8 == 0 { 502 } else { 429 } };
        }
    }
    let errors = identified(&run, &lines);
    assert!(errors.awaited().is_empty());
    finds(&errors, Verdict::Inconclusive, Some("error-rate"));
    // Other statuses are answers of pods.
    run.controls.iter_mut().for_each(|shot| shot.outcome = Outcome::Nameless { status: 404 });
    assert_eq!(identified(&run, &lines).spread().len(), 3);
}

/// If only controls are missing in the log, the site does not turn them away.
#[test]
fn controls_without_a_line() {
    let (run, lines) = unnamed(sticky());
    let without = identified(&run, &without(&lines, |mark| mark <= 60));
    assert!(!without.turns_away());
    finds(&without, Verdict::Inconclusive, Some("no-log-line"));
    // Where the front door itself turned them away, its log says so.
    let mut away = run;
    away.identify(&lines.into_iter().filter(|(mark, _)| *mark > 60).collect(), &(1..=60).collect());
    assert!(away.turns_away() && away.awaited().is_empty());
    finds(&away, Verdict::Sticky, None);
}

/// A pod whose lines are missing does not fail.
#[test]
fn one_pod_without_lines() {
    let (run, mut lines) = unnamed(sticky());
    let first: BTreeSet<u32> = run.sessions.iter().filter_map(|session| session.shots[0].mark).collect();
    lines.retain(|mark, told| told.pod != "a" || first.contains(mark));
    finds(&identified(&run, &lines), Verdict::Inconclusive, Some("no-log-line"));
}

#[test]
fn what_is_no_pod() {
    let (run, lines) = unnamed(sticky());
    for (named, cause) in [
        (Named::Service, "The front door sends requests to the Service's address, so its log names no pod"),
        (Named::Address, "The log names addresses that belong to no pod of the Service"),
    ] {
        let lines: Lines = lines.iter().map(|(mark, told)| (*mark, Told { pod: "10.96.0.7:80".to_owned(), named, ..told.clone() })).collect();
        let (word, detail, evident) = reason(&identified(&run, &lines));
        assert_eq!((word, evident), ("no-log-line", vec![cause]), "{detail}");
        assert!(detail.contains("; 450 lines name "), "{detail}");
    }
    // The pods' own logs may know better.
    let service: Lines = lines.iter().map(|(mark, told)| (*mark, Told { named: Named::Service, ..told.clone() })).collect();
    let by_pods: Lines = lines.iter().map(|(mark, told)| (*mark, Told { by: By::Pod, ..told.clone() })).collect();
    let both = identified(&identified(&run, &service), &by_pods);
    finds(&both, Verdict::Sticky, None);
    assert_eq!(both.named(), Counts { pod_log: 450, ..Counts::default() });
    // HAProxy's names for servers.
    let servers: Lines = lines.into_iter().map(|(mark, told)| (mark, Told { named: Named::Server, ..told })).collect();
    finds(&identified(&run, &servers), Verdict::Sticky, None);
}

#[test]
fn retries_are_a_cause_of_leaks() {
    let mut leaking = sticky();
    for session in leaking.sessions.iter_mut().take(9) {
        session.shots[5] = Shot { at: session.shots[5].at, ..shot(if session.shots[0].pod() == Some("b") { "c" } else { "b" }) };
    }
    leaking.sessions.iter_mut().for_each(|session| session.shots[0].offered = vec![cookie(Fate::Kept)]);
    let (run, mut lines) = unnamed(leaking);
    assert_eq!(reason(&identified(&run, &lines)).2, Vec::<&str>::new());
    for session in run.sessions.iter().take(8) {
        lines.get_mut(&session.shots[5].mark.unwrap()).unwrap().tried = vec![lines[&session.shots[0].mark.unwrap()].pod.clone()];
    }
    let retried = identified(&run, &lines);
    let (word, detail, evident) = reason(&retried);
    assert_eq!((word, evident, retried.retries()), ("leaks", vec!["The proxy retries on another pod after an error"], 8));
    assert!(detail.ends_with("; 8 of them only after the front door had tried another pod"), "{detail}");
}

/// The line about a socket comes when it has ended.
#[test]
fn sockets_are_identified_at_their_end() {
    let mut with = sticky();
    with.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(session.shots[0].clone())]);
    let (mut run, lines) = unnamed(with);
    assert_eq!(run.awaited().len(), 450, "all are open");
    let end = || Some(End { at: Duration::from_secs(9), quiet_since: Duration::from_secs(8), how: How::Ours });
    run.sessions.iter_mut().for_each(|session| session.sockets[0].end = end());
    assert_eq!(run.awaited().len(), 480);
    let whole = identified(&run, &lines);
    finds(&whole, Verdict::Sticky, None);
    assert_eq!(whole.sockets_in_place(0), (30, 30));
    // Their lines are missing.
    let (word, detail, _) = reason(&identified(&run, &without(&lines, |mark| mark > 450)));
    assert!(word == "no-log-line" && detail.starts_with("30 of 30 sockets have no log line"), "{detail}");
    // Who refuses a socket is known, but does not hold it.
    run.sessions[0].sockets[0].opened.outcome = Outcome::Nameless { status: 403 };
    run.sessions[0].sockets[0].end = None;
    let refused = identified(&run, &lines);
    let socket = &refused.sessions[0].sockets[0];
    assert_eq!((socket.opened.pod(), socket.met()), (None, Some("a")));
}

/// Every list of requests and sockets is identified.
#[test]
fn all_of_a_run() {
    let mut mark = 0;
    let mut shot = || {
        mark += 1;
        Shot { mark: Some(mark), outcome: Outcome::Nameless { status: 200 }, ..Shot::none() }
    };
    let end = End { at: Duration::ZERO, quiet_since: Duration::ZERO, how: How::Ours };
    let socket = |mark| Socket {
        opened: Shot { mark: Some(mark), outcome: Outcome::Nameless { status: 101 }, ..Shot::none() },
        refused_by: None,
        end: Some(end.clone()),
    };
    let session = Session {
        shots: vec![shot()],
        sockets: vec![socket(101)],
        local: vec![Delivery { posted: shot(), arrived: true }],
        relayed: vec![Delivery { posted: shot(), arrived: true }],
        lacks: None,
    };
    let first = SocketFirst { socket: socket(102), after: Some(shot()), again: Some(socket(103)) };
    let mut run = Run {
        sessions: vec![session],
        socket_first: vec![first],
        idle: vec![socket(104)],
        controls: vec![shot()],
        at_once: (vec![shot()], vec![shot()]),
        together: vec![vec![shot()]],
        dead_cookie: vec![shot()],
        dead_at_once: (vec![shot()], vec![shot()]),
        replayed: vec![shot()],
        kept: vec![vec![shot()]],
        shared: vec![vec![(0, shot())]],
        uncached: vec![(None, shot())],
        replays: vec![Replay { session: 0, lever: 0, measured: false, shot: shot() }],
        rewound: vec![(0, shot())],
        ..Run::default()
    };
    let all: Lines = (1..=mark).chain(101..=104).map(|mark| (mark, told("a"))).collect();
    assert_eq!((run.shots().count(), run.awaited().len()), (mark as usize, all.len()));
    run.identify(&all, &Unasked::new());
    assert!(run.awaited().is_empty());
    assert!(run.shots().chain(run.sockets().map(|socket| &socket.opened)).all(|shot| shot.pod() == Some("a")));
    run.without_logs();
    assert!(run.logs.is_none() && run.shots().all(|shot| shot.mark.is_none()));
}
