#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::promise::Promise;
use crate::run::{Run, Session};
use crate::scenario::Mark;
use crate::seen::{End, Event, How, Outcome, PodState, Shot, Socket, What, Who};
use crate::testing::shot;
use std::time::Duration;

/// When the change is made, in seconds.
const ACTED: f64 = 3.0;
const PODS: [&str; 3] = ["a", "b", "c"];

fn seconds(at: f64) -> Duration {
    Duration::from_secs_f64(at)
}

/// Mixes a number (splitmix64).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The pod of a key on a ring with 160 points for each pod.
fn on_ring<'a>(key: u64, pods: &[&'a str]) -> &'a str {
    let key = mix(key);
    let points = pods.iter().flat_map(|pod| {
        let seed = pod.bytes().fold(7, |all, byte| mix(all ^ u64::from(byte)));
        (0..160).map(move |n| (mix(seed ^ mix(n)), *pod))
    });
    points.min_by_key(|(point, _)| point.wrapping_sub(key)).unwrap().1
}

/// What a client sees: a session by its number, or a control.
#[derive(Clone, Copy, PartialEq)]
enum Client {
    Session(u64),
    Control(u64),
}

/// Sessions and controls that ask twice a second for 30 s, and what a front door answers: a pod, or `-` for a 502.
fn run(sessions: u64, events: &[(f64, &str, PodState)], answers: impl Fn(Client, f64) -> &'static str) -> Run {
    let shots = |client: Client| {
        let offset = match client {
            Client::Session(n) | Client::Control(n) => (mix(n) % 500) as f64 / 1_000.0,
        };
        let all = (0..60).map(|n| f64::from(n) / 2.0 + offset);
        all.map(|at| Shot { at: seconds(at), ..shot(answers(client, at)) }).collect::<Vec<_>>()
    };
    let ready = PODS.iter().map(|pod| (0.0, *pod, PodState::Ready));
    let mut events: Vec<Event> = ready
        .chain(events.iter().copied())
        .map(|(at, pod, state)| Event { at: seconds(at), what: What::Pod { pod: pod.to_owned(), state } })
        .collect();
    events.sort_by_key(|event| event.at);
    Run {
        sessions: (0..sessions).map(|n| Session { shots: shots(Client::Session(n)), ..Session::default() }).collect(),
        controls: (0..sessions / 2).flat_map(|n| shots(Client::Control(n))).collect(),
        events,
        ..Run::default()
    }
}

fn seen(kind: Kind, promise: Promise, pods: (u32, u32), run: Run) -> Disruption {
    Disruption { kind, promise, pods, acted: seconds(ACTED), settled: Some(seconds(20.0)), tolerated: seconds(5.0), run }
}

fn codes(judged: &Judged) -> Vec<&'static str> {
    judged.findings.iter().map(|finding| finding.code.word()).collect()
}

/// A pod that a balancer chooses at a time.
fn any(pods: &[&'static str], client: Client, at: f64) -> &'static str {
    let (Client::Session(n) | Client::Control(n)) = client;
    pods[(mix(n ^ mix(at.to_bits())) % pods.len() as u64) as usize]
}

fn bound(client: Client) -> Option<&'static str> {
    if let Client::Session(n) = client { Some(PODS[(n % 3) as usize]) } else { None }
}

const JOINED: [(f64, &str, PodState); 3] = [(5.0, "d", PodState::Ready), (5.1, "e", PodState::Ready), (5.2, "f", PodState::Ready)];
const ALL: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[test]
fn more_pods_behind_a_persistent_front_door() {
    let stays = run(40, &JOINED, |client, at| bound(client).unwrap_or_else(|| any(if at > 6.0 { &ALL } else { &PODS }, client, at)));
    let judged = judge(&seen(Kind::ScaleUp, Promise::Persistent, (3, 6), stays));
    assert_eq!((judged.mark, codes(&judged), judged.moved.sessions), (Mark::Pass, vec![], 0), "{}", judged.detail);
    assert!(judged.detail.starts_with("none of 40 sessions moved; 0 of "), "{}", judged.detail);
    assert_eq!((judged.spread.len(), judged.spread[3].sessions), (6, 0), "new pods get new sessions only");
}

/// 3 to 6 pods: about half of the sessions, which a ring is expected to move, and nothing else is.
#[test]
fn more_pods_on_a_ring() {
    let ring = || {
        run(40, &JOINED, |client, at| match client {
            Client::Session(n) => on_ring(n, if at > 6.0 { &ALL } else { &PODS }),
            Client::Control(_) => any(&PODS, client, at),
        })
    };
    let judged = judge(&seen(Kind::ScaleUp, Promise::Ring, (3, 6), ring()));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Pass, vec!["ring-moved"]), "{}", judged.detail);
    assert!((14..=26).contains(&judged.moved.collateral) && judged.moved.forced == 0, "{:?}", judged.moved);
    let judged = judge(&seen(Kind::ScaleUp, Promise::Persistent, (3, 6), ring()));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["disruption-moved"]), "{}", judged.detail);
    // A front door that was not recognized may be one.
    let judged = judge(&seen(Kind::ScaleUp, Promise::Unknown, (3, 6), ring()));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Skip, vec!["ring-moved"]), "{}", judged.detail);
    let all_move = run(40, &JOINED, |client, at| match client {
        Client::Session(n) if at > 6.0 => ALL[3 + (n % 3) as usize],
        client => bound(client).unwrap_or_else(|| any(&PODS, client, at)),
    });
    for promise in [Promise::Ring, Promise::Unknown] {
        let judged = judge(&seen(Kind::ScaleUp, promise, (3, 6), all_move.clone()));
        assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["disruption-moved"]), "{}", judged.detail);
    }
}

/// One of three pods is replaced: a third of the sessions moves with persistent cookies, half of them on a ring.
#[test]
fn one_of_three_pods_is_replaced() {
    let events = [(ACTED, "a", PodState::Terminating), (4.0, "a", PodState::Gone), (6.0, "d", PodState::Ready)];
    let persistent = run(90, &events, |client, at| match bound(client) {
        Some("a") if at > ACTED + 0.3 => "b",
        Some(pod) => pod,
        None => any(if at > 7.0 { &["b", "c", "d"] } else { &["b", "c"] }, client, at),
    });
    let judged = judge(&seen(Kind::Evict, Promise::Persistent, (3, 3), persistent));
    assert_eq!((judged.mark, judged.moved.forced, judged.moved.collateral, judged.moved.twice), (Mark::Pass, 30, 0, 0), "{}", judged.detail);
    let ring = run(90, &events, |client, at| match client {
        Client::Session(n) if at <= ACTED + 0.3 => on_ring(n, &PODS),
        Client::Session(n) if at <= 7.0 => on_ring(n, &["b", "c"]),
        Client::Session(n) => on_ring(n, &["b", "c", "d"]),
        Client::Control(_) => any(&["b", "c"], client, at),
    });
    let judged = judge(&seen(Kind::Evict, Promise::Ring, (3, 3), ring));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Pass, vec!["ring-moved"]), "{}", judged.detail);
    assert!((36..=54).contains(&judged.moved.sessions) && judged.moved.twice > 0, "{:?}", judged.moved);
}

/// A pod that serves for 10 s after it began to terminate, for known cookies only, and for new sessions too.
#[test]
fn a_terminating_pod_is_kept() {
    let events = [(ACTED, "a", PodState::Terminating), (13.5, "a", PodState::Gone), (6.0, "d", PodState::Ready)];
    let kept = |new: bool| {
        run(30, &events, move |client, at| match bound(client) {
            Some("a") if at > ACTED + 10.0 => "b",
            Some(pod) => pod,
            None => any(if at < ACTED || new && at < ACTED + 10.0 { &PODS } else { &["b", "c"] }, client, at),
        })
    };
    let judged = judge(&seen(Kind::Evict, Promise::Persistent, (3, 3), kept(false)));
    assert_eq!((judged.mark, codes(&judged), judged.drained.len()), (Mark::Pass, vec![], 1), "{}", judged.detail);
    let drained = &judged.drained[0];
    assert!((9.4..=10.0).contains(&drained.kept.unwrap().as_secs_f64()) && drained.new == 0, "{drained:?}");
    assert_eq!((drained.pod.as_str(), drained.gone), ("a", Some(seconds(10.5))));
    let judged = judge(&seen(Kind::Evict, Promise::Persistent, (3, 3), kept(true)));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["drain-takes-new"]), "{}", judged.detail);
    // Handed over at once, as by ingress-nginx.
    let at_once = run(30, &events, |client, at| match bound(client) {
        Some("a") if at > ACTED => "b",
        Some(pod) => pod,
        None => any(if at < ACTED { &PODS } else { &["b", "c"] }, client, at),
    });
    assert_eq!(judge(&seen(Kind::Evict, Promise::Persistent, (3, 3), at_once)).drained[0].kept, None);
}

/// Pod a is dead from 3.5 s on, and stays listed until 8.5 s.
#[test]
fn a_dead_pod_that_is_listed() {
    let events = [(ACTED, "a", PodState::Terminating), (4.0, "a", PodState::Gone), (6.0, "d", PodState::Ready)];
    let dead = |until: f64| {
        run(30, &events, move |client, at| match bound(client) {
            Some("a") if at > until => "b",
            Some("a") if at > 3.5 => "-",
            Some(pod) => pod,
            None => any(if at > ACTED { &["b", "c"] } else { &PODS }, client, at),
        })
    };
    let judged = judge(&seen(Kind::Kill, Promise::Persistent, (3, 3), dead(8.0)));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Pass, vec![]), "{}", judged.detail);
    let window = judged.errors.hit;
    assert!((4.0..=5.0).contains(&window.length().as_secs_f64()) && window.failed > 60, "{window:?}");
    assert_eq!((judged.errors.others.failed, judged.errors.unbound.failed, judged.moved.forced), (0, 0, 10));
    let judged = judge(&seen(Kind::Kill, Promise::Persistent, (3, 3), dead(11.0)));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["dead-pod-kept"]), "{}", judged.detail);
    // With failover: at most one error, and then another pod.
    let judged = judge(&seen(Kind::Kill, Promise::Persistent, (3, 3), dead(3.6)));
    assert!(judged.mark == Mark::Pass && judged.errors.hit.failed <= 10 && judged.errors.hit.length() < seconds(0.2), "{:?}", judged.errors);
    // The same errors after an eviction: the pod had the time to finish.
    let judged = judge(&seen(Kind::Evict, Promise::Persistent, (3, 3), dead(4.0)));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["disruption-errors"]), "{}", judged.detail);
}

#[test]
fn errors_of_those_who_lost_nothing_count_always() {
    let events = [(ACTED, "a", PodState::Terminating), (4.0, "a", PodState::Gone)];
    let failing = run(30, &events, |client, at| match bound(client) {
        Some("a") if at > ACTED => "b",
        Some("c") if (9.0..9.4).contains(&at) => "-",
        Some(pod) => pod,
        None => any(&["b", "c"], client, at),
    });
    let judged = judge(&seen(Kind::Kill, Promise::Persistent, (3, 3), failing.clone()));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Fail, vec!["disruption-errors"]), "{}", judged.detail);
    assert!(judged.errors.others.failed > 0 && judged.errors.hit.failed == 0, "{:?}", judged.errors);
    // What the tunnel lost is not the site's fault.
    let mut broken = failing;
    for shot in broken.sessions.iter_mut().flat_map(|session| &mut session.shots) {
        if shot.pod().is_none() {
            shot.outcome = Outcome::Lost("the connection ended".to_owned());
        }
    }
    broken.events.push(Event { at: seconds(9.2), what: What::Tunnel("lost".to_owned()) });
    let judged = judge(&seen(Kind::Kill, Promise::Persistent, (3, 3), broken));
    assert_eq!((judged.mark, judged.errors.others.failed), (Mark::Pass, 0), "{}", judged.detail);
}

/// Sockets come back to the pod that their session's requests reach by then.
#[test]
fn sockets_end_and_come_back() {
    let events = [(ACTED, "a", PodState::Terminating), (4.0, "a", PodState::Gone), (6.0, "d", PodState::Ready)];
    let held = |again: &str, how: How| {
        let mut run = run(30, &events, |client, at| match bound(client) {
            Some("a") if at > ACTED => "b",
            Some(pod) => pod,
            None => any(if at < ACTED { &PODS } else { &["b", "c"] }, client, at),
        });
        let who = |pod: &str| Outcome::By(Who { pod: pod.to_owned(), worker: None });
        let socket = |pod: &str, at: f64, end: Option<(f64, How)>| Socket {
            opened: Shot { at: seconds(at), outcome: who(pod), ..Shot::none() },
            refused_by: None,
            end: end.map(|(at, how)| End { at: seconds(at), quiet_since: seconds(at), how }),
        };
        for (n, session) in run.sessions.iter_mut().enumerate() {
            session.sockets = if n % 3 == 0 {
                vec![socket("a", 1.0, Some((3.9, how.clone()))), socket(again, 5.0, Some((29.0, How::Ours)))]
            } else {
                vec![socket(PODS[n % 3], 1.0, Some((29.0, How::Ours)))]
            };
        }
        seen(Kind::Evict, Promise::Persistent, (3, 3), run)
    };
    let goodbye = How::Goodbye { code: 1012, reason: String::new() };
    let judged = judge(&held("b", goodbye.clone()));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Pass, vec![]), "{}", judged.detail);
    assert_eq!((judged.sockets.held, judged.sockets.back, judged.sockets.elsewhere), (30, 10, 0));
    let judged = judge(&held("c", goodbye));
    assert_eq!((judged.mark, codes(&judged), judged.sockets.elsewhere), (Mark::Fail, vec!["socket-elsewhere"], 10), "{}", judged.detail);
    let judged = judge(&held("b", How::Cut("end of stream".to_owned())));
    assert_eq!((judged.mark, codes(&judged)), (Mark::Pass, vec!["pod-terminated"]), "{}", judged.detail);
}

#[test]
fn what_cannot_be_judged() {
    let stays = || run(30, &JOINED, |client, at| bound(client).unwrap_or_else(|| any(&PODS, client, at)));
    let skip = |seen: Disruption| {
        let judged = judge(&seen);
        assert_eq!(judged.mark, Mark::Skip, "{}", judged.detail);
        codes(&judged)
    };
    let late = Disruption { settled: None, ..seen(Kind::ScaleUp, Promise::Persistent, (3, 6), stays()) };
    assert_eq!(skip(late), ["disruption-unsettled"]);
    assert_eq!(skip(seen(Kind::ScaleUp, Promise::Persistent, (3, 6), run(9, &JOINED, |_, _| "a"))), ["single-backend-path"]);
    assert_eq!(skip(seen(Kind::ScaleUp, Promise::Persistent, (3, 6), run(9, &JOINED, |_, _| "-"))), ["no-identity"]);
    let other_names =
        run(
            30,
            &JOINED,
            |client, at| if at < 6.0 { any(&["x", "y"], Client::Session(if client == Client::Control(0) { 0 } else { 1 }), 0.0) } else { "z" },
        );
    let mut other_names = other_names;
    other_names.controls.push(shot("w"));
    assert_eq!(skip(seen(Kind::ScaleUp, Promise::Persistent, (3, 6), other_names)), ["pods-unknown"]);
}
