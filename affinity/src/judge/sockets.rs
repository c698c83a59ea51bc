//! What sockets show against affinity: the scenarios stick-ws, ws-first and reconnect, and their part of the verdict on pods.

use super::elsewhere;
use super::failed::MOST_NAMELESS;
use super::requests::{ONE_POD, Requests};
use super::unlogged::{self, is_unlogged};
use crate::bounds;
use crate::code::Code;
use crate::run::Run;
use crate::scenario::Name::{Reconnect, StickWs, WsFirst};
use crate::seen::{Outcome, Shot};
use crate::verdict::{Found, Reason, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// The verdict on pods, by requests and sockets.
pub(super) struct Sockets {
    pub(super) pods: Verdict,
    /// Decisive, if present.
    pub(super) reason: Option<Reason>,
    /// stick-ws, ws-first, reconnect.
    pub(super) found: [Found; 3],
}

/// A socket elsewhere is proof, unless what excuses the requests excuses it too. Sockets that could not be opened only take a proof away.
/// If requests move, sockets do too, and need no reason of their own.
pub(super) fn judge(run: &Run, requests: &Requests, tolerated: f64) -> Sockets {
    let excuses = [Code::SecureOverHttp, Code::SessionNotInCookie, Code::PodsReplaced, Code::Cached, Code::IdentityUnstable];
    let is_excused = requests.reasons.iter().any(|reason| excuses.contains(&reason.code));
    let decides = |(verdict, _): &(Verdict, Reason)| match verdict {
        Verdict::NotSticky => requests.verdict != Verdict::NotSticky && !is_excused,
        _ => requests.verdict == Verdict::Sticky,
    };
    let (pods, reason) = against(run, tolerated).filter(decides).map_or((requests.verdict, None), |(verdict, reason)| (verdict, Some(reason)));
    let found = |counts: &[(u64, u64)], what| scenario(run, (requests.verdict, pods), tolerated, counts, what);
    let none_first = run.socket_first.is_empty() && run.sessions.iter().any(|session| !session.sockets.is_empty());
    let found = [
        found(&[run.sockets_in_place(0)], "sockets reached their session's pod"),
        if none_first {
            Found::skip("no session can begin with a socket: it needs a value from a first answer")
        } else {
            found(&[run.stayed_after_socket()], "requests after a socket reached its pod")
        },
        found(&[run.sockets_in_place(1), run.came_back()], "sockets came back to their pod"),
    ];
    Sockets { pods, reason, found }
}

/// `counts` has, for each kind of socket that is judged by itself, those in place and all of them.
fn scenario(run: &Run, (requests, pods): (Verdict, Verdict), tolerated: f64, counts: &[(u64, u64)], what: &str) -> Found {
    let (same, all) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    if run.sockets().next().is_none() {
        return Found::skip("no WebSocket was tested; add --ws-url /PATH");
    }
    if all == 0 {
        return Found::skip("no socket identified its pod");
    }
    if run.without_cookie().len() < 2 {
        return Found::skip(ONE_POD);
    }
    let fails = counts.iter().any(|(same, all)| judged(*same, *all, tolerated).is_some());
    if pods == Verdict::Inconclusive && (!fails || requests == Verdict::Inconclusive) {
        return Found::skip("needs stick-http");
    }
    let detail = format!("{same} of {all} {what}");
    if fails { Found::fail(detail) } else { Found::pass(detail) }
}

/// What sockets show by themselves; `None` where they show nothing against affinity.
fn against(run: &Run, tolerated: f64) -> Option<(Verdict, Reason)> {
    for (place, scenario, which) in [(0, StickWs, "sockets"), (1, Reconnect, "reopened sockets")] {
        let (same, all) = run.sockets_in_place(place);
        if let Some(verdict) = judged(same, all, tolerated) {
            let detail = format!("{} of {all} {which} reached another pod than their session", all - same);
            if homes_are_gone(run, place) {
                let detail = format!("{detail}, whose own pod no longer answered anyone");
                return Some((Verdict::Inconclusive, Reason::new(Code::PodsReplaced, scenario, detail)));
            }
            return Some((verdict, elsewhere::why(run, Reason::new(Code::SocketElsewhere, scenario, detail), Some(place))));
        }
    }
    let tried = run.sockets().count();
    let opened = run.sockets().filter(|socket| socket.opened.pod().is_some()).count();
    let silent = run.sockets().filter(|socket| matches!(socket.opened.outcome, Outcome::Nameless { status: 101 })).count();
    if (tried - opened) as f64 > tried as f64 * MOST_NAMELESS {
        let unlogged = run.sockets().filter(|socket| is_unlogged(&socket.opened) && socket.refused_by.is_none()).count();
        if unlogged * 2 > tried - opened {
            return Some((Verdict::Inconclusive, unlogged::sockets(run, unlogged, tried)));
        }
        if silent * 2 > tried - opened {
            let detail = format!("{silent} of {tried} sockets were open, but no message on them identified a pod");
            return Some((Verdict::Inconclusive, Reason::new(Code::NoIdentity, StickWs, detail)));
        }
        let mut why: Vec<String> = run.sockets().filter_map(|socket| not_opened(&socket.opened)).collect();
        why.sort();
        why.dedup();
        why.truncate(3);
        let detail = format!("{opened} of {tried} sockets identified their pod: {}", why.join("; "));
        return Some((Verdict::Inconclusive, elsewhere::refused(run, Reason::new(Code::UpgradeFailed, StickWs, detail))));
    }
    let (same, all) = run.came_back();
    if let Some(verdict) = judged(same, all, tolerated) {
        let detail = format!("{} of {all} sockets that had ended came back on another pod", all - same);
        return Some((verdict, elsewhere::why(run, Reason::new(Code::SocketElsewhere, Reconnect, detail), None)));
    }
    let (same, all) = run.stayed_after_socket();
    let without = run.socket_first.iter().all(|first| first.socket.opened.offered.is_empty());
    judged(same, all, tolerated).map(|verdict| {
        let detail = format!("{} of {all} sessions that began with a socket reached another pod with the next request", all - same);
        let reason = |code| Reason::new(code, WsFirst, detail);
        (verdict, if without { reason(Code::NoCookieOnUpgrade) } else { elsewhere::why(run, reason(Code::SocketElsewhere), None) })
    })
}

/// What it means that some sockets are elsewhere; `None` where that many are tolerated.
fn judged(same: u64, all: u64, tolerated: f64) -> Option<Verdict> {
    let bound = bounds::rate(all - same, all, bounds::SHOWN);
    match all - same {
        0 => None,
        _ if bound.least > tolerated => Some(Verdict::NotSticky),
        _ => (bound.most > tolerated).then_some(Verdict::Inconclusive),
    }
}

/// Whether pods were replaced before the sockets were opened: each socket that is elsewhere was opened after the last answer of its session's
/// pod, and either many later requests missed that pod, or the new pod had not been seen before. Pods that serve sockets only were seen by
/// sessions that began with a socket, and pods that serve requests only keep answering them.
fn homes_are_gone(run: &Run, place: usize) -> bool {
    let mut seen: BTreeMap<&str, (Duration, Duration)> = BTreeMap::new();
    for shot in run.shots().chain(run.sockets().map(|socket| &socket.opened)) {
        let Some(pod) = shot.pod() else { continue };
        let (first, last) = seen.entry(pod).or_insert((shot.at, shot.at));
        (*first, *last) = (shot.at.min(*first), shot.at.max(*last));
    }
    let mut pairs = run.sessions.iter().filter_map(|session| Some((run.home(session)?, session.sockets.get(place)?)));
    pairs.all(|(home, socket)| {
        let (Some(pod), at) = (socket.met().filter(|pod| *pod != home), socket.opened.at) else { return true };
        let last = seen[home].1;
        last < at && (seen.get(pod).is_none_or(|(first, _)| last < *first) || run.is_silent_since(home, at))
    })
}

pub(super) fn not_opened(socket: &Shot) -> Option<String> {
    match &socket.outcome {
        Outcome::By(_) => None,
        Outcome::Nameless { status: 101 } => Some("open, but no pod identified".to_owned()),
        Outcome::Nameless { status } => Some(format!("status {status}")),
        Outcome::Lost(why) => Some(why.clone()),
    }
}
