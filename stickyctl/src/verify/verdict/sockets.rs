//! What sockets say against affinity.

use super::errors::MOST_NAMELESS;
use super::{Reason, Verdict};
use crate::verify::bounds;
use crate::verify::code::Code;
use crate::verify::run::Run;
use crate::verify::scenario::Name::{Reconnect, StickWs, WsFirst};
use crate::verify::seen::{Outcome, Shot};
use std::collections::BTreeMap;
use std::time::Duration;

/// `tolerated` is the rate of moves that is put up with.
pub(super) fn judge(run: &Run, tolerated: f64) -> Option<(Verdict, Reason)> {
    for (place, scenario, which) in [(0, StickWs, "sockets"), (1, Reconnect, "sockets after the first was closed")] {
        let (same, all) = run.sockets_in_place(place);
        if let Some(verdict) = verdict(same, all, tolerated) {
            let detail = format!("{} of {all} {which} on another pod than their session", all - same);
            if homes_are_gone(run, place) {
                let detail = format!("{detail}, whose own pod answered nobody any more");
                return Some((Verdict::Inconclusive, Reason::new(Code::PodsReplaced, scenario, detail)));
            }
            return Some((verdict, Reason::new(Code::SocketElsewhere, scenario, detail)));
        }
    }
    let tried = run.sockets().count();
    let opened = run.sockets().filter(|socket| socket.opened.pod().is_some()).count();
    let silent = run.sockets().filter(|socket| matches!(socket.opened.outcome, Outcome::Nameless { status: 101 })).count();
    if (tried - opened) as f64 > tried as f64 * MOST_NAMELESS {
        if silent * 2 > tried - opened {
            let detail = format!("{silent} of {tried} sockets were open, and nothing said on them names a pod");
            return Some((Verdict::Inconclusive, Reason::new(Code::NoIdentity, StickWs, detail)));
        }
        let mut why: Vec<String> = run.sockets().filter_map(|socket| not_opened(&socket.opened)).collect();
        why.sort();
        why.dedup();
        why.truncate(3);
        let detail = format!("{opened} of {tried} sockets told their pod: {}", why.join("; "));
        return Some((Verdict::Inconclusive, Reason::new(Code::UpgradeFailed, StickWs, detail)));
    }
    let (same, all) = run.came_back();
    if let Some(verdict) = verdict(same, all, tolerated) {
        let detail = format!("{} of {all} sockets that ended came back on another pod", all - same);
        return Some((verdict, Reason::new(Code::SocketElsewhere, Reconnect, detail)));
    }
    let (same, all) = run.stayed_after_socket();
    let without = run.socket_first.iter().all(|first| first.socket.opened.offered.is_empty());
    verdict(same, all, tolerated).map(|verdict| {
        let code = if without { Code::NoCookieOnUpgrade } else { Code::SocketElsewhere };
        let detail = format!("{} of {all} sessions that began with a socket were elsewhere in the next request", all - same);
        (verdict, Reason::new(code, WsFirst, detail))
    })
}

/// What it means that some sockets are elsewhere; none where so many are put up with.
#[must_use]
pub fn verdict(same: u64, all: u64, tolerated: f64) -> Option<Verdict> {
    let bound = bounds::rate(all - same, all, bounds::SHOWN);
    match all - same {
        0 => None,
        _ if bound.least > tolerated => Some(Verdict::NotSticky),
        _ => (bound.most > tolerated).then_some(Verdict::Inconclusive),
    }
}

/// Whether each socket that is elsewhere was opened after the last answer of its session's pod, which was missed by many requests after it, or
/// by a pod that nobody had met before that: pods were replaced in between. Pods for sockets alone have been met by those that began with a
/// socket, and those for requests alone go on answering them.
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

fn not_opened(socket: &Shot) -> Option<String> {
    match &socket.outcome {
        Outcome::By(_) => None,
        Outcome::Nameless { status: 101 } => Some("open, and silent about its pod".to_owned()),
        Outcome::Nameless { status } => Some(format!("status {status}")),
        Outcome::Lost(why) => Some(why.clone()),
    }
}
