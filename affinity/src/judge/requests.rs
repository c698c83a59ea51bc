//! What requests show about pods: the scenarios spread, stick-http and attribution, and the verdict that they make together.

use super::moved::why_moved;
use super::{answers, first, values};
use crate::bounds::{self, CHANCE};
use crate::code::Code;
use crate::moves::{Cause, Step};
use crate::run::{FEW_REPLAYED, Run, Session};
use crate::scenario::Name::{Attribution, Spread, StickHttp};
use crate::seen::{PodState, Shot, What};
use crate::verdict::{Found, Reason, Verdict};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const ONE_POD: &str = "needs spread: only one pod was seen";
const NEEDS_HTTP: &str = "needs stick-http";

/// The verdict on requests and its three scenarios.
pub(super) struct Requests {
    pub(super) verdict: Verdict,
    /// The decisive one first; empty where sessions simply stay.
    pub(super) reasons: Vec<Reason>,
    pub(super) spread: Found,
    pub(super) stick_http: Found,
    pub(super) attribution: Found,
}

impl Requests {
    fn tells(&self, code: Code) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }
}

pub(super) fn judge(run: &Run, tolerated: f64, chance: f64) -> Requests {
    let (verdict, reasons) = answers::unreadable(run).map_or_else(|| verdict(run, tolerated, chance), unclear);
    let open = || Found::skip(NEEDS_HTTP);
    let mut requests = Requests { verdict, reasons, spread: open(), stick_http: open(), attribution: open() };
    // Whether answers are no pod's: a cache's, or with identities that name no pod.
    let is_unreadable = requests.reasons.first().is_some_and(|reason| matches!(reason.code, Code::Cached | Code::IdentityUnstable));
    requests.spread = if is_unreadable { Found::skip("the identity that was read names no pod") } else { spread(run) };
    requests.stick_http = stick_http(run, &requests);
    if !is_unreadable {
        requests.attribution = attribution(run, &requests);
    }
    requests
}

fn spread(run: &Run) -> Found {
    let (spread, pods) = (run.spread(), run.without_cookie().len());
    let controls: u64 = spread.values().sum();
    match spread.first_key_value() {
        None if run.turns_away() => {
            let sessions = run.sessions.len();
            let detail = format!("the site rejected {} controls; {sessions} sessions began on {pods} pods", run.controls.len());
            if pods > 1 { Found::pass(detail) } else { Found::fail(detail) }
        }
        None => Found::skip("no control got an answer that identifies its pod"),
        Some(_) if spread.len() > 1 => Found::pass(format!("{controls} controls without a cookie reached {} pods", spread.len())),
        Some(_) if pods > 1 => Found::pass(format!("{controls} controls reached one pod; with the first answers of sessions it is {pods} pods")),
        Some((pod, _)) => Found::fail(format!("{controls} of {controls} controls without a cookie reached one pod: {pod}")),
    }
}

fn stick_http(run: &Run, requests: &Requests) -> Found {
    let ((moves, later), forced) = (run.moves(), run.moved_by(Cause::Forced));
    let moved = || Found::fail(format!("{moves} of {later} later requests reached another pod"));
    let mut stayed = format!("{} of {later} later requests reached their session's pod", later - moves);
    if forced > 0 {
        stayed.push_str(&format!("; {forced} moves were forced"));
    }
    match requests.verdict {
        Verdict::Sticky => Found::pass(stayed),
        Verdict::NotSticky => moved(),
        _ if later == 0 => Found::skip("no session has a later answer that identifies its pod"),
        _ if moves > 0 => moved(),
        _ => Found::skip(format!("{stayed}, which proves nothing: {}", requests.reasons.first().map_or("?", |reason| reason.code.word()))),
    }
}

fn attribution(run: &Run, requests: &Requests) -> Found {
    let Some((_, stayed, all)) = run.replayed_at_home() else { return Found::skip("no session was bound") };
    if run.without_cookie().len() < 2 {
        return Found::skip(ONE_POD);
    }
    if all == 0 && run.turns_away() {
        return Found::skip("the site rejects clients without a cookie");
    }
    let (key, holds) = values::held_by(run);
    if all < FEW_REPLAYED {
        return Found::skip(format!("{all} answers without {key} are too few"));
    }
    if requests.tells(Code::NotByCookie) {
        return Found::fail(format!("without {key} a session stayed too ({stayed} of {all}): something else holds it"));
    }
    match requests.verdict {
        _ if stayed == all => Found::skip(format!("without {key} a session stayed too ({stayed} of {all}), which chance would also explain")),
        Verdict::NotSticky if requests.tells(Code::CookieNotHonoured) => Found::fail("requests spread with the cookie and without it"),
        Verdict::NotSticky if requests.tells(Code::ValueNotHonoured) => Found::fail(format!("requests spread with {key} and without")),
        Verdict::NotSticky if requests.tells(Code::NoAffinityCookie) => Found::skip("no answer set a cookie"),
        Verdict::NotSticky | Verdict::Inconclusive => Found::skip(NEEDS_HTTP),
        _ => Found::pass(format!("{stayed} of {all} stayed without {key}: {key} {holds} them")),
    }
}

fn verdict(run: &Run, tolerated: f64, chance: f64) -> (Verdict, Vec<Reason>) {
    let (moves, later) = run.moves();
    let spread = run.without_cookie();
    let controls: u64 = spread.values().sum();
    let bound = bounds::rate(moves, later, bounds::SHOWN);
    if moves > 0 && bound.least > tolerated {
        let why = caches_move(run).unwrap_or_else(|| why_moved(run, moves, later));
        // A Secure cookie over plain http is this run's fault, as is a session that it did not send back. Replaced pods are no one's, and no
        // pod chose a cache's answers.
        let is_excused = matches!(why.code, Code::SecureOverHttp | Code::SessionNotInCookie | Code::PodsReplaced | Code::Cached);
        let verdict = if is_excused { Verdict::Inconclusive } else { Verdict::NotSticky };
        let wander = if why.code == Code::PodsReplaced { first::after_their_pod(run) } else { None };
        return (verdict, std::iter::once(why).chain(answers::too_many(run)).chain(wander).collect());
    }
    if let Some(reason) = answers::too_many(run) {
        return unclear(reason);
    }
    if later == 0 || controls == 0 {
        return unclear(Reason::new(Code::TooFewProbes, StickHttp, format!("{later} later requests, and {controls} requests without a cookie")));
    }
    if spread.len() == 1 {
        return unclear(one_pod(run, &spread));
    }
    if chance > CHANCE {
        return unclear(together(run).unwrap_or_else(|| by_chance(&spread, later - moves, chance)));
    }
    if bound.most > tolerated && (moves > 0 || tolerated > 0.0) {
        let detail = format!("{moves} of {later} later requests moved, which does not tell whether the rate is above {:.3}%", tolerated * 100.0);
        return unclear(Reason::new(Code::RateUndecided, StickHttp, detail));
    }
    if moves == 0
        && let Some(reason) = not_by_cookie(run)
    {
        return unclear(reason);
    }
    if let Some(reason) = all_on_one(run) {
        return unclear(reason);
    }
    let forced = run.moved_by(Cause::Forced);
    let told = (forced > 0).then(|| {
        let detail = format!("{forced} moves away from pods that were gone or not ready; none of them counts");
        Reason::new(Code::MovedForced, StickHttp, detail)
    });
    (Verdict::Sticky, told.into_iter().collect())
}

fn unclear(reason: Reason) -> (Verdict, Vec<Reason>) {
    (Verdict::Inconclusive, vec![reason])
}

/// Whether all sessions brought cookies and began on one pod, while requests without cookies met others.
fn together(run: &Run) -> Option<Reason> {
    let pods = run.began_with_cookies();
    let (pod, sessions) = pods.first_key_value().filter(|_| pods.len() == 1)?;
    let detail = format!("{sessions} of {} sessions brought cookies, and all of those began on {pod}", run.sessions.len());
    (*sessions > 1).then(|| Reason::new(Code::SessionsTogether, StickHttp, detail))
}

/// Whether all sessions began on one pod, while controls met others too often for that to be chance: then they may all have the same cookie,
/// or any cookie may lead to that pod.
fn all_on_one(run: &Run) -> Option<Reason> {
    let began: BTreeSet<&str> = run.sessions.iter().filter_map(Session::bound).map(|(_, pod)| pod).collect();
    let (pod, sessions) = (began.first().filter(|_| began.len() == 1)?, run.sessions.iter().filter(|session| session.bound().is_some()).count());
    let (controls, spread) = (run.spread().into_values().sum::<u64>(), run.spread());
    let met = spread.get(pod).copied().unwrap_or_default();
    let odds = bounds::upper(met, controls, 0.01).powf(sessions as f64);
    (odds < 1e-4).then(|| {
        let detail = format!("all {sessions} sessions began on {pod}, which answered only {met} of {controls} controls");
        Reason::new(Code::SessionsTogether, Spread, detail).because(ONE_COOKIE)
    })
}

/// The cause in the table of `sessions-together` for sessions that brought no cookies.
const ONE_COOKIE: &str = "A cache stores the first page together with its cookie, and gives everyone the same one";

/// Why all controls met one pod.
fn one_pod(run: &Run, spread: &BTreeMap<&str, u64>) -> Reason {
    let controls: u64 = run.spread().values().sum();
    let pod = spread.keys().next().copied().unwrap_or_default();
    let past_caches: BTreeSet<&str> = run.uncached.iter().filter_map(|(_, shot)| shot.pod()).collect();
    if past_caches.len() > 1 {
        let detail = format!(
            "{pod} answered {controls} of {controls} controls, but {} pods answered as soon as the query string was a new one",
            past_caches.len()
        );
        return Reason::new(Code::Cached, Spread, detail);
    }
    let mut pods: BTreeMap<&str, PodState> = BTreeMap::new();
    for event in &run.events {
        if let What::Pod { pod, state } = &event.what {
            pods.insert(pod, *state);
        }
    }
    if pods.values().filter(|state| **state == PodState::Ready).count() == 1 {
        return Reason::new(Code::SingleReadyPod, Spread, format!("{pod} is the only ready pod"));
    }
    let all = match controls {
        0 => format!("the site rejected the controls, and all {} sessions are", run.sessions.len()),
        _ => format!("{controls} of {controls} controls without a cookie are"),
    };
    Reason::new(Code::SingleBackendPath, Spread, format!("{all} on one pod: {pod}"))
}

/// Whether sessions that moved are all on their pod again as soon as the query string is new: then a cache answered instead of the pods.
fn caches_move(run: &Run) -> Option<Reason> {
    let asked: Vec<(&Session, &Shot)> = run.uncached.iter().filter_map(|(session, shot)| Some((&run.sessions[(*session)?], shot))).collect();
    let at_home = asked.iter().filter(|(session, shot)| shot.pod().is_some() && shot.pod() == run.home(session)).count();
    let steps = || asked.iter().flat_map(|(session, _)| run.steps(session));
    let stayed = steps().filter(|(_, step)| *step == Step::Stayed).count() as f64 / steps().count().max(1) as f64;
    // On a site that leaks now and then they are on their pod most of the time, too.
    let by_luck = stayed.powf(asked.len() as f64);
    // A cache has one answer for everyone at a time: if moved sessions met several pods at once, it was no cache.
    let mut away: BTreeMap<(u32, usize), BTreeSet<&str>> = BTreeMap::new();
    for (_, shot) in run.moved() {
        away.entry((shot.round, shot.path)).or_default().extend(shot.pod());
    }
    let in_step = away.values().filter(|pods| pods.len() == 1).count() * 2 > away.len();
    (in_step && !asked.is_empty() && at_home == asked.len() && by_luck < 0.01).then(|| {
        let detail = format!("{at_home} of {at_home} sessions that had moved were on their pod again as soon as the query string was a new one");
        Reason::new(Code::Cached, StickHttp, detail)
    })
}

/// Fewer requests without a cookie than this may all reach one pod by chance.
const FEW: u64 = 20;

fn by_chance(spread: &BTreeMap<&str, u64>, stayed: u64, chance: f64) -> Reason {
    let all: u64 = spread.values().sum();
    let top = spread.values().max().copied().unwrap_or_default();
    let odds = if chance >= 0.5 { "about one".to_owned() } else { format!("1 in {:.0}", 1.0 / chance) };
    let detail =
        format!("{top} of {all} requests without a cookie reached one pod: chance alone could keep {stayed} requests in place, with odds of {odds}");
    // If shares are even enough, or the sample is small, a larger sample would settle it; otherwise it would not.
    let code = if all >= FEW && top * 2 > all * 3 / 2 { Code::UnbalancedControl } else { Code::TooFewProbes };
    Reason::new(code, Spread, detail)
}

/// Whether the first session stays without its cookies too, although controls spread: then something else holds it. If chance would explain
/// that as well, because its pod gets most requests, nothing follows.
fn not_by_cookie(run: &Run) -> Option<Reason> {
    let (pod, stayed, all) = run.replayed_at_home()?;
    let spread = run.without_cookie();
    let share = bounds::upper(spread.get(pod).copied().unwrap_or_default(), spread.values().sum(), 0.01);
    let by_luck = share.powf(all as f64);
    let detail = || format!("without {} a session stayed on {pod} in {stayed} of {stayed} requests", values::held_by(run).0);
    (all >= FEW_REPLAYED && stayed == all && by_luck < 0.01).then(|| Reason::new(Code::NotByCookie, Attribution, detail()))
}
