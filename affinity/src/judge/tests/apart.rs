//! Runs that stop because nobody answers, sessions that share connections, and parallel requests with a dead cookie.

use super::*;
use crate::run::Stopped;
use crate::scenario::{Chosen, Mark};

/// Nobody answered, or nobody any more.
#[test]
fn what_was_not_sent_proves_nothing() {
    let mut never = run("- -", &["-", "-"]);
    for shot in never.controls.iter_mut().chain(never.sessions.iter_mut().flat_map(|session| &mut session.shots)) {
        shot.outcome = Outcome::Lost("connection refused".to_owned());
    }
    never.stopped = Some(Stopped::NeverAnswered);
    finds(&never, Verdict::Inconclusive, Some("transport"));
    let judgement = judge(&never, 0.0);
    let says = "nobody answered in the first round, so the rest was not sent: none of 4 requests got an answer: connection refused";
    assert_eq!(judgement.reasons[0].detail, says);
    for one in &crate::scenario::ALL {
        let found = judgement.scenario(one.name, &Chosen::default());
        assert_eq!((found.mark, found.detail.as_str()), (Mark::Skip, "not run: nobody answered in the first round"), "{}", one.word);
    }
    // Sessions stayed until then, which a longer run might not have seen.
    let mut silent = sticky();
    silent.stopped = Some(Stopped::WentSilent { lost: 68, silence: Duration::from_secs(34) });
    finds(&silent, Verdict::Inconclusive, Some("transport"));
    let judgement = judge(&silent, 0.0);
    assert!(judgement.reasons[0].detail.starts_with("nobody answered the last 68 requests, for 34 s, so the rest"), "{judgement:?}");
    let detail = |name| judgement.scenario(name, &Chosen::default()).detail;
    assert!(detail(Name::Spread).contains("reached 3 pods") && detail(Name::Relay).starts_with("not run: nobody"), "{judgement:?}");
    silent.sessions[3].shots[7].outcome = shot("b").outcome;
    silent.sessions[3].shots[7].offered.push(cookie(Fate::Kept));
    finds(&silent, Verdict::NotSticky, Some("leaks"));
    assert!(judge(&silent, 0.0).tells(Code::Transport));
}

/// Sessions of pods a, b and c on one connection.
#[test]
fn connections_that_sessions_share() {
    let on = |pods: &[&str]| [0, 1, 2, 0, 1, 2].into_iter().zip(pods.iter().map(|pod| shot(pod))).collect::<Vec<(usize, Shot)>>();
    let found = |shared: Vec<Vec<(usize, Shot)>>| {
        let judgement = judge(&Run { shared, ..sticky() }, 0.0);
        let found = judgement.scenario(Name::Shared, &Chosen::default());
        (found.mark, found.detail, judgement.pods, judgement.tells(Code::SharedConnection))
    };
    let (mark, detail, pods, tells) = found(vec![on(&["a", "a", "a", "a", "a", "a"]), on(&["b", "b", "b", "b", "b", "b"])]);
    assert_eq!((mark, pods, tells), (Mark::Fail, Verdict::Sticky, true), "it does not decide the verdict");
    assert_eq!(
        detail,
        "4 of 12 requests on 2 shared connections reached their session's pod; each connection stayed on the pod of its first request"
    );
    let (mark, detail, _, tells) = found(vec![on(&["a", "b", "c", "a", "b", "c"])]);
    assert_eq!((mark, tells, detail.as_str()), (Mark::Pass, false, "6 of 6 requests on 1 shared connection reached their session's pod"));
    let (mark, detail, ..) = found(vec![on(&["a", "b", "c", "a", "b", "a"])]);
    assert!(mark == Mark::Fail && detail.ends_with("5 of 6 requests on 1 shared connection reached their session's pod"), "{detail}");
    let closed = found(vec![on(&["a"]), on(&["a"])]);
    assert!(closed.0 == Mark::Skip && closed.1.contains("closes it after each answer"), "{closed:?}");
    let same = found(vec![vec![(0, shot("a")), (3, shot("a"))]]);
    assert!(same.0 == Mark::Skip && same.1.contains("belong to the same pod"), "{same:?}");
    assert_eq!(found(Vec::new()).1, "not requested; add --shared-connection");
}

/// Parallel requests with a forged value, after single ones that settled.
#[test]
fn a_dead_cookie_in_parallel_requests() {
    let with = |first: &str, after: &str| {
        let mut run = sticky();
        run.forged = ["s".to_owned()].into();
        let all = |pods: &str| pods.split(' ').map(shot).collect::<Vec<_>>();
        run.dead_cookie = all("a a a a");
        run.dead_cookie[0].carried = vec!["s".to_owned()];
        run.dead_cookie[0].offered = vec![cookie(Fate::Kept)];
        run.dead_at_once = (all(first), all(after));
        let judgement = judge(&run, 0.0);
        let found = judgement.scenario(Name::DeadCookie, &Chosen::default());
        (found.mark, found.detail, judgement.tells(Code::DeadCookieUnsettled))
    };
    let (mark, detail, tells) = with("a b c a b c a b", "b b b");
    assert_eq!((mark, tells), (Mark::Pass, false));
    assert_eq!(detail, "replaced at once; 8 parallel requests with an unknown value reached 3 pods, and then one held");
    let (mark, detail, tells) = with("a b c a b c a b", "b c b");
    assert_eq!((mark, tells), (Mark::Fail, true));
    assert_eq!(detail, "8 parallel requests with an unknown value reached 3 pods; after them the session was on 2 pods");
    assert_eq!(with("- - - - - - - -", "a b a").1, "replaced at once", "nobody answered the parallel ones");
}
