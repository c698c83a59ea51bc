//! What requests say about pods.

use super::errors;
use super::moved::why_moved;
use super::{Reason, Verdict};
use crate::verify::bounds::{self, CHANCE};
use crate::verify::code::Code;
use crate::verify::moves::{Cause, Step};
use crate::verify::run::{FEW_REPLAYED, Run, Session};
use crate::verify::scenario::Name::{Attribution, Spread, StickHttp};
use crate::verify::seen::{PodState, Shot, What};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(run: &Run, tolerated: f64, chance: f64) -> (Verdict, Vec<Reason>) {
    let (moves, later) = run.moves();
    let spread = run.without_cookie();
    let controls: u64 = spread.values().sum();
    let bound = bounds::rate(moves, later, bounds::SHOWN);
    if moves > 0 && bound.least > tolerated {
        let why = caches_move(run).unwrap_or_else(|| why_moved(run, moves, later));
        // A Secure cookie over plain http is this run's fault, pods that went are nobody's, and a cache's answers are of no pod's choice.
        let verdict =
            if matches!(why.code, Code::SecureOverHttp | Code::PodsReplaced | Code::Cached) { Verdict::Inconclusive } else { Verdict::NotSticky };
        return (verdict, std::iter::once(why).chain(errors::too_many(run)).collect());
    }
    if let Some(reason) = errors::too_many(run) {
        return unclear(reason);
    }
    if later == 0 || controls == 0 {
        return unclear(Reason::new(Code::TooFewProbes, StickHttp, format!("{later} later requests, and {controls} without a cookie")));
    }
    if spread.len() == 1 {
        return unclear(one_pod(run, &spread));
    }
    if chance > CHANCE {
        return unclear(together(run).unwrap_or_else(|| by_chance(&spread, later - moves, chance)));
    }
    if bound.most > tolerated && (moves > 0 || tolerated > 0.0) {
        let detail = format!("{moves} of {later} moved, and {:.3} % is what is to be told", tolerated * 100.0);
        return unclear(Reason::new(Code::RateUndecided, StickHttp, detail));
    }
    if moves == 0
        && let Some(reason) = not_by_cookie(run)
    {
        return unclear(reason);
    }
    let forced = run.moved_by(Cause::Forced);
    let told = (forced > 0).then(|| {
        let detail = format!("{forced} moves away from pods that were gone or not ready; none of them is counted");
        Reason::new(Code::MovedForced, StickHttp, detail)
    });
    (Verdict::Sticky, told.into_iter().collect())
}

fn unclear(reason: Reason) -> (Verdict, Vec<Reason>) {
    (Verdict::Inconclusive, vec![reason])
}

/// Where all sessions began on one pod, with cookies, and who has none met others.
fn together(run: &Run) -> Option<Reason> {
    let pods = run.began_with_cookies();
    let (pod, sessions) = pods.first_key_value().filter(|_| pods.len() == 1)?;
    let detail = format!("{sessions} of {} sessions came with cookies, and all of them began on {pod}", run.sessions.len());
    (*sessions > 1).then(|| Reason::new(Code::SessionsTogether, StickHttp, detail))
}

/// Why all controls met one pod.
fn one_pod(run: &Run, spread: &BTreeMap<&str, u64>) -> Reason {
    let controls: u64 = run.spread().values().sum();
    let pod = spread.keys().next().copied().unwrap_or_default();
    let past_caches: BTreeSet<&str> = run.uncached.iter().filter_map(|(_, shot)| shot.pod()).collect();
    if past_caches.len() > 1 {
        let detail =
            format!("{controls} of {controls} controls by {pod}, and {} pods answered as soon as the query was a new one", past_caches.len());
        return Reason::new(Code::Cached, Spread, detail);
    }
    let mut pods: BTreeMap<&str, PodState> = BTreeMap::new();
    for event in &run.events {
        if let What::Pod { pod, state } = &event.what {
            pods.insert(pod, *state);
        }
    }
    if pods.values().filter(|state| **state == PodState::Ready).count() == 1 {
        return Reason::new(Code::SingleReadyPod, Spread, format!("{pod} is the only pod that is ready"));
    }
    let all = match controls {
        0 => format!("controls were turned away, and all of {} sessions are", run.sessions.len()),
        _ => format!("{controls} of {controls} controls without a cookie"),
    };
    Reason::new(Code::SingleBackendPath, Spread, format!("{all} on one pod: {pod}"))
}

/// Where sessions that moved are all at home as soon as the query is a new one, a cache answered in place of the pods.
fn caches_move(run: &Run) -> Option<Reason> {
    let asked: Vec<(&Session, &Shot)> = run.uncached.iter().filter_map(|(session, shot)| Some((&run.sessions[(*session)?], shot))).collect();
    let at_home = asked.iter().filter(|(session, shot)| shot.pod().is_some() && shot.pod() == run.home(session)).count();
    let steps = || asked.iter().flat_map(|(session, _)| run.steps(session));
    let stayed = steps().filter(|(_, step)| *step == Step::Stayed).count() as f64 / steps().count().max(1) as f64;
    // A site that leaks now and then has them at home too, most of the time.
    let by_luck = stayed.powf(asked.len() as f64);
    // A cache has one answer for all at a time: where those that moved met several pods at once, it was none.
    let mut away: BTreeMap<(u32, usize), BTreeSet<&str>> = BTreeMap::new();
    for (_, shot) in run.moved() {
        away.entry((shot.round, shot.path)).or_default().extend(shot.pod());
    }
    let in_step = away.values().filter(|pods| pods.len() == 1).count() * 2 > away.len();
    (in_step && !asked.is_empty() && at_home == asked.len() && by_luck < 0.01).then(|| {
        let detail = format!("{at_home} of {at_home} sessions that had moved were on their pod as soon as the query was a new one");
        Reason::new(Code::Cached, StickHttp, detail)
    })
}

/// Fewer requests without a cookie than this may all be one pod's by luck.
const FEW: u64 = 20;

fn by_chance(spread: &BTreeMap<&str, u64>, stayed: u64, chance: f64) -> Reason {
    let all: u64 = spread.values().sum();
    let top = spread.values().max().copied().unwrap_or_default();
    let odds = if chance >= 0.5 { "about one".to_owned() } else { format!("1 in {:.0}", 1.0 / chance) };
    let detail =
        format!("{top} of {all} requests without a cookie on one pod: chance alone could keep {stayed} requests in place with odds of {odds}");
    // As even as these are, or as few, more of them would do; else none would.
    let code = if all >= FEW && top * 2 > all * 3 / 2 { Code::UnbalancedControl } else { Code::TooFewProbes };
    Reason::new(code, Spread, detail)
}

/// Where the first session stays without its cookies too, although controls spread, something else holds it. Where luck explains that as
/// well, since its pod gets most, nothing follows.
fn not_by_cookie(run: &Run) -> Option<Reason> {
    let (pod, stayed, all) = run.replayed_at_home()?;
    let spread = run.without_cookie();
    let share = bounds::upper(spread.get(pod).copied().unwrap_or_default(), spread.values().sum(), 0.01);
    let by_luck = share.powf(all as f64);
    let detail = || format!("without its cookies a session stayed on {pod} in {stayed} of {stayed} requests");
    (all >= FEW_REPLAYED && stayed == all && by_luck < 0.01).then(|| Reason::new(Code::NotByCookie, Attribution, detail()))
}
