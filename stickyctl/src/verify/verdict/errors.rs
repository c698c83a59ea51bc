//! Answers that say nothing: none at all, a cache's, a proxy's own, an identity that is none.

use super::Reason;
use crate::verify::bounds;
use crate::verify::code::Code;
use crate::verify::run::Run;
use crate::verify::scenario::Name::StickHttp;
use crate::verify::seen::{Outcome, Shot};
use std::collections::{BTreeMap, BTreeSet};

/// More identities than this are no site's pods.
const MOST_PODS: usize = 256;
/// The share of probes without a name beyond which a run says nothing for affinity.
pub(super) const MOST_NAMELESS: f64 = 0.1;
/// The odds beyond which failures that meet all alike may have met one pod's sessions by luck.
const BY_LUCK: f64 = 1e-4;

/// Why the answers can't be read as identities at all.
pub(super) fn unreadable(run: &Run) -> Option<Reason> {
    let reason = |code, detail: String| Some(Reason::new(code, StickHttp, detail));
    let shots: Vec<&Shot> = run.shots().collect();
    let named = shots.iter().filter(|shot| shot.pod().is_some()).count();
    let lost = shots.iter().filter(|shot| shot.is_lost()).count();
    if shots.is_empty() {
        return reason(Code::TooFewProbes, "no request was made".to_owned());
    }
    if lost == shots.len() {
        return reason(Code::Transport, format!("none of {lost} requests was answered: {}", first_loss(run)));
    }
    if named == 0 {
        let detail = format!("{} answers, and none says who made it: {}{}", shots.len() - lost, statuses(run), by_cookie(run));
        return reason(Code::NoIdentity, detail);
    }
    let cached = shots.iter().filter(|shot| shot.cached).count();
    // A move of a session that met no cache is one all the same.
    let excuses = || !run.moved().into_iter().any(|(session, _)| !run.sessions[session].shots.iter().any(|shot| shot.cached));
    if cached > 0 && excuses() {
        return reason(Code::Cached, format!("{cached} of {} answers came from a cache, by their own headers", shots.len()));
    }
    let pods: BTreeSet<&str> = shots.iter().filter_map(|shot| shot.pod()).collect();
    if pods.len() > MOST_PODS || (named >= 20 && pods.len() * 2 > named) {
        return reason(
            Code::IdentityUnstable,
            format!("{} identities in {named} answers: that is something of the request's, not of the pod's", pods.len()),
        );
    }
    // Where the names are others, they may be the pods' all the same; the cluster's word may end before a run does, in which pods are
    // replaced once; and of a site's pods only some may have been chosen.
    let told = run.pods_told();
    if !told.is_empty() && told.len() * 2 < pods.len() && told.is_disjoint(&pods) {
        let detail = format!("{} identities in {named} answers, and the cluster knows of {} pods, by other names", pods.len(), told.len());
        return reason(Code::IdentityUnstable, detail);
    }
    let mut owners: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let sessions = run.sessions.iter().map(|session| session.shots.iter().collect::<Vec<_>>());
    let all = sessions.chain(run.controls.iter().map(|shot| vec![shot])).filter(|shots| shots.iter().any(|shot| shot.pod().is_some()));
    let mut count = 0;
    for (owner, shots) in all.enumerate() {
        count = owner + 1;
        for pod in shots.iter().filter_map(|shot| shot.pod()) {
            owners.entry(pod).or_default().insert(owner);
        }
    }
    // Pods are shared: among so many sessions and controls two meet the same one, however many there are.
    if count >= SHARED && owners.values().all(|owners| owners.len() == 1) {
        let detail =
            format!("no two of {count} sessions and controls met the same identity: that is the session's or the request's own, not the pod's");
        return reason(Code::IdentityUnstable, detail);
    }
    None
}

/// So many sessions and controls meet no pod twice only where a site has hundreds.
const SHARED: usize = 20;

/// Answers that say not who made them, by status: a redirect or a login page is no page of a pod's.
fn statuses(run: &Run) -> String {
    let statuses = run.nameless().iter().map(|(status, count)| format!("{count} with status {status}")).collect::<Vec<_>>().join(", ");
    let aside = run.shots().find_map(|shot| shot.aside.as_deref()).map(|aside| format!(" ({aside})"));
    statuses + &aside.unwrap_or_default()
}

/// What the cookie alone lets one say, which is no verdict.
fn by_cookie(run: &Run) -> String {
    let offered: BTreeSet<&str> =
        run.sessions.iter().flat_map(|session| &session.shots).flat_map(|shot| &shot.offered).map(|cookie| cookie.name.as_str()).collect();
    if offered.is_empty() {
        return "; no cookie was offered either, so nothing that a browser keeps can hold a session".to_owned();
    }
    let names: Vec<&str> = offered.into_iter().collect();
    let again = run.sessions.iter().filter(|session| session.shots.iter().skip(1).any(|shot| !shot.offered.is_empty())).count();
    format!("; {} was offered, and offered anew later to {again} of {} sessions, which tells nothing of pods", names.join(", "), run.sessions.len())
}

/// Why the first request was lost that was.
fn first_loss(run: &Run) -> &str {
    run.shots().find_map(|shot| if let Outcome::Lost(why) = &shot.outcome { Some(why.as_str()) } else { None }).unwrap_or_default()
}

/// Too many probes that say nothing.
pub(super) fn too_many(run: &Run) -> Option<Reason> {
    // Who comes without a cookie is turned away by some sites, and a login is no pod's page: neither is an error.
    let (away, login) = (run.turns_away(), run.first_path());
    let is_meant = |shot: &&Shot| !shot.is_lost() && shot.pod().is_none() && (away && shot.carried.is_empty() || login == Some(shot.path));
    let shots = || run.shots().filter(|shot| !is_meant(shot));
    let all = shots().count();
    let lost = shots().filter(|shot| shot.is_lost()).count();
    let nameless = shots().filter(|shot| matches!(shot.outcome, Outcome::Nameless { .. })).count();
    let too_many = |count: usize| count as f64 > all as f64 * MOST_NAMELESS;
    if too_many(lost + nameless)
        && let Some(reason) = one_pod_fails(run)
    {
        return Some(reason);
    }
    if too_many(lost) {
        let detail = format!("{lost} of {all} requests were not answered: {}", first_loss(run));
        return Some(Reason::new(Code::Transport, StickHttp, detail));
    }
    too_many(nameless)
        .then(|| Reason::new(Code::ErrorRate, StickHttp, format!("{nameless} of {all} answers say not who made them: {}", statuses(run))))
}

/// Failures that only the sessions of one pod have, while requests without a cookie get their answers: whoever chooses holds on to a pod
/// that does not answer.
pub(super) fn one_pod_fails(run: &Run) -> Option<Reason> {
    let fails = |shot: &&Shot| shot.pod().is_none();
    let mut pods: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for session in &run.sessions {
        let Some((first, pod)) = session.bound() else { continue };
        let (failed, asked) = pods.entry(pod).or_default();
        *failed += session.shots[first..].iter().filter(fails).count();
        *asked += session.shots[first..].len();
    }
    let (all, asked) = pods.values().fold((0, 0), |(failed, asked), pod| (failed + pod.0, asked + pod.1));
    let (pod, (most, its)) = pods.into_iter().max_by_key(|(_, (failed, _))| *failed)?;
    let is_luck = bounds::lower(most as u64, all as u64, BY_LUCK) <= its as f64 / asked as f64;
    let controls = run.controls.iter().filter(fails).count();
    // Without affinity a dead pod would fail everybody alike.
    let spared = (controls as f64) < run.controls.len() as f64 * MOST_NAMELESS;
    (!is_luck && most * 10 >= all * 9 && spared).then(|| {
        let detail = format!("{most} of {all} failures met sessions of {pod}, and {controls} of {} controls failed", run.controls.len());
        Reason::new(Code::DeadPodKept, StickHttp, detail)
    })
}
