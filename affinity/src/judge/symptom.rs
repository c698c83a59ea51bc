//! Sites that never name their pods, judged by the symptom of a lost session.
//!
//! | seen | verdict |
//! |---|---|
//! | sessions were lost and found again | not sticky: they exist, and some requests don't reach them |
//! | sessions were lost for good | inconclusive: an expiry or a restart does that too |
//! | none was lost, and without a cookie they are lost on some pods and kept on others | sticky, if chance can't explain it |
//! | none was lost, with every cookie or without | inconclusive: one pod or a shared store looks alike |

mod lever;
mod track;

use self::lever::{Lever, listed, mixed};
use self::track::{Track, by_age, by_time, tracks};
use super::failed::{MOST_NAMELESS, first_loss, statuses};
use super::{beside, idle, shared, sockets, values, workers};
use crate::bounds::{self, CHANCE};
use crate::code::Code;
use crate::run::{Replay, Run, Session, tally};
use crate::scenario::Name::{StickHttp, StickWs};
use crate::seen::{Outcome, Shot};
use crate::verdict::{Found, Judgement, Reason, Verdict};
use std::collections::BTreeSet;

const NO_POD: &str = "no answer names a pod; judged by --lost-when";

/// Whether answers show what became of their sessions, and none identifies a pod.
pub(super) fn applies(run: &Run) -> bool {
    let names = || run.shots().chain(run.sockets().map(|socket| &socket.opened)).any(|shot| shot.pod().is_some());
    run.by_symptom && run.sessions.iter().flat_map(|session| &session.shots).any(|shot| shot.symptom.is_some()) && !names()
}

/// Judges such a run.
pub(super) fn judge(run: &Run, tolerated: f64) -> Judgement {
    let tracks = tracks(run);
    let lever = run.telling_lever().map(|lever| Lever::new(run, lever));
    let chance = lever.as_ref().map_or(1.0, Lever::chance);
    let (mut verdict, reason) = match verdict(run, tolerated, &tracks, lever.as_ref()) {
        Ok(()) => (Verdict::Sticky, None),
        Err(reason) => (if reason.code == Code::SessionLost { Verdict::NotSticky } else { Verdict::Inconclusive }, Some(reason)),
    };
    let requests = verdict;
    let mut reasons: Vec<Reason> = reason.into_iter().collect();
    let sockets = sockets(run, 0);
    if let Some(reason) = sockets_elsewhere(run, tolerated).or_else(|| not_opened(run).filter(|_| verdict == Verdict::Sticky))
        && verdict != Verdict::NotSticky
    {
        verdict = if reason.code == Code::SessionLost { Verdict::NotSticky } else { Verdict::Inconclusive };
        reasons.insert(0, reason);
    }
    let idle = idle::judge(run);
    reasons.extend(idle.reason);
    reasons.extend(beside::ended(run));
    let open = || Found::skip(NO_POD);
    let reuse = if run.kept.is_empty() { beside::reuse(run) } else { open() };
    let shared = if run.shared.is_empty() { shared::shared(run, Verdict::Sticky, tolerated) } else { open() };
    // In the order of the names.
    let found = [
        spread(lever.as_ref()),
        stick_http(run, requests, reasons.first()),
        sockets,
        open(),
        self::sockets(run, 1),
        attribution(requests, lever.as_ref()),
        open(),
        open(),
        workers::judge(run).found,
        open(),
        open(),
        reuse,
        shared,
        idle.found,
    ];
    Judgement { pods: verdict, requests, workers: Verdict::NotJudged, reasons, chance, tolerated, found }
}

/// `Ok` if the run proves that sessions are sticky; else the decisive reason.
fn verdict(run: &Run, tolerated: f64, tracks: &[Track], lever: Option<&Lever>) -> Result<(), Reason> {
    let reason = |code, detail: String| Err(Reason::new(code, StickHttp, detail));
    let (lost, later) = run.lost_requests();
    let bound = bounds::rate(lost, later, bounds::SHOWN);
    if lost > 0 && bound.least > tolerated {
        return Err(why_lost(run, tracks, (lost, later)));
    }
    if let Some(reason) = values::lacking(run).or_else(|| failures(run)) {
        return Err(reason);
    }
    let cached = run.shots().filter(|shot| shot.cached).count();
    if cached > 0 {
        return reason(Code::Cached, format!("{cached} of {} answers came from a cache, according to their own headers", run.shots().count()));
    }
    if later == 0 {
        return reason(Code::TooFewProbes, "no session has a later answer that shows whether it was lost".to_owned());
    }
    if bound.most > tolerated && (lost > 0 || tolerated > 0.0) {
        let detail =
            format!("{lost} of {later} later requests lost their session, which does not tell whether the rate is above {:.3}%", tolerated * 100.0);
        return reason(Code::RateUndecided, detail);
    }
    let none = if lost == 0 {
        format!("none of {later} later requests lost its session")
    } else {
        format!("{lost} of {later} later requests lost their session")
    };
    match lever {
        Some(lever) if lever.is_mixed && lever.chance() <= CHANCE => Ok(()),
        Some(lever) if lever.is_mixed => {
            let (lost, all) = (lever.lost, lever.lost + lever.kept);
            let odds = if lever.chance() >= 0.5 { "about one".to_owned() } else { format!("1 in {:.0}", 1.0 / lever.chance()) };
            let detail =
                format!("{none}; without {}, {lost} of {all} requests did: chance alone could keep all sessions, with odds of {odds}", lever.name);
            reason(Code::TooFewProbes, detail)
        }
        _ => reason(Code::SymptomUnseen, format!("{none}; {}", unseen(run))),
    }
}

/// What the requests without some cookies showed, if that proves nothing.
fn unseen(run: &Run) -> String {
    if run.levers.is_empty() {
        return "sessions have no cookie that could be left out to see what happens then".to_owned();
    }
    if run.replays.is_empty() {
        return "the run ended before it left out a cookie to see what happens then".to_owned();
    }
    let told = run.levers.iter().enumerate().map(|(place, names)| {
        let answers: Vec<bool> = run.left_out(place, |_| true).iter().filter_map(|replay| replay.shot.symptom).collect();
        let (name, lost, all) = (listed(names), answers.iter().filter(|lost| **lost).count(), answers.len());
        match lost {
            0 => format!("without {name} none of {all} did either"),
            _ if lost == all => format!("without {name} each of {all} did, which any pod would explain"),
            _ => format!("without {name} {lost} of {all} did, but hardly any session was both lost and kept"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Why sessions were lost: proof against affinity only if they were found again.
fn why_lost(run: &Run, tracks: &[Track], (lost, later): (u64, u64)) -> Reason {
    let sessions: BTreeSet<usize> = tracks.iter().filter(|track| track.lost.is_some()).map(|track| track.session).collect();
    let found: BTreeSet<usize> = tracks.iter().filter(|track| track.found).map(|track| track.session).collect();
    let reason = |code, detail| Reason::new(code, StickHttp, detail);
    let (lost_sessions, found_sessions) = (sessions.len(), found.len());
    if found_sessions > 0 && !by_time(tracks) {
        let detail =
            format!("{lost} of {later} later requests lost their session; {found_sessions} of {lost_sessions} lost sessions were found again later");
        return reason(Code::SessionLost, detail);
    }
    for (place, names) in run.levers.iter().enumerate().filter(|_| !by_age(tracks)) {
        // A session that is lost later than that was still there.
        let was_lost = |replay: &Replay| tracks.iter().any(|track| track.session == replay.session && track.is_lost_before(replay.shot.at));
        let found = mixed(run, place, was_lost);
        if found > 0 {
            let name = listed(names);
            let detail =
                format!("{lost} of {later} later requests lost their session; {found} lost sessions were found again, but only without {name}");
            return reason(Code::SessionLost, detail);
        }
    }
    let first = tracks.iter().filter_map(|track| track.lost.as_ref()).map(|lost| lost.until).min().unwrap_or_default();
    let detail = match found_sessions {
        _ if lost == later => format!("each of {later} later requests lost its session"),
        0 => {
            let first = first.as_secs_f64();
            format!("{lost_sessions} of {} sessions were lost, the first after {first:.1} s, and none was found again", run.sessions.len())
        }
        _ => format!("{lost_sessions} of {} sessions were lost, at one moment or at one age, and then began anew", run.sessions.len()),
    };
    reason(Code::SessionEnded, detail)
}

/// Why too few answers show anything.
fn failures(run: &Run) -> Option<Reason> {
    let shots: Vec<&Shot> = run.sessions.iter().flat_map(|session| &session.shots).collect();
    let (all, lost) = (shots.len(), shots.iter().filter(|shot| shot.is_lost()).count());
    let failed = shots.iter().filter(|shot| !shot.is_lost() && shot.symptom.is_none()).count();
    let too_many = |count: usize| count as f64 > all as f64 * MOST_NAMELESS;
    let reason = |code, detail| Some(Reason::new(code, StickHttp, detail));
    if too_many(lost) {
        return reason(Code::Transport, format!("{lost} of {all} requests got no answer: {}", first_loss(run)));
    }
    if too_many(failed) {
        return reason(Code::ErrorRate, format!("{failed} of {all} answers are errors: {}", statuses(run)));
    }
    None
}

fn spread(lever: Option<&Lever>) -> Found {
    match lever.filter(|lever| lever.is_mixed) {
        Some(lever) => {
            let (lost, all) = (lever.lost, lever.lost + lever.kept);
            Found::pass(format!("without {}, {lost} of {all} requests lost their session: there are several pods", lever.name))
        }
        None => Found::skip(NO_POD),
    }
}

fn stick_http(run: &Run, verdict: Verdict, reason: Option<&Reason>) -> Found {
    let (lost, later) = run.lost_requests();
    let kept = format!("{} of {later} later requests kept their session", later - lost);
    match verdict {
        Verdict::Sticky => Found::pass(kept),
        Verdict::NotSticky => Found::fail(format!("{lost} of {later} later requests lost their session")),
        _ if later == 0 => Found::skip("no session has a later answer that shows whether it was lost"),
        _ => Found::skip(format!("{kept}, which proves nothing: {}", reason.map_or("?", |reason| reason.code.word()))),
    }
}

fn attribution(verdict: Verdict, lever: Option<&Lever>) -> Found {
    match lever.filter(|_| verdict == Verdict::Sticky) {
        Some(lever) => Found::pass(format!("sessions are lost without {} and kept with it: it holds them", lever.name)),
        None => Found::skip(NO_POD),
    }
}

/// Sockets at an index among their session's: those that opened, and those that were refused as if the session were lost.
fn sockets(run: &Run, place: usize) -> Found {
    let sockets: Vec<Option<bool>> =
        run.sessions.iter().filter_map(|session| session.sockets.get(place)).map(|socket| refused(&socket.opened)).collect();
    let (refused, all) = tally(sockets.iter().copied().flatten());
    match refused {
        _ if sockets.is_empty() => Found::skip(NO_POD),
        _ if all == 0 => Found::skip("no socket could be opened"),
        0 => Found::pass(format!("{all} of {} sockets opened", sockets.len())),
        _ if refused == all => Found::skip(format!("each of {all} sockets was refused, which any pod would explain")),
        _ => Found::fail(format!("{refused} of {all} sockets were refused as if their session were lost")),
    }
}

/// Whether a socket was refused with the symptom; `None` if it was not opened for another reason.
fn refused(opened: &Shot) -> Option<bool> {
    match opened.outcome {
        Outcome::Nameless { status: 101 } | Outcome::By(_) => Some(false),
        _ => opened.symptom.filter(|lost| *lost),
    }
}

/// Sockets that were refused as lost, and opened when they were tried again: their session had not ended.
fn sockets_elsewhere(run: &Run, tolerated: f64) -> Option<Reason> {
    let opened = |session: &Session, place: usize| session.sockets.get(place).and_then(|socket| refused(&socket.opened));
    let (lost, all) = tally(run.sessions.iter().filter_map(|session| opened(session, 0)));
    let found = run.sessions.iter().filter(|session| opened(session, 0) == Some(true) && opened(session, 1) == Some(false)).count();
    let is_proof = found > 0 && bounds::rate(lost, all, bounds::SHOWN).least > tolerated;
    let detail = || format!("{lost} of {all} sockets were refused as if their session were lost; {found} of them opened when tried again");
    is_proof.then(|| Reason::new(Code::SessionLost, StickWs, detail()))
}

/// Sockets that could not be opened, and not because their session was lost.
fn not_opened(run: &Run) -> Option<Reason> {
    let tried = run.sockets().count();
    let failed: Vec<&Shot> = run.sockets().map(|socket| &socket.opened).filter(|opened| refused(opened) != Some(false)).collect();
    (failed.len() as f64 > tried as f64 * MOST_NAMELESS).then(|| {
        let why: BTreeSet<String> = failed.iter().filter_map(|opened| sockets::not_opened(opened)).collect();
        let why: Vec<String> = why.into_iter().take(3).collect();
        Reason::new(Code::UpgradeFailed, StickWs, format!("{} of {tried} sockets opened: {}", tried - failed.len(), why.join("; ")))
    })
}

/// Sessions that were lost although their own pod answered: not for want of affinity.
pub(super) fn lost_at_home(run: &Run) -> Option<Reason> {
    let home = run.sessions.iter().flat_map(|session| {
        let home = run.home(session);
        session.shots.iter().skip(1).filter(move |shot| shot.symptom == Some(true) && home.is_some() && shot.pod() == home)
    });
    let lost = home.count();
    let code = if run.finds_lost_sessions() { Code::SessionLost } else { Code::SessionEnded };
    let detail = || format!("{lost} later requests lost their session although its own pod answered: affinity is not the cause");
    (lost > 0).then(|| Reason::new(code, StickHttp, detail()))
}
