//! Why sessions move, where they do.

use super::Reason;
use crate::verify::bounds;
use crate::verify::code::Code;
use crate::verify::jar::Fate;
use crate::verify::moves::Cause;
use crate::verify::run::{Run, Session};
use crate::verify::scenario::Name::StickHttp;
use crate::verify::seen::{Offered, Shot, What};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) fn why_moved(run: &Run, moves: u64, later: u64) -> Reason {
    let moved = format!("{moves} of {later} later requests on another pod");
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
        return reason(*code, format!("{moved}; {detail}"));
    }
    if let Some(ways) = one_pod_by_each(run, |shot| shot.way) {
        return reason(Code::ProxyDisagreement, format!("{moved}, and by each of {ways} addresses every session on one pod"));
    }
    if let Some(changes) = pods_came(run) {
        return reason(Code::MovedCollateral, format!("{moved}, away from pods that were ready all the time, after {changes}"));
    }
    if offered.is_empty() {
        let on_sockets = run.sockets().any(|socket| !socket.opened.offered.is_empty());
        let offered = if on_sockets { "a cookie came with the 101 of sockets only" } else { "no cookie was ever offered" };
        return reason(Code::NoAffinityCookie, format!("{moved}, and {offered}"));
    }
    if run.sessions.iter().all(settles) {
        return reason(Code::BoundLate, format!("{moved}, and always on that of the second answer: the first one binds nothing"));
    }
    if let Some(paths) = one_pod_by_each(run, |shot| shot.path) {
        return reason(Code::PathsDisagree, format!("{moved}, and on each of {paths} paths every session on one pod"));
    }
    // As often as without affinity: the cookie decides nothing. Less often: it does, and leaks.
    let spread = if run.turns_away() { run.without_cookie() } else { run.spread() };
    let all: u64 = spread.values().sum();
    let stay: f64 = spread.values().map(|seen| (*seen as f64 / all.max(1) as f64).powi(2)).sum();
    // A session that moved once and stayed there is away in many requests, and changed once.
    let changes: u64 = run.sessions.iter().map(Session::changes).sum();
    let (bound, by_chance) = (bounds::rate(moves.min(changes), later, bounds::SHOWN), 1.0 - stay);
    if bound.most < by_chance * 0.7 {
        return reason(Code::Leaks, format!("{moved}; by chance it would be {:.0} %", by_chance * 100.0));
    }
    // The application's own cookie may come back and that of the proxy not: which of them is meant to hold sessions is not for a client to see.
    // One that is over when it comes is how an older one is taken away.
    if let Some((code, detail)) = useless.filter(|(code, _)| *code != Code::BornExpired) {
        return reason(code, format!("{moved}; {detail}, and no other cookie holds a session either"));
    }
    let sent = run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).filter(|shot| !shot.carried.is_empty()).count();
    reason(Code::CookieNotHonoured, format!("{moved}, with the cookie in {sent} of them"))
}

/// A cookie that no session can send back, by its name, and why.
fn useless(offered: &[&Offered]) -> Option<(Code, String)> {
    let mut names: BTreeMap<&str, BTreeSet<Fate>> = BTreeMap::new();
    for cookie in offered {
        names.entry(&cookie.name).or_default().insert(cookie.fate);
    }
    let fates = [
        (Fate::Refused, Code::CookieRefused, "is refused"),
        (Fate::SecureOverHttp, Code::SecureOverHttp, "is Secure and stays away from plain http"),
        (Fate::OtherPath, Code::CookiePathMismatch, "has another path"),
        (Fate::ForeignDomain, Code::CookieDomainMismatch, "is for another domain"),
        (Fate::BornExpired, Code::BornExpired, "is over when it comes"),
    ];
    fates.into_iter().find_map(|(fate, code, why)| {
        let (name, _) = names.iter().find(|(_, fates)| fates.len() == 1 && fates.contains(&fate))?;
        Some((code, format!("{name} {why}")))
    })
}

/// Where each session that moved left a pod that answered nobody any more: a pod that is gone takes its sessions' affinity along, and what
/// becomes of them says nothing about the site's.
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
        // Probes are under way beside each other: what began before the move had ended may have met the pod's last moment.
        if last[pod] > shot.at + shot.took {
            return None;
        }
        left.insert(pod);
    }
    Some(format!("{moved}, each away from one of {} that answered nobody any more", left.len()))
}

/// How many pods answer a path that only first requests ask, where none of them answers any other.
fn others_answer_first(run: &Run) -> Option<usize> {
    let path = run.first_path()?;
    let (mut firsts, mut others) = (BTreeSet::new(), BTreeSet::new());
    for shot in run.sessions.iter().flat_map(|session| &session.shots) {
        if shot.path == path { &mut firsts } else { &mut others }.extend(shot.pod());
    }
    (!firsts.is_empty() && firsts.is_disjoint(&others)).then_some(firsts.len())
}

/// How many addresses or paths there are, where each session is on one pod by each of them and not on the same by all. A single request by
/// each tells nothing.
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

/// What the cluster told of its pods, where nobody moved before and every pod that was left was ready.
fn pods_came(run: &Run) -> Option<String> {
    let changes: Vec<Duration> =
        run.events.iter().filter(|event| event.at > Duration::ZERO && matches!(event.what, What::Pod { .. })).map(|event| event.at).collect();
    let first = changes.first()?;
    let (known, after) = (run.moved_by(Cause::Unknown) == 0, run.moved().into_iter().all(|(_, shot)| shot.at + shot.took >= *first));
    (known && after).then(|| format!("{} changes of pods, the first at {:.1} s", changes.len(), first.as_secs_f64()))
}

/// Whether a session stays from its second answer on, which takes a third to see.
fn settles(session: &Session) -> bool {
    let mut pods = session.shots.iter().filter_map(Shot::pod).skip(1);
    let (second, third) = (pods.next(), pods.next());
    third.is_some() && third == second && pods.all(|pod| Some(pod) == second)
}
