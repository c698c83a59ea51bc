//! Sockets that reach other pods than their session, that are refused, or that end in silence.

use super::*;
use crate::jar::Withheld;
use crate::scenario::{Chosen, Mark, Name};

const OWN_PODS: &str = "Sockets are served by pods of their own, such as another Deployment";

/// A run whose requests stay, and whose sessions' two sockets reach these pods in turn, after the requests.
fn sockets(pods: [&[&str]; 2]) -> Run {
    let mut run = sticky();
    for (n, session) in run.sessions.iter_mut().enumerate() {
        session.shots.iter_mut().skip(1).for_each(|shot| shot.carried = vec!["route".to_owned()]);
        let opened = |pods: &[&str]| socket(Shot { at: Duration::from_secs(5), ..shot(pods[n % pods.len()]) });
        session.sockets = pods.into_iter().map(opened).collect();
    }
    run
}

#[track_caller]
fn told(run: &Run) -> (&'static str, Vec<&'static str>, String) {
    let judgement = judge(run, 0.0);
    let reason = judgement.reasons.into_iter().next().unwrap();
    (reason.code.word(), reason.evident, reason.detail)
}

#[test]
fn pods_that_serve_sockets_only() {
    let own = sockets([&["x", "y"], &["x", "y"]]);
    let (code, causes, detail) = told(&own);
    assert_eq!((code, causes), ("socket-elsewhere", vec![OWN_PODS]), "{detail}");
    let wanted = "30 of 30 sockets reached another pod than their session; 2 pods that answered no request serve the sockets, \
        and the second socket of a session reached the pod of its first in 30 of 30 sessions";
    assert_eq!(detail, wanted);
    assert!(told(&sockets([&["x", "y"], &["y", "x"]])).2.ends_with("in 0 of 30 sessions"));
    assert!(told(&sockets([&["x"], &["x"]])).2.ends_with("one pod that answered no request serves all sockets"));
    // The page's pods in another order: a rule without affinity.
    assert_eq!(told(&sockets([&["b", "c", "a"], &["b", "c", "a"]])).1, [""; 0]);
}

#[test]
fn cookies_that_were_not_sent_with_sockets() {
    let run = |why: &Withheld, carried: &[&str]| {
        let mut run = sockets([&["b", "c", "a"], &["b", "c", "a"]]);
        for socket in run.sessions.iter_mut().flat_map(|session| &mut session.sockets) {
            socket.opened.withheld = vec![("route".to_owned(), why.clone()), ("never-sent".to_owned(), Withheld::Insecure)];
            socket.opened.carried = carried.iter().map(|name| (*name).to_owned()).collect();
        }
        run
    };
    let (code, causes, detail) = told(&run(&Withheld::Path("/app".to_owned()), &[]));
    assert_eq!((code, causes), ("socket-elsewhere", vec!["The cookie's path does not cover the socket's path"]));
    assert!(
        detail.ends_with("; no cookie was sent with them, because route is for the path /app, which does not cover the socket's path"),
        "{detail}"
    );
    let (_, causes, detail) = told(&run(&Withheld::Insecure, &["lang"]));
    assert_eq!(causes, ["The cookie is Secure, and the socket's URL is ws://"]);
    assert!(detail.contains("route was not sent with them"), "{detail}");
    assert_eq!(told(&run(&Withheld::Host, &[])).1, ["The socket is on another host than the cookie"]);
    // A cookie that only some sockets lack does not explain why all are elsewhere.
    let mut some = run(&Withheld::Host, &[]);
    some.sessions[3].sockets[0].opened.withheld.clear();
    assert_eq!(told(&some).1, [""; 0]);
}

#[test]
fn upgrades_that_are_refused() {
    for (status, causes) in [
        (401, &["The socket is only for clients that are logged in"][..]),
        (403, &["The site requires another origin or a subprotocol", "The socket is only for clients that are logged in"]),
        (404, &["The path does not serve a WebSocket"]),
        (426, &["A proxy in between drops the upgrade headers", "The path does not serve a WebSocket"]),
        (503, &["Nothing that is ready is behind the route"]),
        (418, &[]),
    ] {
        let mut run = sockets([&["-"], &["-"]]);
        run.sessions.iter_mut().flat_map(|session| &mut session.sockets).for_each(|one| one.opened.outcome = Outcome::Nameless { status });
        let (code, told, detail) = told(&run);
        assert_eq!((code, told), ("upgrade-failed", causes.to_vec()), "{detail}");
    }
}

/// Silent sockets of which the first ends after 41.3 s, and the others at the end of the run.
fn silent(pod: &str) -> Run {
    let mut run = sticky();
    let end = |n: u64| match n {
        0 => End { at: Duration::from_millis(42_300), quiet_since: Duration::from_secs(1), how: How::Cut("end of stream".to_owned()) },
        _ => End { at: Duration::from_secs(91), quiet_since: Duration::from_millis(1_000 + n * 250), how: How::Ours },
    };
    run.idle = (0..4).map(|n| Socket { end: Some(end(n)), ..socket(shot(if n == 0 { pod } else { "b" })) }).collect();
    run
}

fn idle(run: &Run) -> (Mark, String, Vec<&'static str>) {
    let judgement = judge(run, 0.0);
    assert_eq!(judgement.pods, Verdict::Sticky);
    let found = judgement.scenario(Name::Idle, &Chosen::default());
    (found.mark, found.detail, judgement.reasons.iter().map(|reason| reason.code.word()).collect())
}

#[test]
fn a_silent_socket_that_is_cut_while_others_live() {
    let mut run = silent("a");
    let seen = "1 of 4 silent sockets was cut after 41.3 s of silence, while the others stayed open";
    assert_eq!(idle(&run), (Mark::Fail, seen.to_owned(), vec!["socket-lost"]));
    assert_eq!(judge(&run, 0.0).reasons[0].evident.len(), 1);
    // The tunnel had trouble at the time.
    run.events.push(Event { at: Duration::from_secs(42), what: What::Tunnel("lost".to_owned()) });
    assert_eq!((idle(&run).0, idle(&run).2), (Mark::Pass, vec!["socket-lost"]));
    // Its pod answers nothing any more, while others do.
    let mut died = silent("a");
    let after = |n: u64| Shot { at: Duration::from_secs(92 + n), ..shot(["b", "c"][n as usize % 2]) };
    died.controls.extend((0..16).map(after));
    assert_eq!((idle(&died).0, idle(&died).2), (Mark::Pass, vec!["pod-terminated"]));
}
