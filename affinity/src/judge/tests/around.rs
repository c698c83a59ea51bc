//! What happens around the requests: a cluster that reports its pods, pods with few requests, identities that are not pods, sessions that
//! begin oddly or move once.

use super::*;
use crate::scenario::{Chosen, Mark};

fn told(run: &mut Run, at: f64, pod: &str, state: PodState) {
    run.events.push(Event { at: Duration::from_secs_f64(at), what: What::Pod { pod: pod.to_owned(), state } });
}

/// With a cluster: leaving a pod that went away is forced, leaving a ready one is not.
#[test]
fn what_a_cluster_says_of_moves() {
    let mut forced = sticky();
    ["a", "b", "c"].into_iter().for_each(|pod| told(&mut forced, 0.0, pod, PodState::Ready));
    told(&mut forced, 6.0, "a", PodState::Gone);
    for session in forced.sessions.iter_mut().filter(|session| session.shots[0].pod() == Some("a")) {
        session.shots.iter_mut().filter(|one| one.at >= Duration::from_secs(6)).for_each(|one| one.outcome = shot("b").outcome);
    }
    finds(&forced, Verdict::Sticky, Some("moved-forced"));
    let mut collateral = forced.clone();
    collateral.events.truncate(3);
    told(&mut collateral, 5.5, "d", PodState::Ready);
    finds(&collateral, Verdict::NotSticky, Some("moved-collateral"));
    // New pods alone cause no moves.
    let mut rest = sticky();
    rest.events = collateral.events;
    finds(&rest, Verdict::Sticky, None);
}

#[test]
fn one_ready_pod_in_a_cluster() {
    let all = sessions(&["a"], 30);
    let mut one = run(&["a"; 60].join(" "), &all.iter().map(String::as_str).collect::<Vec<_>>());
    told(&mut one, 0.0, "a", PodState::Ready);
    told(&mut one, 0.0, "b", PodState::NotReady);
    finds(&one, Verdict::Inconclusive, Some("single-ready-pod"));
    told(&mut one, 1.0, "b", PodState::Ready);
    finds(&one, Verdict::Inconclusive, Some("single-backend-path"));
}

/// Sessions on a pod that gets few requests do not stay there by chance.
#[test]
fn unequal_pods_can_be_judged() {
    let controls = ["a"; 54].into_iter().chain(["b", "b", "b", "c", "c", "c"]).collect::<Vec<_>>().join(" ");
    let mixed: Vec<String> = sessions(&["a"], 27).into_iter().chain(sessions(&["b", "c"], 3)).collect();
    finds(&run(&controls, &mixed.iter().map(String::as_str).collect::<Vec<_>>()), Verdict::Sticky, None);
}

/// What belongs to a session never changes within it, and is not a pod.
#[test]
fn an_identity_of_the_session() {
    let own: Vec<String> = (0..30).map(|n| [format!("s{n}").as_str(); 13].join(" ")).collect();
    let controls: Vec<String> = (0..60).map(|n| format!("c{n}")).collect();
    let mut run = run(&controls.join(" "), &own.iter().map(String::as_str).collect::<Vec<_>>());
    finds(&run, Verdict::Inconclusive, Some("identity-unstable"));
    // Two that meet the same identity are enough: a site may have that many pods.
    run.controls[3] = run.controls[4].clone();
    assert_ne!(code(&judge(&run, 0.0)), Some("identity-unstable"));
}

#[test]
fn parallel_first_requests_decide() {
    let mut parallel = sticky();
    parallel.at_once = (vec![shot("a"); 8], timed(vec![shot("b"), shot("c"), shot("a")], 1.0));
    finds(&parallel, Verdict::NotSticky, Some("parallel-unsettled"));
    let mut gone = parallel.clone();
    told(&mut gone, 0.0, "b", PodState::Ready);
    told(&mut gone, 0.5, "b", PodState::Gone);
    finds(&gone, Verdict::Sticky, None);
    // One move of two may be tolerated, two of two are more.
    assert_eq!(judge(&parallel, 0.05).pods, Verdict::NotSticky);
    parallel.at_once.1[2] = shot("b");
    assert_eq!(judge(&parallel, 0.05).pods, Verdict::Sticky);
}

/// All sessions move once, at the same moment, and stay: their cookies count, but mean another pod now.
#[test]
fn a_move_that_lasts_is_one() {
    let moved: Vec<String> = ["a a a a a a b b b b b b b", "b b b b b b c c c c c c c", "c c c c c c a a a a a a a"].map(str::to_owned).to_vec();
    let all: Vec<&str> = (0..30).map(|n| moved[n % 3].as_str()).collect();
    let mut run = run(EVEN, &all);
    run.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::Kept)));
    finds(&run, Verdict::NotSticky, Some("leaks"));
}

/// A second answer does not show a second binding if it is the last one.
#[test]
fn one_later_request_is_no_pattern() {
    let mut short = run(EVEN, &["a b", "b c", "c c", "a c", "b a", "c b"]);
    for session in &mut short.sessions {
        session.shots[0].offered.push(cookie(Fate::Kept));
        session.shots.iter_mut().enumerate().for_each(|(n, shot)| (shot.way, shot.path) = (n, n));
    }
    finds(&short, Verdict::NotSticky, Some("cookie-not-honoured"));
}

/// Sockets that are opened after all pods were replaced; pods that serve sockets only were there before.
#[test]
fn pods_that_went_before_the_sockets() {
    let mut run = sticky();
    let late = |pod: &str| socket(Shot { at: Duration::from_secs(60), ..shot(pod) });
    for (n, session) in run.sessions.iter_mut().enumerate() {
        session.sockets = vec![late(["x", "y", "z"][n % 3])];
    }
    finds(&run, Verdict::Inconclusive, Some("pods-replaced"));
    run.socket_first = ["x", "y", "z"].into_iter().map(|pod| socket_first(pod, None)).collect();
    finds(&run, Verdict::NotSticky, Some("socket-elsewhere"));
}

#[test]
fn no_request_was_made() {
    finds(&Run::default(), Verdict::Inconclusive, Some("too-few-probes"));
}

/// A process that changes, or a worker: more identities than the cluster has pods.
#[test]
fn more_identities_than_pods() {
    let ids = "1 2 3 4 5 6 7 8 9 10 11 12";
    let mut many = run(ids, &[ids; 30]);
    assert_ne!(code(&judge(&many, 0.0)), Some("identity-unstable"), "without a cluster they may be pods");
    ["a", "b", "c"].into_iter().for_each(|pod| told(&mut many, 0.0, pod, PodState::Ready));
    finds(&many, Verdict::Inconclusive, Some("identity-unstable"));
    ["d", "e", "f"].into_iter().for_each(|pod| told(&mut many, 0.0, pod, PodState::Ready));
    assert_ne!(code(&judge(&many, 0.0)), Some("identity-unstable"), "the cluster may not have reported replaced pods yet");
}

/// Sessions with cookies from a file share what those decide, and requests without cookies do not show where they are routed.
#[test]
fn sessions_that_bring_cookies() {
    let with_cookies = |pods: &[&str]| {
        let all = sessions(pods, 30);
        let mut brought = run(&[EVEN, EVEN].join(" "), &all.iter().map(String::as_str).collect::<Vec<_>>());
        brought.sessions.iter_mut().flat_map(|session| &mut session.shots).for_each(|shot| shot.carried.push("login".to_owned()));
        brought
    };
    finds(&with_cookies(&["a"]), Verdict::Inconclusive, Some("sessions-together"));
    finds(&with_cookies(&["a", "b", "c"]), Verdict::Sticky, None);
    // After a login that identifies no pod, sessions begin on all pods, or on one.
    for (pods, verdict, word) in [(&["a", "b", "c"][..], Verdict::Sticky, None), (&["a"], Verdict::Inconclusive, Some("sessions-together"))] {
        let mut login = with_cookies(pods);
        login.sessions.iter_mut().for_each(|session| session.shots[0] = Shot { path: 1, ..shot("-") });
        finds(&login, verdict, word);
    }
}

/// Clients without a cookie are turned away; the pods on which sessions begin show the shares.
#[test]
fn a_site_that_turns_away_who_has_no_cookie() {
    let away = |pods: &[&str]| {
        let all = sessions(pods, 30);
        let mut away = run(&["-"; 60].join(" "), &all.iter().map(String::as_str).collect::<Vec<_>>());
        away.sessions.iter_mut().flat_map(|session| &mut session.shots).for_each(|shot| shot.carried.push("login".to_owned()));
        away.replayed = vec![shot("-"); 12];
        away
    };
    finds(&away(&["a", "b", "c"]), Verdict::Sticky, None);
    finds(&away(&["a"]), Verdict::Inconclusive, Some("single-backend-path"));
    let mut some = away(&["a", "b", "c"]);
    some.sessions.iter_mut().for_each(|session| session.shots.iter_mut().skip(3).take(3).for_each(|shot| shot.outcome = super::shot("-").outcome));
    finds(&some, Verdict::Inconclusive, Some("error-rate"));
}

#[test]
fn a_login_by_other_pods() {
    let mut login = run(EVEN, &["x a a a a a a", "y b b b b b b", "x c c c c c c", "y a a a a a a"]);
    login.sessions.iter_mut().for_each(|session| session.shots[0].path = 1);
    finds(&login, Verdict::NotSticky, Some("paths-disagree"));
    login.sessions[0].shots[3] = shot("x");
    assert_ne!(code(&judge(&login, 0.0)), Some("paths-disagree"), "they answer other paths too");
}

#[test]
fn sockets_that_do_not_open() {
    let mut some = sticky();
    some.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(session.shots[0].clone())]);
    for (count, outcome, word) in [
        (3, Outcome::Nameless { status: 503 }, None),
        (4, Outcome::Nameless { status: 503 }, Some("upgrade-failed")),
        (4, Outcome::Nameless { status: 101 }, Some("no-identity")),
    ] {
        some.sessions.iter_mut().take(count).for_each(|session| session.sockets[0].opened.outcome = outcome.clone());
        finds(&some, if word.is_some() { Verdict::Inconclusive } else { Verdict::Sticky }, word);
    }
}

/// A pod goes away after the requests, and its sessions' sockets reach pods that were there before.
#[test]
fn a_pod_that_went_with_its_sockets() {
    let mut went = sticky();
    for session in &mut went.sessions {
        let mut opened = session.shots[0].clone();
        if opened.pod() == Some("c") {
            opened.outcome = shot("a").outcome;
        }
        opened.at = Duration::from_secs(20);
        session.sockets = vec![socket(opened)];
    }
    finds(&went, Verdict::NotSticky, Some("socket-elsewhere"));
    let later = |pods: &str| pods.split(' ').cycle().take(12).map(|pod| Shot { at: Duration::from_secs(30), ..shot(pod) }).collect::<Vec<_>>();
    went.at_once.0 = later("a b");
    finds(&went, Verdict::Inconclusive, Some("pods-replaced"));
    went.at_once.0 = later("a b c");
    finds(&went, Verdict::NotSticky, Some("socket-elsewhere"));
}

#[test]
fn a_cache_beside_moves() {
    let mut both = run(EVEN, &["a b c a b c a b c a b c a"; 30]);
    both.controls[3].cached = true;
    finds(&both, Verdict::NotSticky, Some("no-affinity-cookie"));
    both.sessions.iter_mut().for_each(|session| session.shots[4].cached = true);
    finds(&both, Verdict::Inconclusive, Some("cached"));
}

/// Sessions that were elsewhere for a while, on different pods, and are back: no cache has several answers at a time.
#[test]
fn a_pod_that_was_away_for_a_while() {
    let mut flapped = sticky();
    for (n, session) in flapped.sessions.iter_mut().enumerate().filter(|(n, _)| n % 3 == 0) {
        session.shots[0].offered.push(cookie(Fate::Kept));
        session.shots.iter_mut().skip(4).take(6).for_each(|one| one.outcome = shot(["b", "c"][n / 3 % 2]).outcome);
    }
    flapped.uncached = (0..8).map(|n| (Some(n * 3), shot("a"))).collect();
    finds(&flapped, Verdict::NotSticky, Some("leaks"));
}

#[track_caller]
fn came_of(run: &Run, name: Name, mark: Mark, word: &str) {
    let found = judge(run, 0.0).scenario(name, &Chosen::default());
    assert_eq!(found.mark, mark, "{}", found.detail);
    assert!(found.detail.contains(word), "{}", found.detail);
}

/// A scenario shows nothing if what it needs is inconclusive.
#[test]
fn scenarios_that_show_nothing() {
    let mut secure = run(EVEN, &["a b c a b c a b c a b c a"; 30]);
    secure.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::SecureOverHttp)));
    secure.replayed = "a b a c b a c a b a c b".split(' ').map(shot).collect();
    secure.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(shot("b"))]);
    came_of(&secure, Name::Attribution, Mark::Skip, "needs stick-http");
    came_of(&secure, Name::StickWs, Mark::Skip, "needs stick-http");
    let mut leaks = sticky();
    leaks.replayed = secure.replayed.clone();
    came_of(&leaks, Name::Attribution, Mark::Pass, "the cookie holds them");
    leaks.sessions[3].shots[7].outcome = shot("b").outcome;
    leaks.sessions[3].shots[0].offered.push(cookie(Fate::Kept));
    came_of(&leaks, Name::Attribution, Mark::Skip, "needs stick-http");
    let mut cached = leaks.clone();
    cached.sessions.iter_mut().for_each(|session| session.shots[4].cached = true);
    came_of(&cached, Name::Spread, Mark::Skip, "names no pod");
}

/// A socket that came back on another pod fails in its scenario.
#[test]
fn a_socket_that_came_back_elsewhere() {
    let mut back = sticky();
    back.sessions.iter_mut().for_each(|session| session.sockets = vec![socket(session.shots[0].clone()); 2]);
    let end = End { at: Duration::from_secs(5), quiet_since: Duration::from_secs(5), how: How::Goodbye { code: 1012, reason: String::new() } };
    let opened = |pod: &str, at| Shot { at: Duration::from_secs(at), ..shot(pod) };
    let first = Socket { end: Some(end), ..socket(opened("a", 1)) };
    back.socket_first = vec![SocketFirst { socket: first, after: Some(shot("a")), again: Some(socket(opened("b", 20))) }];
    finds(&back, Verdict::NotSticky, Some("socket-elsewhere"));
    came_of(&back, Name::Reconnect, Mark::Fail, "30 of 31");
    // Its pod no longer answered anyone.
    for one in back.controls.iter_mut().chain(back.sessions.iter_mut().flat_map(|session| &mut session.shots)) {
        if one.at > Duration::from_secs(5) && one.pod() == Some("a") {
            one.outcome = shot("-").outcome;
        }
    }
    assert_eq!(back.came_back(), (0, 0));
}

#[test]
fn silent_sockets_that_end_by_something_else() {
    let ends = |how: &dyn Fn() -> How, apart: u64| {
        let end = |n: u64| End { at: Duration::from_millis(60_000 + n * apart), quiet_since: Duration::from_millis(n * 250), how: how() };
        let mut run = sticky();
        run.idle = (0..4).map(|n| Socket { end: Some(end(n)), ..socket(shot("a")) }).collect();
        run
    };
    let cut = || How::Cut("end of stream".to_owned());
    let restart = || How::Goodbye { code: 1012, reason: String::new() };
    let idle = || How::Goodbye { code: 1000, reason: "idle".to_owned() };
    came_of(&ends(&cut, 250), Name::Idle, Mark::Fail, "4 of 4 silent sockets ended without a close frame after 60.0 s");
    came_of(&ends(&idle, 250), Name::Idle, Mark::Fail, "with a close frame");
    for (run, word) in [(ends(&cut, 0), "proxy-recycled"), (ends(&restart, 0), "goodbye")] {
        came_of(&run, Name::Idle, Mark::Skip, "not because of their silence");
        finds(&run, Verdict::Sticky, Some(word));
    }
}

/// All sessions began on one pod, where few other requests go: one cookie may have gone to all of them.
#[test]
fn everyone_on_one_pod() {
    let together = |controls: &str| {
        let all = sessions(&["a"], 30);
        run(controls, &all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    finds(&together(EVEN), Verdict::Inconclusive, Some("sessions-together"));
    // One in three.
    let mut one = together(EVEN);
    one.sessions[7] = session("b b b b b b b b b b b b b");
    finds(&one, Verdict::Sticky, None);
}
