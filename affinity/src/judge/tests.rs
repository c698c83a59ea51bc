use super::*;
use crate::bounds::CHANCE;
use crate::jar::Fate;
use crate::run::{Run, Session, SocketFirst};
use crate::seen::{End, Event, How, Offered, Outcome, PodState, Shot, Socket, What};
use crate::testing::{session, shot, timed};
use std::time::Duration;

mod apart;
mod around;
mod elsewhere;
mod logs;
mod moved;
mod nobody;
mod simulated;
mod symptom;
mod unsent;
mod values;

const EVEN: &str = "a b c a b c a b c a b c a b c a b c a b c a b c a b c a b c";

fn run(controls: &str, sessions: &[&str]) -> Run {
    Run {
        controls: timed(controls.split(' ').map(shot).collect(), 0.4),
        sessions: sessions.iter().map(|pods| session(pods)).collect(),
        ..Run::default()
    }
}

fn sessions(pods: &[&str], count: usize) -> Vec<String> {
    (0..count).map(|n| [pods[n % pods.len()]; 13].join(" ")).collect()
}

fn cookie(fate: Fate) -> Offered {
    Offered { name: "s".to_owned(), attributes: "Path=/".to_owned(), fate, lives: None, overwrites: false, value: None }
}

fn socket(opened: Shot) -> Socket {
    Socket { opened, refused_by: None, end: None }
}

fn socket_first(pod: &str, after: Option<&str>) -> SocketFirst {
    SocketFirst { socket: socket(shot(pod)), after: after.map(shot), again: None }
}

fn code(judgement: &Judgement) -> Option<&'static str> {
    judgement.reasons.first().map(|reason| reason.code.word())
}

#[track_caller]
fn finds(run: &Run, verdict: Verdict, word: Option<&str>) {
    let judgement = judge(run, 0.0);
    assert_eq!((judgement.pods, code(&judgement)), (verdict, word), "{judgement:?}");
}

fn sticky() -> Run {
    let all = sessions(&["a", "b", "c"], 30);
    let mut run = run(EVEN, &all.iter().map(String::as_str).collect::<Vec<_>>());
    run.controls = timed([EVEN, EVEN].join(" ").split(' ').map(shot).collect(), 0.2);
    run
}

#[test]
fn what_stays_sticks() {
    finds(&sticky(), Verdict::Sticky, None);
    let judgement = judge(&sticky(), 0.0);
    assert!(judgement.chance < CHANCE && judgement.workers == Verdict::NotJudged, "{judgement:?}");
}

#[test]
fn one_move_is_a_move() {
    let mut one = sticky();
    one.sessions[3].shots[7].outcome = shot("b").outcome;
    one.sessions[3].shots[7].offered.push(cookie(Fate::Kept));
    finds(&one, Verdict::NotSticky, Some("leaks"));
    assert_eq!(judge(&one, 0.02).pods, Verdict::Sticky, "1 of 360 fits 2 %");
    assert_eq!(judge(&one, 0.005).pods, Verdict::Inconclusive, "and does not tell of 0.5 %");
}

#[test]
fn one_pod_says_nothing() {
    let all = sessions(&["a"], 30);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    finds(&run(&["a"; 60].join(" "), &all), Verdict::Inconclusive, Some("single-backend-path"));
    finds(
        &run(&["a"; 54].into_iter().chain(["b", "b", "b", "c", "c", "c"]).collect::<Vec<_>>().join(" "), &all),
        Verdict::Inconclusive,
        Some("unbalanced-control"),
    );
    finds(&run("a b c", &["a a", "b b"]), Verdict::Inconclusive, Some("too-few-probes"));
    finds(&run("c c c c", &["c c", "b b"]), Verdict::Inconclusive, Some("too-few-probes"));
    // A proxy that counts its sessions' requests in its weights sends the rest to one pod. First requests have no cookie either: sessions
    // whose pod answered few of those do not stay there by chance.
    let controls = ["a"; 60].join(" ");
    let three = sessions(&["a", "a", "a", "b"], 30);
    finds(&run(&controls, &three.iter().map(String::as_str).collect::<Vec<_>>()), Verdict::Sticky, None);
}

#[test]
fn answers_that_can_not_be_read() {
    let nobody = sessions(&["-"], 30);
    finds(&run(&["-"; 60].join(" "), &nobody.iter().map(String::as_str).collect::<Vec<_>>()), Verdict::Inconclusive, Some("error-rate"));
    let mut cached = sticky();
    cached.controls[5].cached = true;
    finds(&cached, Verdict::Inconclusive, Some("cached"));
    let mut ids = sticky();
    let mut n = 0;
    for shot in ids.controls.iter_mut().chain(ids.sessions.iter_mut().flat_map(|session| &mut session.shots)) {
        n += 1;
        *shot = crate::testing::shot(&format!("id-{n}"));
    }
    finds(&ids, Verdict::Inconclusive, Some("identity-unstable"));
}

#[test]
fn errors_are_no_moves() {
    let mut some = sticky();
    for session in some.sessions.iter_mut().take(20) {
        session.shots[4] = shot("-");
    }
    finds(&some, Verdict::Sticky, None);
    for session in &mut some.sessions {
        session.shots[5] = shot("-");
        session.shots[6] = shot("-");
    }
    finds(&some, Verdict::Inconclusive, Some("error-rate"));
    for shot in some.controls.iter_mut().chain(some.sessions.iter_mut().flat_map(|session| &mut session.shots)) {
        shot.outcome = Outcome::Lost("connection refused".to_owned());
    }
    finds(&some, Verdict::Inconclusive, Some("transport"));
}

#[test]
fn held_by_something_else() {
    let mut held = sticky();
    held.replayed = ["a"; 12].into_iter().map(shot).collect();
    finds(&held, Verdict::Inconclusive, Some("not-by-cookie"));
    held.replayed = "a b a c b a c a b a c b".split(' ').map(shot).collect();
    finds(&held, Verdict::Sticky, None);
}

/// Times matter: a pod is gone if it answers no requests after a session left it, but not if it keeps answering.
#[test]
fn a_pod_that_is_gone_forces_moves() {
    let mut gone = sticky();
    let at = |n: usize| Duration::from_secs(n as u64);
    for one in gone.sessions.iter_mut().flat_map(|session| &mut session.shots).chain(&mut gone.controls) {
        if one.at >= at(6) && one.pod() == Some("a") {
            one.outcome = shot("d").outcome;
        }
    }
    finds(&gone, Verdict::Inconclusive, Some("pods-replaced"));
    gone.controls[59] = shot("a");
    gone.controls[59].at = at(12);
    gone.sessions[0].shots[0].offered.push(cookie(Fate::Kept));
    finds(&gone, Verdict::NotSticky, Some("leaks"));
}

#[test]
fn sockets_count() {
    let mut run = sticky();
    for session in &mut run.sessions {
        session.sockets = vec![socket(session.shots[0].clone()), socket(session.shots[0].clone())];
    }
    run.socket_first = vec![socket_first("a", Some("a")), socket_first("b", None)];
    finds(&run, Verdict::Sticky, None);
    run.sessions[4].sockets[1] = socket(shot("elsewhere"));
    finds(&run, Verdict::NotSticky, Some("socket-elsewhere"));
    run.sessions[4].sockets.clear();
    run.socket_first.push(socket_first("a", Some("b")));
    finds(&run, Verdict::NotSticky, Some("no-cookie-on-upgrade"));
    for first in &mut run.socket_first {
        first.socket.opened.offered.push(cookie(Fate::Kept));
    }
    finds(&run, Verdict::NotSticky, Some("socket-elsewhere"));
    for socket in run.sessions.iter_mut().flat_map(|session| &mut session.sockets) {
        socket.opened.outcome = Outcome::Nameless { status: 400 };
    }
    let refused = |run: &Run, pod: &str| {
        let mut refused = run.clone();
        let who = match shot(pod).outcome {
            Outcome::By(who) => Some(who),
            _ => None,
        };
        refused.sessions.iter_mut().flat_map(|session| &mut session.sockets).for_each(|socket| socket.refused_by = who.clone());
        refused
    };
    // A pod that refuses other pods' sessions was reached, too.
    finds(&refused(&run, "b"), Verdict::NotSticky, Some("socket-elsewhere"));
    finds(&run, Verdict::Inconclusive, Some("upgrade-failed"));
    let judgement = judge(&run, 0.0);
    assert!(judgement.reasons[0].detail.ends_with("status 400"), "{judgement:?}");
}

/// A cookie that is never sent moves sockets as well as requests, and a cache's answers do not come from a session's pod.
#[test]
fn what_excuses_requests_excuses_sockets() {
    let elsewhere = |run: &mut Run| run.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(shot("b"))]);
    let mut secure = run(EVEN, &["a b c a b c a b c a b c a"; 30]);
    secure.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::SecureOverHttp)));
    elsewhere(&mut secure);
    finds(&secure, Verdict::Inconclusive, Some("secure-over-http"));
    let mut cached = sticky();
    cached.controls[0].cached = true;
    elsewhere(&mut cached);
    finds(&cached, Verdict::Inconclusive, Some("cached"));
    let mut plain = sticky();
    elsewhere(&mut plain);
    finds(&plain, Verdict::NotSticky, Some("socket-elsewhere"));
}

/// According to the cluster, the session's pod went away after its last request: its sockets cannot be there.
#[test]
fn a_pod_that_is_gone_has_no_sockets() {
    let mut gone = sticky();
    for pod in ["a", "b", "c"] {
        gone.events.push(Event { at: Duration::ZERO, what: What::Pod { pod: pod.to_owned(), state: PodState::Ready } });
    }
    for session in &mut gone.sessions {
        let mut opened = session.shots[0].clone();
        if opened.pod() == Some("a") {
            opened.outcome = shot("b").outcome;
        }
        opened.at = Duration::from_secs(20);
        session.sockets = vec![socket(opened)];
    }
    finds(&gone, Verdict::NotSticky, Some("socket-elsewhere"));
    gone.events.push(Event { at: Duration::from_secs(19), what: What::Pod { pod: "a".to_owned(), state: PodState::Gone } });
    finds(&gone, Verdict::Sticky, None);
    assert_eq!(gone.sockets_in_place(0), (20, 20));
}

/// The tolerated rate of moves applies to sockets, too.
#[test]
fn a_socket_elsewhere_within_the_tolerated_rate() {
    let mut one = sticky();
    one.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(session.shots[0].clone())]);
    one.sessions[4].sockets = vec![socket(shot("elsewhere"))];
    let verdict = |tolerated| judge(&one, tolerated).pods;
    assert_eq!((verdict(0.0), verdict(0.1), verdict(0.2)), (Verdict::NotSticky, Verdict::Inconclusive, Verdict::Sticky));
}

/// The application's cookie comes back, but it is not the one that is meant to hold sessions. A deleted cookie is neither.
#[test]
fn another_cookie_beside_one_that_does_not_come_back() {
    let words = ["a b c a b c a b c a b c a", "b c a a c b a b c b a c b", "c a b b a c c b a a b c b"];
    for (fate, verdict, word) in [
        (Fate::Refused, Verdict::NotSticky, "cookie-refused"),
        (Fate::SecureOverHttp, Verdict::Inconclusive, "secure-over-http"),
        (Fate::OtherPath, Verdict::NotSticky, "cookie-path-mismatch"),
        (Fate::ForeignDomain, Verdict::NotSticky, "cookie-domain-mismatch"),
        (Fate::BornExpired, Verdict::NotSticky, "cookie-not-honoured"),
        (Fate::Kept, Verdict::NotSticky, "cookie-not-honoured"),
    ] {
        let mut run = run(EVEN, &words);
        for session in &mut run.sessions {
            session.shots[0].offered = vec![cookie(fate), Offered { name: "app".to_owned(), ..cookie(Fate::Kept) }];
        }
        finds(&run, verdict, Some(word));
        let mut leaks = sticky();
        leaks.sessions[3].shots[7].outcome = shot("b").outcome;
        leaks.sessions.iter_mut().for_each(|session| session.shots[0].offered = run.sessions[0].shots[0].offered.clone());
        finds(&leaks, Verdict::NotSticky, Some("leaks"));
    }
}

/// Every fate of a cookie, if sessions move.
#[test]
fn why_a_cookie_does_not_come_back() {
    let words = ["a b c a b c a b c a b c a", "b c a a c b a b c b a c b", "c a b b a c c b a a b c b"];
    for (fate, verdict, word) in [
        (Some(Fate::BornExpired), Verdict::NotSticky, "born-expired"),
        (Some(Fate::SecureOverHttp), Verdict::Inconclusive, "secure-over-http"),
        (Some(Fate::OtherPath), Verdict::NotSticky, "cookie-path-mismatch"),
        (Some(Fate::ForeignDomain), Verdict::NotSticky, "cookie-domain-mismatch"),
        (Some(Fate::Kept), Verdict::NotSticky, "cookie-not-honoured"),
        (None, Verdict::NotSticky, "no-affinity-cookie"),
    ] {
        let mut run = run(EVEN, &words);
        for shot in run.sessions.iter_mut().flat_map(|session| &mut session.shots) {
            shot.offered = fate.map(cookie).into_iter().collect();
        }
        finds(&run, verdict, Some(word));
    }
}

/// Two paths or two proxies in turn, each of which keeps a session on its own pod.
#[test]
fn two_opinions() {
    let mut two = run(EVEN, &["a b a b a b a", "b b b b b b b", "c a c a c a c", "a c a c a c a", "b a b a b a b"]);
    for session in &mut two.sessions {
        session.shots[0].offered.push(cookie(Fate::Kept));
        session.shots.iter_mut().enumerate().for_each(|(n, shot)| shot.path = n % 2);
    }
    finds(&two, Verdict::NotSticky, Some("paths-disagree"));
    for shot in two.sessions.iter_mut().flat_map(|session| &mut session.shots) {
        shot.way = shot.path;
    }
    finds(&two, Verdict::NotSticky, Some("proxy-disagreement"));
    two.sessions[0].shots[3] = shot("c");
    assert_ne!(code(&judge(&two, 0.0)), Some("proxy-disagreement"), "one of them does not keep the session");
}

/// A cache that is refreshed now and then: for a while, sessions and controls all meet the same pod.
#[test]
fn a_cache_moves_sessions_in_step() {
    let mut cached = run(EVEN, &["a b b b a a a c c c a a a"; 30]);
    for session in &mut cached.sessions {
        session.shots[0].offered.push(cookie(Fate::Kept));
    }
    cached.uncached = (0..8).map(|n| (Some(n), shot("a"))).collect();
    finds(&cached, Verdict::Inconclusive, Some("cached"));
    cached.uncached[3].1 = shot("b");
    finds(&cached, Verdict::NotSticky, Some("leaks"));
    // A leak leaves most of them on their pod anyway.
    let mut leaks = sticky();
    for (n, session) in leaks.sessions.iter_mut().enumerate() {
        session.shots[0].offered.push(cookie(Fate::Kept));
        session.shots[1 + n % 12] = shot("elsewhere");
    }
    leaks.uncached = (0..8).map(|n| (Some(n), leaks.sessions[n].shots[0].clone())).collect();
    finds(&leaks, Verdict::NotSticky, Some("leaks"));
}

#[test]
fn workers_are_a_result_of_their_own() {
    let mut many = sticky();
    let worker = |shot: &mut Shot, n: usize| {
        if let Outcome::By(who) = &mut shot.outcome {
            who.worker = Some((n % 4).to_string());
        }
    };
    for (n, shot) in many.sessions.iter_mut().flat_map(|session| &mut session.shots).enumerate() {
        worker(shot, n);
    }
    let judgement = judge(&many, 0.0);
    assert_eq!((judgement.pods, judgement.workers, code(&judgement)), (Verdict::Sticky, Verdict::NotSticky, Some("worker-not-sticky")));
    for (n, session) in many.sessions.iter_mut().enumerate() {
        session.shots.iter_mut().for_each(|shot| worker(shot, n));
    }
    let judgement = judge(&many, 0.0);
    assert_eq!((judgement.workers, code(&judgement)), (Verdict::Inconclusive, Some("workers-unproven")));
    let at_once = |n: usize| {
        let mut one = shot("a");
        worker(&mut one, n);
        one
    };
    many.together = vec![(0..8).map(at_once).collect()];
    let judgement = judge(&many, 0.0);
    assert_eq!((judgement.workers, code(&judgement)), (Verdict::NotSticky, Some("worker-not-sticky")));
    // Eight parallel requests of many sessions rule out chance, if workers have equal shares.
    many.controls.iter_mut().enumerate().for_each(|(n, shot)| worker(shot, n));
    many.together = (0..40).map(|n| (0..8).map(|_| at_once(n)).collect()).collect();
    assert_eq!(judge(&many, 0.0).workers, Verdict::Sticky);
}
