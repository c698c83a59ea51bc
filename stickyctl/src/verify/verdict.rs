//! From what a run saw to a verdict: sticky, not sticky, or inconclusive, with reasons that have stable codes.
//!
//! A move is proof against affinity, so it is looked at early; that nothing moved is proof for it only where chance, a cache, a single
//! pod, a proxy's errors and an identity that is none are out of the question. Every rule is over counts, and none looks at a cookie's
//! value.

use super::bounds::{self, CHANCE};
use super::code::Code;
use super::jar::Fate;
use super::run::{Outcome, Run, Session, Shot, Who};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What was found about pods, or about workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Sessions stay.
    Sticky,
    /// They don't.
    NotSticky,
    /// The run does not tell.
    Inconclusive,
    /// There was nothing to judge: one worker a pod.
    NotJudged,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: Code,
    /// What was seen, in numbers.
    pub detail: String,
}

impl Reason {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Pods.
    pub pods: Verdict,
    /// Workers.
    pub workers: Verdict,
    /// Why, the decisive one first.
    pub reasons: Vec<Reason>,
    /// At most how likely chance alone is to keep everything in place.
    pub chance: f64,
}

/// More identities than this are no site's pods.
const MOST_PODS: usize = 256;
/// The share of probes without a name beyond which a run says nothing for affinity.
const MOST_NAMELESS: f64 = 0.1;
/// Fewer controls than this may all be one pod's by luck.
const FEW_CONTROLS: u64 = 20;

/// Judges a run. `tolerated` is the rate of moves that is put up with, 0 for none.
#[must_use]
pub fn judge(run: &Run, tolerated: f64) -> Judgement {
    let spread = run.spread();
    let (_, later) = run.moves();
    let chance = bounds::chance(&spread.values().copied().collect::<Vec<_>>(), later);
    let reasons = unreadable(run).map_or_else(|| pods(run, tolerated, chance), |reason| (Verdict::Inconclusive, vec![reason]));
    let (mut pods, mut reasons) = reasons;
    if let Some((verdict, reason)) = sockets(run) {
        // A socket elsewhere is proof, save where what excuses the requests excuses it too; that none could be opened only takes a proof
        // away. Where requests move, sockets do too.
        let is_excused =
            reasons.iter().any(|reason| matches!(reason.code, Code::SecureOverHttp | Code::PodsReplaced | Code::Cached | Code::IdentityUnstable));
        if (verdict == Verdict::NotSticky && pods != Verdict::NotSticky && !is_excused)
            || (verdict == Verdict::Inconclusive && pods == Verdict::Sticky)
        {
            pods = verdict;
            reasons.insert(0, reason);
        }
    }
    let (workers, reason) = workers(run);
    reasons.extend(reason);
    Judgement { pods, workers, reasons, chance }
}

/// Why the answers can't be read as identities at all.
fn unreadable(run: &Run) -> Option<Reason> {
    let shots: Vec<&Shot> = run.shots().collect();
    let named = shots.iter().filter(|shot| shot.pod().is_some()).count();
    let lost = shots.iter().filter(|shot| matches!(shot.outcome, Outcome::Lost(_))).count();
    if lost == shots.len() {
        return Some(Reason::new(Code::Transport, format!("none of {lost} requests was answered")));
    }
    if named == 0 {
        return Some(Reason::new(Code::NoIdentity, format!("{} answers, and none says who made it", shots.len() - lost)));
    }
    let cached = shots.iter().filter(|shot| shot.cached).count();
    if cached > 0 {
        return Some(Reason::new(Code::Cached, format!("{cached} of {} answers came from a cache (Age)", shots.len())));
    }
    let pods: BTreeSet<&str> = shots.iter().filter_map(|shot| shot.pod()).collect();
    if pods.len() > MOST_PODS || (named >= 20 && pods.len() * 2 > named) {
        return Some(Reason::new(
            Code::IdentityUnstable,
            format!("{} identities in {named} answers: that is something of the request's, not of the pod's", pods.len()),
        ));
    }
    None
}

fn pods(run: &Run, tolerated: f64, chance: f64) -> (Verdict, Vec<Reason>) {
    let (moves, later) = run.moves();
    let spread = run.spread();
    let controls: u64 = spread.values().sum();
    let bound = bounds::rate(moves, later, bounds::SHOWN);
    if moves > 0 && bound.least > tolerated {
        if let Some(reason) = pods_gone(run, moves, later) {
            return (Verdict::Inconclusive, vec![reason]);
        }
        let mut reasons = vec![why_moved(run, moves, later)];
        reasons.extend(errors(run));
        // A Secure cookie over plain http is this run's fault, not the site's.
        let verdict = if reasons[0].code == Code::SecureOverHttp { Verdict::Inconclusive } else { Verdict::NotSticky };
        return (verdict, reasons);
    }
    if later == 0 || controls == 0 {
        return (
            Verdict::Inconclusive,
            vec![errors(run).unwrap_or_else(|| Reason::new(Code::TooFewProbes, format!("{later} later requests and {controls} controls")))],
        );
    }
    if let Some(reason) = errors(run) {
        return (Verdict::Inconclusive, vec![reason]);
    }
    let pod = spread.keys().next().copied().unwrap_or_default();
    // Sessions that stay elsewhere tell of several pods, of which one gets nearly all that comes without a cookie.
    if spread.len() == 1 && run.sessions.iter().filter_map(Session::bound).all(|(_, bound)| bound == pod) {
        return (
            Verdict::Inconclusive,
            vec![Reason::new(Code::SingleBackendPath, format!("{controls} of {controls} controls without a cookie on one pod: {pod}"))],
        );
    }
    if chance > CHANCE {
        let top = spread.values().max().copied().unwrap_or_default();
        let odds = format!("chance alone could keep {later} requests in place with odds of {}", odds(chance));
        // With controls as even as these, or as few, more of them would do; else none would.
        let code = if controls >= FEW_CONTROLS && top * 2 > controls * 3 / 2 { Code::UnbalancedControl } else { Code::TooFewProbes };
        return (Verdict::Inconclusive, vec![Reason::new(code, format!("{top} of {controls} controls on one pod: {odds}"))]);
    }
    if moves > 0 || (tolerated > 0.0 && bound.most > tolerated) {
        return if bound.most <= tolerated {
            (Verdict::Sticky, Vec::new())
        } else {
            (
                Verdict::Inconclusive,
                vec![Reason::new(Code::TooFewProbes, format!("{moves} of {later} moved, and {:.3} % is what is to be told", tolerated * 100.0))],
            )
        };
    }
    if let Some(reason) = not_by_cookie(run) {
        return (Verdict::Inconclusive, vec![reason]);
    }
    (Verdict::Sticky, Vec::new())
}

/// Where the first session stays without its cookies too, although controls spread, something else holds it.
fn not_by_cookie(run: &Run) -> Option<Reason> {
    let (_, pod) = run.sessions.first()?.bound()?;
    let replayed: Vec<&str> = run.replayed.iter().filter_map(Shot::pod).collect();
    let stayed = replayed.iter().filter(|other| **other == pod).count();
    let spread = run.spread();
    let share = bounds::upper(spread.get(pod).copied().unwrap_or_default(), spread.values().sum(), 0.01);
    let by_luck = share.powf(replayed.len() as f64);
    (replayed.len() >= 5 && stayed == replayed.len() && by_luck < 0.01)
        .then(|| Reason::new(Code::NotByCookie, format!("without its cookies a session stayed on {pod} in {stayed} of {stayed} requests")))
}

fn errors(run: &Run) -> Option<Reason> {
    let all = run.shots().count();
    let lost = run.shots().filter(|shot| matches!(shot.outcome, Outcome::Lost(_))).count();
    let nameless = run.shots().filter(|shot| matches!(shot.outcome, Outcome::Nameless { .. })).count();
    let too_many = |count: usize| count as f64 > all as f64 * MOST_NAMELESS;
    if too_many(lost) {
        let why = run.shots().find_map(|shot| if let Outcome::Lost(why) = &shot.outcome { Some(why.as_str()) } else { None });
        return Some(Reason::new(Code::Transport, format!("{lost} of {all} requests were not answered: {}", why.unwrap_or_default())));
    }
    too_many(nameless).then(|| {
        let statuses: BTreeSet<u16> =
            run.shots().filter_map(|shot| if let Outcome::Nameless { status } = shot.outcome { Some(status) } else { None }).collect();
        let statuses: Vec<String> = statuses.iter().map(ToString::to_string).collect();
        Reason::new(Code::ErrorRate, format!("{nameless} of {all} answers say not who made them: status {}", statuses.join(", ")))
    })
}

/// What is wrong with the cookie, where sessions move.
fn why_moved(run: &Run, moves: u64, later: u64) -> Reason {
    let offered: Vec<Fate> =
        run.sessions.iter().flat_map(|session| &session.shots).flat_map(|shot| shot.offered.iter().map(|cookie| cookie.fate)).collect();
    let moved = format!("{moves} of {later} later requests on another pod");
    let all = |fate: Fate| !offered.is_empty() && offered.iter().all(|other| *other == fate);
    let sent = run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).filter(|shot| !shot.carried.is_empty()).count();
    for (fate, code) in [
        (Fate::BornExpired, Code::BornExpired),
        (Fate::SecureOverHttp, Code::SecureOverHttp),
        (Fate::OtherPath, Code::CookiePathMismatch),
        (Fate::ForeignDomain, Code::CookieDomainMismatch),
    ] {
        if all(fate) {
            return Reason::new(code, moved);
        }
    }
    if offered.is_empty() {
        return Reason::new(Code::NoAffinityCookie, format!("{moved}, and no cookie was ever offered"));
    }
    // As often as without affinity: the cookie decides nothing. Less often: it does, and leaks.
    let spread = run.spread();
    let controls: u64 = spread.values().sum();
    let stay: f64 = spread.values().map(|seen| (*seen as f64 / controls.max(1) as f64).powi(2)).sum();
    let bound = bounds::rate(moves, later, bounds::SHOWN);
    let by_chance = 1.0 - stay;
    if run.sessions.iter().all(settles) {
        return Reason::new(Code::BoundLate, format!("{moved}, and always on that of the second answer: the first one binds nothing"));
    }
    if bound.most < by_chance * 0.7 {
        return Reason::new(Code::Leaks, format!("{moved}; by chance it would be {:.0} %", by_chance * 100.0));
    }
    Reason::new(Code::CookieNotHonoured, format!("{moved}, with the cookie in {sent} of them"))
}

/// Where each session that moved left a pod that answered nobody any more: a pod that is gone takes its sessions' affinity along, and what
/// becomes of them says nothing about the site's.
fn pods_gone(run: &Run, moves: u64, later: u64) -> Option<Reason> {
    let mut last: BTreeMap<&str, Duration> = BTreeMap::new();
    for shot in run.shots() {
        if let Some(pod) = shot.pod() {
            let seen = last.entry(pod).or_default();
            *seen = shot.at.max(*seen);
        }
    }
    let mut left = BTreeSet::new();
    for session in &run.sessions {
        let (Some((_, pod)), Some((place, _))) = (session.bound(), session.later().find(|(_, moved)| *moved)) else { continue };
        let shot = &session.shots[place];
        // Probes are under way beside each other: what began before the move had ended may have met the pod's last moment.
        if last[pod] > shot.at + shot.took {
            return None;
        }
        left.insert(pod);
    }
    let detail = format!("{moves} of {later} later requests on another pod, each away from one of {} that answered nobody any more", left.len());
    Some(Reason::new(Code::PodsReplaced, detail))
}

/// Whether a session stays from its second answer on.
fn settles(session: &Session) -> bool {
    let mut pods = session.shots.iter().filter_map(Shot::pod).skip(1);
    let second = pods.next();
    second.is_some() && pods.all(|pod| Some(pod) == second)
}

/// What sockets say against affinity.
fn sockets(run: &Run) -> Option<(Verdict, Reason)> {
    let tried = run.sockets().count();
    let opened = run.sockets().filter(|socket| socket.pod().is_some()).count();
    if tried > 0 && opened * 2 < tried {
        let mut why: Vec<String> = run.sockets().filter_map(not_opened).collect();
        why.sort();
        why.dedup();
        why.truncate(3);
        return Some((
            Verdict::Inconclusive,
            Reason::new(Code::UpgradeFailed, format!("{opened} of {tried} sockets told their pod: {}", why.join("; "))),
        ));
    }
    for (place, which) in [(0, "sockets"), (1, "sockets after the first was closed")] {
        let (same, all) = run.sockets_in_place(place);
        if same < all {
            return Some((
                Verdict::NotSticky,
                Reason::new(Code::SocketElsewhere, format!("{} of {all} {which} on another pod than their session", all - same)),
            ));
        }
    }
    let (same, all) = run.stayed_after_socket();
    let without = run.socket_first.iter().filter(|(socket, _)| socket.offered.is_empty()).count();
    (same < all).then(|| {
        let code = if without == run.socket_first.len() { Code::NoCookieOnUpgrade } else { Code::SocketElsewhere };
        (
            Verdict::NotSticky,
            Reason::new(code, format!("{} of {all} sessions that began with a socket were elsewhere in the next request", all - same)),
        )
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

/// Of a session's later answers by the pod of its first, how many are by the same worker. A move to another worker is proof whatever
/// is known of pods: one pod is enough to have several.
fn workers(run: &Run) -> (Verdict, Option<Reason>) {
    if run.workers().values().all(|workers| workers.len() < 2) {
        return (Verdict::NotJudged, None);
    }
    let (mut same, mut all) = (0_u64, 0_u64);
    for session in &run.sessions {
        let mut answers = session.shots.iter().filter_map(|shot| if let Outcome::By(who) = &shot.outcome { Some(who) } else { None });
        let Some(first) = answers.next() else { continue };
        for who in answers.filter(|who| who.pod == first.pod) {
            all += 1;
            same += u64::from(who.worker == first.worker);
        }
    }
    if same < all {
        let detail = format!("{same} of {all} later requests on the worker that answered first; a cookie chooses a pod and never a worker");
        return (Verdict::NotSticky, Some(Reason::new(Code::WorkerNotSticky, detail)));
    }
    let together: BTreeSet<&Who> =
        run.together.iter().filter_map(|shot| if let Outcome::By(who) = &shot.outcome { Some(who) } else { None }).collect();
    if together.len() > 1 {
        let detail = format!("one after another each session met one worker, and {} requests at once met {}", run.together.len(), together.len());
        return (Verdict::NotSticky, Some(Reason::new(Code::WorkerNotSticky, detail)));
    }
    (
        Verdict::Inconclusive,
        Some(Reason::new(Code::WorkersUnproven, "each session met one worker, which one reused connection to the pod explains too")),
    )
}

fn odds(chance: f64) -> String {
    if chance >= 0.5 { "about one".to_owned() } else { format!("1 in {:.0}", 1.0 / chance) }
}

#[cfg(test)]
mod tests;
