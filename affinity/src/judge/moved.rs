//! Why sessions move, if they do.

mod chance;
mod late;
mod nodes;
mod not_in_cookie;
mod overwritten;
mod refused;

use super::{unsent, values};
use crate::bounds;
use crate::code::Code;
use crate::jar::Fate;
use crate::moves::{Cause, Step};
use crate::run::{Run, Session};
use crate::scenario::Name::StickHttp;
use crate::seen::{Offered, Shot, What};
use crate::verdict::Reason;
use chance::{MOSTLY, moved_by_chance};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The cause of a late binding of sessions that are held by a value.
const HASHED_VALUE: &str =
    "The proxy hashes a value that the first answer hands out, such as a session id, and the pod that chose it could not know where the hash leads";

/// The most telling cause for moves, from those that leave the clearest trace to the one that is left.
pub(super) fn why_moved(run: &Run, moves: u64, later: u64) -> Reason {
    let moved = format!("{moves} of {later} later requests reached another pod");
    let reason = |code, detail| Reason::new(code, StickHttp, detail);
    if let Some(pods) = others_answer_first(run) {
        return reason(Code::PathsDisagree, format!("{moved}: sessions begin on a path of their own, which {pods} other pods answer"));
    }
    if let Some(detail) = pods_gone(run, &moved) {
        return reason(Code::PodsReplaced, detail);
    }
    let offered: Vec<&Offered> = run.sessions.iter().flat_map(|session| &session.shots).flat_map(|shot| &shot.offered).collect();
    let comes_back = offered.iter().any(|cookie| cookie.fate == Fate::Kept);
    let useless = useless(&offered);
    if let Some((code, detail)) = useless.as_ref().filter(|_| !comes_back) {
        return refused::explained(reason(*code, format!("{moved}; {detail}")), &offered);
    }
    if let Some(ways) = one_pod_by_each(run, |shot| shot.way) {
        return reason(Code::ProxyDisagreement, format!("{moved}, but through each of {ways} addresses every session stays on one pod"));
    }
    if let Some(changes) = pods_came(run) {
        return reason(Code::MovedCollateral, format!("{moved}, away from pods that were ready the whole time, after {changes}"));
    }
    if let Some(reason) = not_in_time(run, &moved) {
        return reason;
    }
    if offered.is_empty() && run.values.is_empty() {
        if let Some(reason) = not_in_cookie::handed_out(run, &moved) {
            return reason;
        }
        let on_sockets = run.sockets().any(|socket| !socket.opened.offered.is_empty());
        let offered = if on_sockets { "only the 101 responses of sockets set a cookie" } else { "no answer set a cookie" };
        return reason(Code::NoAffinityCookie, format!("{moved}, and {offered}"));
    }
    if let Some(paths) = one_pod_by_each(run, |shot| shot.path) {
        return reason(Code::PathsDisagree, format!("{moved}, but on each of {paths} paths every session stays on one pod"));
    }
    if let Some(detail) = overwritten::overwritten(run) {
        return reason(Code::CookieOverwritten, format!("{moved}; {detail}"));
    }
    if let Some(detail) = nodes::groups(run) {
        return reason(Code::CookiePicksNode, format!("{moved}, but {detail}"));
    }
    // As often as without affinity: the cookie decides nothing. Less often: it does, but leaks. A session that moved once and stayed there is
    // away in many requests, but changed once.
    let changes: u64 = run.sessions.iter().map(Session::changes).sum();
    let (bound, by_chance) = (bounds::rate(moves.min(changes), later, bounds::SHOWN), moved_by_chance(run));
    if bound.most < by_chance * MOSTLY {
        return retried(run, reason(Code::Leaks, format!("{moved}; chance alone would move {:.0}%", by_chance * 100.0)));
    }
    if !run.values.is_empty() {
        return values::not_honoured(run, &moved);
    }
    // The application's cookie may come back while the proxy's does not, and a client cannot tell which one is meant to hold sessions.
    // A cookie that has expired on arrival only deletes an older one.
    if let Some((code, detail)) = useless.filter(|(code, _)| *code != Code::BornExpired) {
        return refused::explained(reason(code, format!("{moved}; {detail}, and no other cookie holds a session either")), &offered);
    }
    let sent = run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).filter(|shot| !shot.carried.is_empty()).count();
    let reason = reason(Code::CookieNotHonoured, format!("{moved}, and {sent} later requests sent a cookie"));
    match () {
        () if offered.iter().any(|cookie| cookie.is_joined()) => reason.because(JOINED),
        () if offered.iter().any(|cookie| cookie.is_overwriting()) => reason.because(SAME_NAME),
        () => reason,
    }
}

/// Adds the cause of leaks that a log gives evidence for: requests that moved after the proxy had tried another pod.
fn retried(run: &Run, mut reason: Reason) -> Reason {
    let moved = run.sessions.iter().flat_map(|session| run.steps(session).into_iter().map(|(place, step)| (step, &session.shots[place])));
    let moved = moved.filter(|(step, _)| matches!(step, Step::Moved(cause) if *cause != Cause::Forced));
    let retried = moved.filter(|(_, shot)| !shot.tried().is_empty()).count();
    if retried == 0 {
        return reason;
    }
    reason.detail.push_str(&format!("; {retried} of them only after the front door had tried another pod"));
    reason.because(RETRIES)
}

/// The cause in the table of `leaks` for a proxy that tries several pods.
const RETRIES: &str = "The proxy retries on another pod after an error";

/// Whether sessions stay as soon as their cookie is there, or is known to the proxy.
fn not_in_time(run: &Run, moved: &str) -> Option<Reason> {
    let late = late::settles(run, moved).map(|late| if run.values.is_empty() { late } else { late.because(HASHED_VALUE) });
    match (unsent::why(run, moved), late) {
        // It says with which answer the cookie comes.
        (Some(unsent), Some(late)) if unsent.code == Code::BoundLate && late.evident.contains(&late::LATER) => Some(late),
        (unsent, late) => unsent.or(late),
    }
}

/// The cause in the table of `cookie-not-honoured` for a cookie whose value changes.
const SAME_NAME: &str = "Another app or rule on the same host sets a cookie of the same name, and each overwrites the other's";
/// The cause in the table of `cookie-not-honoured` for a cookie that browsers do not see.
const JOINED: &str = "A proxy in between joins the Set-Cookie lines of an answer, and browsers keep only the first cookie";

/// A cookie that no session can send back: its name, and why.
fn useless(offered: &[&Offered]) -> Option<(Code, String)> {
    let mut names: BTreeMap<&str, BTreeSet<Fate>> = BTreeMap::new();
    for cookie in offered {
        names.entry(&cookie.name).or_default().insert(cookie.fate);
    }
    let fates = [
        (Fate::Refused, Code::CookieRefused, "is rejected by browsers"),
        (Fate::SecureOverHttp, Code::SecureOverHttp, "is Secure and is not sent over plain http"),
        (Fate::OtherPath, Code::CookiePathMismatch, "is for another path"),
        (Fate::ForeignDomain, Code::CookieDomainMismatch, "is for another domain"),
        (Fate::BornExpired, Code::BornExpired, "has expired on arrival"),
    ];
    fates.into_iter().find_map(|(fate, code, why)| {
        let (name, _) = names.iter().find(|(_, fates)| fates.len() == 1 && fates.contains(&fate))?;
        Some((code, format!("{name} {why}")))
    })
}

/// Whether every session that moved left a pod that no longer answered anyone: sessions cannot stay on a pod that is gone, so their moves
/// say nothing about affinity.
fn pods_gone(run: &Run, moved: &str) -> Option<String> {
    let mut last: BTreeMap<&str, Duration> = BTreeMap::new();
    for shot in run.shots() {
        if let Some(pod) = shot.pod() {
            let seen = last.entry(pod).or_default();
            *seen = shot.at.max(*seen);
        }
    }
    let mut left = BTreeSet::new();
    for (session, shot) in run.moved() {
        let Some((_, pod)) = run.sessions[session].bound() else { continue };
        // Probes overlap: one that began before the move ended may have met the pod in its last moment.
        if last[pod] > shot.at + shot.took {
            return None;
        }
        left.insert(pod);
    }
    Some(format!("{moved}, each leaving one of {} pods that no longer answered anyone", left.len()))
}

/// How many pods answer the path that only first requests ask, if none of them answers any other path.
fn others_answer_first(run: &Run) -> Option<usize> {
    let path = run.first_path()?;
    let (mut firsts, mut others) = (BTreeSet::new(), BTreeSet::new());
    for shot in run.sessions.iter().flat_map(|session| &session.shots) {
        if shot.path == path { &mut firsts } else { &mut others }.extend(shot.pod());
    }
    (!firsts.is_empty() && firsts.is_disjoint(&others)).then_some(firsts.len())
}

/// How many addresses or paths there are, if each keeps every session on one pod but not all of them on the same one. A single request by
/// each proves nothing.
fn one_pod_by_each(run: &Run, which: impl Fn(&Shot) -> usize) -> Option<usize> {
    let (mut all, mut again) = (BTreeSet::new(), false);
    for session in &run.sessions {
        let mut pods: BTreeMap<usize, &str> = BTreeMap::new();
        for shot in &session.shots {
            let Some(pod) = shot.pod() else { continue };
            again |= pods.contains_key(&which(shot));
            if *pods.entry(which(shot)).or_insert(pod) != pod {
                return None;
            }
        }
        all.extend(pods.into_keys());
    }
    (again && all.len() > 1).then_some(all.len())
}

/// What the cluster reported about its pods, if no session moved before that and every pod that a session left was ready.
fn pods_came(run: &Run) -> Option<String> {
    let changes: Vec<Duration> =
        run.events.iter().filter(|event| event.at > Duration::ZERO && matches!(event.what, What::Pod { .. })).map(|event| event.at).collect();
    let first = changes.first()?;
    let (known, after) = (run.moved_by(Cause::Unknown) == 0, run.moved().into_iter().all(|(_, shot)| shot.at + shot.took >= *first));
    (known && after).then(|| format!("{} pod changes, the first at {:.1} s", changes.len(), first.as_secs_f64()))
}
