//! Moves of sessions that a cookie holds whenever they send it: why they did not send it.
//!
//! Such a cookie decides where requests go, so it is not ignored, and a setting of the site keeps it from being there in time: the first
//! answers do not set it, its path leaves out some of the URLs, or it expires while the session goes on.

use crate::bounds;
use crate::code::Code;
use crate::jar::Fate;
use crate::run::{Run, Session};
use crate::scenario::Name::StickHttp;
use crate::seen::Shot;
use crate::verdict::Reason;
use std::collections::{BTreeMap, BTreeSet};

/// The cause in the table of `bound-late` for a cookie that comes with a later answer.
pub(super) const LATE: &str = "The first answers, such as redirects or retried requests, do not set the cookie";

/// Requests that held by chance at these odds or worse do not show that a cookie decides.
const CHANCE: f64 = 1e-4;

/// Why a session's request did not send the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    /// No earlier answer had set it.
    Late,
    /// Its path does not cover the URL.
    Path,
    /// It had expired.
    Expired,
}

/// The reason for moves, if a cookie holds every request that sends it, and all moves go back to requests that did not.
pub(super) fn why(run: &Run, moved: &str) -> Option<Reason> {
    let names: BTreeSet<&str> = run.sessions.iter().flat_map(|session| &session.shots).flat_map(|shot| &shot.carried).map(String::as_str).collect();
    names.into_iter().filter(|name| !run.values.iter().any(|value| value == name)).find_map(|name| told(run, name, moved))
}

fn told(run: &Run, name: &str, moved: &str) -> Option<Reason> {
    let (cause, _) = causes(run, name)?.into_iter().max_by_key(|(_, count)| *count)?;
    let reason = |code, detail: String| Reason::new(code, StickHttp, format!("{moved}; {detail}"));
    Some(match cause {
        Missing::Late => {
            let detail = format!("{name} holds a session from the first request that sends it, but the answers before did not set it");
            reason(Code::BoundLate, detail).because(LATE)
        }
        Missing::Path => reason(Code::CookiePathMismatch, format!("{name} holds the requests that send it, and its path leaves out the others")),
        Missing::Expired => {
            let lives = all(run).flat_map(|shot| &shot.offered).filter(|cookie| cookie.name == name && cookie.fate != Fate::BornExpired);
            let shortest = lives.filter_map(|cookie| cookie.lives).min()?.as_secs_f64();
            reason(Code::CookieShortLived, format!("{name} holds the requests that send it, and expires {shortest:.0} s after it is set"))
        }
    })
}

/// What the moves go back to, if a cookie holds; `None` if it does not, or if a move has no such cause.
fn causes(run: &Run, name: &str) -> Option<BTreeMap<Missing, usize>> {
    let with: BTreeSet<usize> = all(run).filter(|shot| carries(shot, name)).map(|shot| shot.path).collect();
    let (mut causes, mut held) = (BTreeMap::new(), 0);
    for session in run.sessions.iter().filter(|session| session.bound().is_some()) {
        held += walk(session, name, &with, &mut causes)?;
    }
    let spread = run.without_cookie();
    let most = bounds::upper(spread.values().max().copied().unwrap_or_default(), spread.values().sum(), 0.01);
    (!causes.is_empty() && most.powf(held as f64) < CHANCE).then_some(causes)
}

fn all(run: &Run) -> impl Iterator<Item = &Shot> {
    run.sessions.iter().flat_map(|session| &session.shots)
}

fn carries(shot: &Shot, name: &str) -> bool {
    shot.carried.iter().any(|carried| carried == name)
}

/// Follows a session: counts the causes of its moves, and returns how many requests the cookie held. `None` if the cookie did not hold one
/// that sent it, or if a move has another cause. `with` has the paths that are requested with the cookie.
fn walk(session: &Session, name: &str, with: &BTreeSet<usize>, causes: &mut BTreeMap<Missing, usize>) -> Option<u64> {
    let (first, home) = session.bound()?;
    // The pod that the cookie leads to and, if that is not the session's, why.
    let mut leads: Option<(&str, Option<Missing>)> = None;
    let (mut ends, mut held) = (None, 0);
    for (place, shot) in session.shots.iter().enumerate().skip(first) {
        let Some(pod) = shot.pod() else { continue };
        let cause = match leads {
            Some((to, _)) if carries(shot, name) && to != pod => return None,
            Some((_, cause)) if carries(shot, name) => {
                held += 1;
                cause
            }
            _ if place == first => None,
            None => Some(Missing::Late),
            Some(_) if !with.contains(&shot.path) => Some(Missing::Path),
            Some(_) => ends.filter(|end| *end <= shot.at + shot.took).map(|_| Missing::Expired),
        };
        if pod != home {
            *causes.entry(cause?).or_default() += 1;
        }
        // Of equal names the last one is kept. One that has expired only deletes another.
        let offered = shot.offered.iter().rev().find(|cookie| cookie.name == name);
        let offered = offered.filter(|cookie| matches!(cookie.fate, Fate::Kept | Fate::OtherPath));
        if carries(shot, name) || offered.is_some() {
            leads = Some((pod, cause.filter(|_| pod != home)));
        }
        if let Some(cookie) = offered {
            ends = cookie.lives.map(|lives| shot.at + shot.took + lives);
        }
    }
    Some(held)
}
