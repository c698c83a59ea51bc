//! What goes on around the requests: a cluster that tells of its pods, pods that get little, identities that are no pods', sessions that
//! begin oddly or move once.

use super::*;

fn told(run: &mut Run, at: f64, pod: &str, state: PodState) {
    run.events.push(Event { at: Duration::from_secs_f64(at), what: What::Pod { pod: pod.to_owned(), state } });
}

/// By a cluster's word: who left a pod that went is no wonder, who left one that was ready is.
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
    // At rest nobody moves, whatever comes.
    let mut rest = sticky();
    rest.events = collateral.events;
    finds(&rest, Verdict::Sticky, None);
}

#[test]
fn one_pod_by_a_cluster_s_word() {
    let all = sessions(&["a"], 30);
    let mut one = run(&["a"; 60].join(" "), &all.iter().map(String::as_str).collect::<Vec<_>>());
    told(&mut one, 0.0, "a", PodState::Ready);
    told(&mut one, 0.0, "b", PodState::NotReady);
    finds(&one, Verdict::Inconclusive, Some("single-ready-pod"));
    told(&mut one, 1.0, "b", PodState::Ready);
    finds(&one, Verdict::Inconclusive, Some("single-backend-path"));
}

/// Sessions on a pod that gets little stay there by no luck.
#[test]
fn unequal_pods_can_be_judged() {
    let controls = ["a"; 54].into_iter().chain(["b", "b", "b", "c", "c", "c"]).collect::<Vec<_>>().join(" ");
    let mixed: Vec<String> = sessions(&["a"], 27).into_iter().chain(sessions(&["b", "c"], 3)).collect();
    finds(&run(&controls, &mixed.iter().map(String::as_str).collect::<Vec<_>>()), Verdict::Sticky, None);
}

/// What is each session's own never changes within it, and is no pod.
#[test]
fn an_identity_of_the_session() {
    let own: Vec<String> = (0..30).map(|n| [format!("s{n}").as_str(); 13].join(" ")).collect();
    let controls: Vec<String> = (0..60).map(|n| format!("c{n}")).collect();
    let mut run = run(&controls.join(" "), &own.iter().map(String::as_str).collect::<Vec<_>>());
    finds(&run, Verdict::Inconclusive, Some("identity-unstable"));
    // Two that meet are enough: so many pods there may be.
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
    // One of two may be a move that is put up with, two of two are more.
    assert_eq!(judge(&parallel, 0.05).pods, Verdict::NotSticky);
    parallel.at_once.1[2] = shot("b");
    assert_eq!(judge(&parallel, 0.05).pods, Verdict::Sticky);
}

/// All move once, at one moment, and stay: their cookies count, and mean something else now.
#[test]
fn a_move_that_lasts_is_one() {
    let moved: Vec<String> = ["a a a a a a b b b b b b b", "b b b b b b c c c c c c c", "c c c c c c a a a a a a a"].map(str::to_owned).to_vec();
    let all: Vec<&str> = (0..30).map(|n| moved[n % 3].as_str()).collect();
    let mut run = run(EVEN, &all);
    run.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::Kept)));
    finds(&run, Verdict::NotSticky, Some("leaks"));
}

/// A second answer tells nothing of a second binding where it is the last one.
#[test]
fn one_later_request_is_no_pattern() {
    let mut short = run(EVEN, &["a b", "b c", "c c", "a c", "b a", "c b"]);
    for session in &mut short.sessions {
        session.shots[0].offered.push(cookie(Fate::Kept));
        session.shots.iter_mut().enumerate().for_each(|(n, shot)| (shot.way, shot.path) = (n, n));
    }
    finds(&short, Verdict::NotSticky, Some("cookie-not-honoured"));
}

/// Sockets that are opened when all pods have been replaced; pods for sockets alone were there before.
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
fn nothing_was_asked() {
    finds(&Run::default(), Verdict::Inconclusive, Some("too-few-probes"));
}

/// A process that changes, or a worker: more than the pods that the cluster knows of.
#[test]
fn more_identities_than_pods() {
    let ids = "1 2 3 4 5 6 7 8 9 10 11 12";
    let mut many = run(ids, &[ids; 30]);
    assert_ne!(code(&judge(&many, 0.0)), Some("identity-unstable"), "without a cluster they may be pods");
    ["a", "b", "c"].into_iter().for_each(|pod| told(&mut many, 0.0, pod, PodState::Ready));
    finds(&many, Verdict::Inconclusive, Some("identity-unstable"));
    ["d", "e", "f"].into_iter().for_each(|pod| told(&mut many, 0.0, pod, PodState::Ready));
    assert_ne!(code(&judge(&many, 0.0)), Some("identity-unstable"), "pods may have been replaced without the cluster's word");
}
