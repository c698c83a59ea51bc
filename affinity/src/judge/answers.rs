//! Answers that prove nothing: missing ones, a cache's, a proxy's own, and identities that name no pod.

use super::failed::{MOST_NAMELESS, first_loss, last_loss, statuses};
use super::nobody::{by_status, in_words, nobody, refused};
use super::unlogged::{self, is_unlogged};
use super::values;
use crate::bounds;
use crate::code::Code;
use crate::run::{Run, Stopped};
use crate::scenario::Name::{Attribution, Spread, StickHttp};
use crate::scenario::{self, Mark, Name};
use crate::seen::{Outcome, Shot};
use crate::verdict::{Found, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// No site has more pods than this; more identities are something else.
const MOST_PODS: usize = 256;
/// Failures that hit one pod's sessions with at least these odds may have done so by chance.
const BY_LUCK: f64 = 1e-4;

/// Why the answers cannot be read as pods at all.
pub(super) fn unreadable(run: &Run) -> Option<Reason> {
    let reason = |code, detail: String| Some(Reason::new(code, StickHttp, detail));
    let unstable = |detail: String| reason(Code::IdentityUnstable, detail + &in_words(run));
    let shots: Vec<&Shot> = run.shots().collect();
    let named = shots.iter().filter(|shot| shot.pod().is_some()).count();
    let lost = shots.iter().filter(|shot| shot.is_lost()).count();
    if shots.is_empty() {
        return reason(Code::TooFewProbes, "no request was made".to_owned());
    }
    if let Some(reason) = stopped(run).filter(|_| lost == shots.len()) {
        return Some(reason);
    }
    if lost == shots.len() {
        return reason(Code::Transport, format!("none of {lost} requests got an answer: {}", first_loss(run)));
    }
    if named == 0 && lost * 2 > shots.len() {
        return reason(Code::Transport, format!("{lost} of {} requests got no answer: {}", shots.len(), first_loss(run)));
    }
    if named == 0 {
        return refused(run).or_else(|| unlogged::nobody(run)).or_else(|| Some(nobody(run)));
    }
    let cached = shots.iter().filter(|shot| shot.cached).count();
    // A session that moved and never met a cache has moved all the same.
    let excuses = || !run.moved().into_iter().any(|(session, _)| !run.sessions[session].shots.iter().any(|shot| shot.cached));
    if cached > 0 && excuses() {
        return reason(Code::Cached, format!("{cached} of {} answers came from a cache, according to their own headers", shots.len()));
    }
    let pods: BTreeSet<&str> = shots.iter().filter_map(|shot| shot.pod()).collect();
    if pods.len() > MOST_PODS || (named >= 20 && pods.len() * 2 > named) {
        return unstable(format!("{} identities in {named} answers: they belong to requests, not to pods", pods.len()));
    }
    // Equal names settle it. Otherwise identities may still be pods': the cluster's events may end before the run, which may see every pod
    // replaced once, and the label selector may match only some of the site's pods.
    let told = run.pods_told();
    if !told.is_empty() && told.len() * 2 < pods.len() && told.is_disjoint(&pods) {
        let detail = format!("{} identities in {named} answers, but the cluster has {} pods, with other names", pods.len(), told.len());
        return unstable(detail);
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
    // Sessions share pods: among this many sessions and controls, two meet the same pod, however many pods there are.
    if count >= SHARED && owners.values().all(|owners| owners.len() == 1) {
        let detail = format!("no two of {count} sessions and controls met the same identity: it belongs to the session or the request, not to a pod");
        return unstable(detail);
    }
    None
}

/// This many sessions and controls meet no pod twice only on a site with hundreds of pods.
const SHARED: usize = 20;

/// Why the run stopped before everything was sent.
fn stopped(run: &Run) -> Option<Reason> {
    let detail = match run.stopped? {
        Stopped::NeverAnswered => {
            format!(
                "{}, so the rest was not sent: none of {} requests got an answer: {}",
                Stopped::NeverAnswered,
                run.shots().count(),
                first_loss(run)
            )
        }
        silent @ Stopped::WentSilent { .. } => format!("{silent}, so the rest was not sent: {}", last_loss(run)),
        // What there is to say is about answers, and not about their absence.
        Stopped::Unlogged => return None,
    };
    Some(Reason::new(Code::Transport, StickHttp, detail))
}

/// Says of each scenario that a stopped run did not get to why it was not run.
pub(super) fn not_run(run: &Run, found: &mut [Found]) {
    let Some(stopped) = run.stopped else { return };
    // If the site answered at first, these three have seen something, and what they say of it stands.
    let seen: &[Name] = if matches!(stopped, Stopped::WentSilent { .. }) { &[Spread, StickHttp, Attribution] } else { &[] };
    let open = scenario::ALL.iter().zip(found).filter(|(one, found)| found.mark == Mark::Skip && !seen.contains(&one.name));
    open.for_each(|(_, found)| found.detail = format!("not run: {stopped}"));
}

/// Why the run proves nothing, if too many probes failed, or too many sessions could not go on.
pub(super) fn too_many(run: &Run) -> Option<Reason> {
    if let Some(reason) = stopped(run).or_else(|| values::lacking(run)) {
        return Some(reason);
    }
    // Some sites turn away clients without a cookie, and a login page may name no pod: neither is an error.
    let (away, login) = (run.turns_away(), run.first_path());
    let is_meant = |shot: &&Shot| {
        let is_open = shot.is_lost() || shot.is_unidentified() || shot.pod().is_some();
        !is_open && (away && shot.carried.is_empty() || login == Some(shot.path))
    };
    let shots = || run.shots().filter(|shot| !is_meant(shot));
    let all = shots().count();
    let lost = shots().filter(|shot| shot.is_lost()).count();
    let nameless = shots().filter(|shot| matches!(shot.outcome, Outcome::Nameless { .. })).count();
    let unlogged = shots().filter(|shot| is_unlogged(shot)).count();
    let too_many = |count: usize| count as f64 > all as f64 * MOST_NAMELESS;
    if too_many(lost + nameless)
        && let Some(reason) = one_pod_fails(run)
    {
        return Some(reason);
    }
    if too_many(lost) {
        let detail = format!("{lost} of {all} requests got no answer: {}", first_loss(run));
        return Some(Reason::new(Code::Transport, StickHttp, detail));
    }
    if too_many(nameless) && unlogged * 2 > nameless {
        return Some(unlogged::requests(run, unlogged, all));
    }
    too_many(nameless).then(|| {
        let nameless = nameless - unlogged;
        let detail = format!("{nameless} of {all} answers do not identify their pod: {}", statuses(run));
        by_status(Reason::new(Code::ErrorRate, StickHttp, detail), run)
    })
}

/// Failures that only one pod's sessions have, while requests without a cookie are answered: the proxy keeps sending sessions to a pod that
/// does not answer.
pub(super) fn one_pod_fails(run: &Run) -> Option<Reason> {
    // A line that is missing in a log is not the pod's failure.
    let fails = |shot: &&Shot| shot.pod().is_none() && !is_unlogged(shot);
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
    // Without affinity a dead pod would fail every client alike.
    let spared = (controls as f64) < run.controls.len() as f64 * MOST_NAMELESS;
    (!is_luck && most * 10 >= all * 9 && spared).then(|| {
        let detail = format!("{most} of {all} failures hit sessions on {pod}, while {controls} of {} controls failed", run.controls.len());
        Reason::new(Code::DeadPodKept, StickHttp, detail)
    })
}
