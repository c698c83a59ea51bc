//! Whether a session settles on one pod if it begins oddly: with parallel requests, or with a forged cookie value.

use crate::bounds;
use crate::code::Code;
use crate::jar::Fate;
use crate::run::Run;
use crate::scenario::Mark;
use crate::scenario::Name::{DeadCookie, ParallelFirst};
use crate::seen::Shot;
use crate::verdict::{Found, Reason, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const NEEDS_HTTP: &str = "needs stick-http";
const NOBODY: &str = "no answer identified its pod";

/// What parallel first requests led to.
pub(super) struct Parallel {
    pub(super) found: Found,
    /// Decides against affinity: users' pages begin like that.
    pub(super) reason: Option<Reason>,
}

/// A session that keeps moving with the site's own cookies, because it got several of them at once, is not sticky. It does not count if one
/// of its pods went away meanwhile, or within the tolerated rate of moves.
pub(super) fn parallel(run: &Run, requests: Verdict, tolerated: f64) -> Parallel {
    let (first, after) = (&run.at_once.0, &run.at_once.1);
    let found = if requests != Verdict::Sticky {
        Found::skip(NEEDS_HTTP)
    } else if first.is_empty() {
        Found::skip("not run: it needs --rate 8 or more, and a run that is not interrupted")
    } else {
        match pods(after).len() {
            0 => Found::skip(NOBODY),
            1 => Found::pass(format!("{} parallel requests reached {} pods, and then one held", first.len(), pods(first).len())),
            several => {
                let detail = format!("after {} parallel requests the session was on {several} pods", first.len());
                if wanders(after, tolerated) { Found::fail(detail) } else { Found::pass(detail) }
            }
        }
    };
    let gone = after
        .first()
        .zip(after.last())
        .is_some_and(|(first, last)| after.iter().filter_map(Shot::pod).any(|pod| run.was_ready(pod, first.at, last.at + last.took) == Some(false)));
    let reason = found.failed(Code::ParallelUnsettled, ParallelFirst).filter(|_| !gone);
    Parallel { found, reason }
}

/// What became of a forged value, of the session that sent it in single requests, and of the one that sent it in parallel ones.
pub(super) fn dead_cookie(run: &Run, requests: Verdict, tolerated: f64) -> Found {
    let single = dead_single(run, requests, tolerated);
    // Without an answer to parallel requests, or with a cookie that was never sent, there is nothing to add.
    let (first, after) = (&run.dead_at_once.0, &run.dead_at_once.1);
    let (reached, settled) = (pods(first).len(), pods(after).len());
    if single.mark == Mark::Skip || reached == 0 || settled == 0 {
        return single;
    }
    let requests = first.len();
    let reached = format!("reached {reached} {}", if reached == 1 { "pod" } else { "pods" });
    if settled > 1 && wanders(after, tolerated) {
        let detail = format!("{requests} parallel requests with an unknown value {reached}; after them the session was on {settled} pods");
        return Found::fail(if single.mark == Mark::Fail { format!("{}; {detail}", single.detail) } else { detail });
    }
    let then = if settled == 1 { "and then one held" } else { "and then the session moved no more than tolerated" };
    Found { detail: format!("{}; {requests} parallel requests with an unknown value {reached}, {then}", single.detail), ..single }
}

fn dead_single(run: &Run, requests: Verdict, tolerated: f64) -> Found {
    let Some((first, after)) = run.dead_cookie.split_first().filter(|_| requests == Verdict::Sticky) else {
        return Found::skip(NEEDS_HTTP);
    };
    if run.forged.is_empty() {
        let also = if run.values.is_empty() { String::new() } else { format!("; the session is in {}", run.values.join(" and ")) };
        return Found::skip(format!("no answer set a cookie{also}"));
    }
    if !first.carried.iter().any(|name| run.forged.contains(name)) {
        return Found::skip("none of the site's cookies covers the path of its first requests");
    }
    // An application that sets a cookie on every answer does not thereby replace another one, and neither does an expiry.
    let offers = |shot: &Shot, name: &str| shot.offered.iter().any(|cookie| cookie.name == name && cookie.fate != Fate::BornExpired);
    let always = |name: &str| run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).all(|shot| offers(shot, name));
    let became = match () {
        () if run.forged.iter().all(|name| always(name)) => "replaced, as every answer sets the cookie",
        () if run.forged.iter().any(|name| !always(name) && offers(first, name)) => "replaced at once",
        () => "used as a key and not replaced",
    };
    match pods(after).len() {
        0 => Found::skip(NOBODY),
        1 => Found::pass(became),
        several => {
            let detail = format!("{became}; after that the session was on {several} pods");
            if wanders(after, tolerated) { Found::fail(detail) } else { Found::pass(detail) }
        }
    }
}

/// Whether sessions whose pod was gone kept moving among pods that went on answering: their cookie named no pod any more, and no answer replaced
/// it. Requires that each session that moved left a pod that was gone.
pub(super) fn after_their_pod(run: &Run) -> Option<Reason> {
    let mut last: BTreeMap<&str, Duration> = BTreeMap::new();
    for (pod, at) in run.shots().filter_map(|shot| Some((shot.pod()?, shot.at))) {
        let seen = last.entry(pod).or_default();
        *seen = at.max(*seen);
    }
    let moved = run.moved();
    // A pod that joins a hash ring may take such a session over once.
    let changes = moved.iter().map(|(session, first)| {
        let after: Vec<&Shot> = run.sessions[*session].shots.iter().filter(|shot| shot.at >= first.at && shot.pod().is_some()).collect();
        let left = after.windows(2).filter(|pair| pair[0].pod() != pair[1].pod());
        left.filter(|pair| pair[0].pod().is_some_and(|pod| last[pod] > pair[1].at + pair[1].took)).count()
    });
    let all: usize = changes.sum();
    let sessions = moved.len();
    (all > sessions).then(|| {
        let detail = format!("{sessions} sessions whose pod was gone changed {all} times among pods that went on answering");
        Reason::new(Code::DeadCookieUnsettled, DeadCookie, detail)
    })
}

/// Whether a session on several pods moves more than is tolerated.
fn wanders(shots: &[Shot], tolerated: f64) -> bool {
    let all: Vec<&str> = shots.iter().filter_map(Shot::pod).collect();
    let most = all.iter().map(|pod| all.iter().filter(|other| *other == pod).count()).max().unwrap_or_default();
    bounds::rate((all.len() - most) as u64, all.len().saturating_sub(1) as u64, bounds::SHOWN).least > tolerated
}

fn pods(shots: &[Shot]) -> BTreeSet<&str> {
    shots.iter().filter_map(Shot::pod).collect()
}
