//! What came of each scenario.

use super::Mark;
use super::Name::Workers;
use crate::verify::bounds;
use crate::verify::code::Code;
use crate::verify::ends::Why;
use crate::verify::jar::Fate;
use crate::verify::moves::Cause;
use crate::verify::run::{FEW_REPLAYED, Run};
use crate::verify::seen::{End, Shot};
use crate::verify::verdict::{Judgement, Verdict, of_sockets};
use std::collections::BTreeSet;
use std::time::Duration;

const ONE_POD: &str = "needs spread: only one pod was seen";
const NEEDS_HTTP: &str = "needs stick-http";

/// Whether answers are no pods': of a cache, or with identities that are none.
fn is_unreadable(judgement: &Judgement) -> bool {
    judgement.reasons.first().is_some_and(|reason| matches!(reason.code, Code::Cached | Code::IdentityUnstable))
}

fn skip(why: impl Into<String>) -> (Mark, String) {
    (Mark::Skip, why.into())
}

pub(super) fn spread(run: &Run, judgement: &Judgement) -> (Mark, String) {
    if is_unreadable(judgement) {
        return skip("what was read is no pod's name");
    }
    let spread = run.spread();
    let controls: u64 = spread.values().sum();
    match spread.len() {
        0 if run.turns_away() => {
            let (pods, sessions) = (run.without_cookie().len(), run.sessions.len());
            let detail = format!("{} controls were turned away; {sessions} sessions began on {pods} pods", run.controls.len());
            (if pods > 1 { Mark::Pass } else { Mark::Fail }, detail)
        }
        0 => skip("no control was answered by a pod that says its name"),
        1 if run.without_cookie().len() > 1 => {
            let detail = format!("{controls} controls on one pod, and first answers of sessions on {}", run.without_cookie().len());
            (Mark::Pass, detail)
        }
        1 => (
            Mark::Fail,
            format!("{controls} of {controls} controls without a cookie on one pod: {}", spread.keys().next().copied().unwrap_or_default()),
        ),
        pods => (Mark::Pass, format!("{controls} controls without a cookie: {pods} pods")),
    }
}

pub(super) fn stick_http(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let ((moves, later), forced) = (run.moves(), run.moved_by(Cause::Forced));
    let stayed = match forced {
        0 => format!("{} of {later} later requests on their session's pod", later - moves),
        forced => format!("{} of {later} later requests on their session's pod; {forced} moves were forced", later - moves),
    };
    match judgement.requests {
        Verdict::Sticky => (Mark::Pass, stayed),
        Verdict::NotSticky => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ if later == 0 => skip("no session had a later answer by a pod that says its name"),
        _ if moves > 0 => (Mark::Fail, format!("{moves} of {later} later requests on another pod")),
        _ => skip(format!("{stayed}, which says nothing: {}", judgement.reasons.first().map_or("?", |reason| reason.code.word()))),
    }
}

/// `counts` are those in place and all, of each kind of socket that the verdict judges by itself.
pub(super) fn sockets(run: &Run, judgement: &Judgement, counts: &[(u64, u64)], what: &str) -> (Mark, String) {
    let (same, all) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    if run.sockets().next().is_none() {
        return skip("no socket was asked for: --ws-url /PATH");
    }
    if all == 0 {
        return skip("no socket told its pod");
    }
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    let fails = counts.iter().any(|(same, all)| of_sockets(*same, *all, judgement.tolerated).is_some());
    if judgement.pods == Verdict::Inconclusive && (!fails || judgement.requests == Verdict::Inconclusive) {
        return skip(NEEDS_HTTP);
    }
    (if fails { Mark::Fail } else { Mark::Pass }, format!("{same} of {all} {what}"))
}

pub(super) fn attribution(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some((_, stayed, all)) = run.replayed_at_home() else { return skip("no session was bound") };
    if is_unreadable(judgement) {
        return skip(NEEDS_HTTP);
    }
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    if all == 0 && run.turns_away() {
        return skip("who comes without a cookie is turned away");
    }
    if all < FEW_REPLAYED {
        return skip(format!("{all} answers without the cookie are too few"));
    }
    if judgement.tells(Code::NotByCookie) {
        return (Mark::Fail, format!("without its cookie a session stayed too, {stayed} of {stayed}: it is not the cookie"));
    }
    match judgement.requests {
        _ if stayed == all => skip(format!("without its cookie a session stayed in {stayed} of {stayed} too, which luck explains as well")),
        Verdict::NotSticky if judgement.tells(Code::CookieNotHonoured) => (Mark::Fail, "with and without the cookie it spreads".to_owned()),
        Verdict::NotSticky if judgement.tells(Code::NoAffinityCookie) => skip("no cookie was offered"),
        Verdict::NotSticky | Verdict::Inconclusive => skip(NEEDS_HTTP),
        _ => (Mark::Pass, format!("without its cookie a session spreads ({stayed} of {all} stayed): it is the cookie")),
    }
}

pub(super) fn parallel_first(run: &Run, judgement: &Judgement) -> (Mark, String) {
    if judgement.requests != Verdict::Sticky {
        return skip(NEEDS_HTTP);
    }
    if run.at_once.0.is_empty() {
        return skip("its requests at once were not made: they need --rate 8 or more, and a run to its end");
    }
    let at_once = pods(&run.at_once.0);
    match pods(&run.at_once.1).len() {
        0 => skip("no answer named its pod"),
        1 => (Mark::Pass, format!("{} at once reached {} pods, and then it was on one", run.at_once.0.len(), at_once.len())),
        after => (wanders(&run.at_once.1, judgement), format!("after {} at once it was on {after} pods", run.at_once.0.len())),
    }
}

pub(super) fn dead_cookie(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let Some((first, after)) = run.dead_cookie.split_first().filter(|_| judgement.requests == Verdict::Sticky) else {
        return skip(NEEDS_HTTP);
    };
    if run.forged.is_empty() {
        return skip("no cookie was offered");
    }
    if !first.carried.iter().any(|name| run.forged.contains(name)) {
        return skip("no cookie of the site's goes to the path of its first requests");
    }
    // What an application sets with every answer is no sign that another cookie was replaced, and the end of a cookie's life replaces none.
    let offers = |shot: &Shot, name: &str| shot.offered.iter().any(|cookie| cookie.name == name && cookie.fate != Fate::BornExpired);
    let always = |name: &str| run.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).all(|shot| offers(shot, name));
    let became = match () {
        () if run.forged.iter().all(|name| always(name)) => "replaced, as the cookie of every answer is",
        () if run.forged.iter().any(|name| !always(name) && offers(first, name)) => "replaced at once",
        () => "taken for a key, and not replaced",
    };
    match pods(after).len() {
        0 => skip("no answer named its pod"),
        1 => (Mark::Pass, became.to_owned()),
        several => (wanders(after, judgement), format!("{became}; afterwards it was on {several} pods")),
    }
}

/// What it means that a session was on several pods: nothing where so many moves are put up with.
fn wanders(shots: &[Shot], judgement: &Judgement) -> Mark {
    let all: Vec<&str> = shots.iter().filter_map(Shot::pod).collect();
    let most = all.iter().map(|pod| all.iter().filter(|other| *other == pod).count()).max().unwrap_or_default();
    let bound = bounds::rate((all.len() - most) as u64, all.len().saturating_sub(1) as u64, bounds::SHOWN);
    if bound.least > judgement.tolerated { Mark::Fail } else { Mark::Pass }
}

/// The pods of some answers, each once.
fn pods(shots: &[Shot]) -> BTreeSet<&str> {
    shots.iter().filter_map(Shot::pod).collect()
}

pub(super) fn workers(run: &Run, judgement: &Judgement) -> (Mark, String) {
    let detail = || {
        let reason = judgement.reasons.iter().find(|reason| reason.scenario == Workers);
        reason.map(|reason| reason.detail.clone()).unwrap_or_default()
    };
    match judgement.workers {
        Verdict::NotJudged => skip(if run.workers().is_empty() { "no worker is told" } else { "every pod answered with one worker only" }),
        Verdict::Sticky => {
            let at_once: usize = run.together.iter().map(Vec::len).sum();
            (Mark::Pass, format!("sessions stay on one worker, in {at_once} requests at once too"))
        }
        Verdict::NotSticky => (Mark::Fail, detail()),
        Verdict::Inconclusive => skip(detail()),
    }
}

pub(super) fn delivered((arrived, all): (u64, u64), what: &str) -> (Mark, String) {
    if all == 0 {
        return skip("not sticky-app, or no socket of a session was open");
    }
    (if arrived == all { Mark::Pass } else { Mark::Fail }, format!("{arrived} of {all} {what}"))
}

pub(super) fn reuse(run: &Run, _: &Judgement) -> (Mark, String) {
    let kept: Vec<BTreeSet<&str>> =
        run.kept.iter().filter(|shots| shots.iter().filter(|shot| shot.pod().is_some()).count() > 1).map(|shots| pods(shots)).collect();
    if kept.is_empty() {
        return skip("not asked for; add --reuse");
    }
    if run.without_cookie().len() < 2 {
        return skip(ONE_POD);
    }
    let held = kept.iter().filter(|pods| pods.len() == 1).count();
    if held == kept.len() {
        let detail = format!("{held} of {held} kept connections stayed on one pod without any cookie: who tests on one connection sees affinity");
        return (Mark::Fail, detail);
    }
    (Mark::Pass, format!("{} of {} kept connections met several pods: a connection holds nothing", kept.len() - held, kept.len()))
}

pub(super) fn idle(run: &Run, _: &Judgement) -> (Mark, String) {
    if run.idle.is_empty() {
        return skip("not asked for; add --idle 90s");
    }
    let ends: Vec<(&End, Why)> = run
        .ends()
        .into_iter()
        .filter(|(socket, _)| run.idle.contains(socket))
        .filter_map(|(socket, why)| Some((socket.end.as_ref()?, why)))
        .collect();
    let by_silence: Vec<Duration> = ends.iter().filter(|(end, why)| end.is_by_silence(*why)).map(|(end, _)| end.silence()).collect();
    if let Some(shortest) = by_silence.iter().min() {
        let how = if ends.iter().any(|(end, why)| *why == Why::Goodbye && end.is_by_silence(*why)) { "with a goodbye" } else { "without a goodbye" };
        let detail = format!("{} of {} silent sockets ended {how} after {:.1} s of silence", by_silence.len(), ends.len(), shortest.as_secs_f64());
        return (Mark::Fail, detail);
    }
    let open: Vec<Duration> = ends.iter().filter(|(_, why)| *why == Why::Ours).map(|(end, _)| end.silence()).collect();
    match open.iter().max() {
        None if ends.is_empty() => skip("no silent socket was open"),
        None => skip("the silent sockets ended, and not by their silence"),
        Some(silence) => (Mark::Pass, format!("{} sockets were open to the end; the longest silence was {:.1} s", open.len(), silence.as_secs_f64())),
    }
}
