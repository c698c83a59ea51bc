//! A cookie that works until somebody overwrites it.

use super::chance::{MOSTLY, moved_by_chance};
use crate::bounds;
use crate::run::{FEW_REPLAYED, Run};
use crate::seen::Shot;
use std::collections::BTreeSet;

/// Which cookie is overwritten, if sessions move because of that: in words. With the values that were set first, sessions reach the pod of
/// their first answer, or that of the second, if the first request came before there was a value to look at.
pub(super) fn overwritten(run: &Run) -> Option<String> {
    let answers = || run.sessions.iter().flat_map(|session| &session.shots);
    let count = answers().filter(|shot| shot.overwrites()).count();
    if count == 0 || returns(run) {
        return None;
    }
    let (which, reached) = ["first", "second"].into_iter().enumerate().find_map(|(place, which)| Some((which, reached(run, place)?)))?;
    let cookies = answers().flat_map(|shot| &shot.offered).filter(|cookie| cookie.is_overwriting());
    let names: BTreeSet<&str> = cookies.map(|cookie| cookie.name.as_str()).collect();
    let names = names.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    Some(format!(
        "{count} answers set {names} over another value, and {reached} of {reached} requests with the first value reached the {which} answer's pod"
    ))
}

/// The most names that are shown.
const SHOWN: usize = 3;

/// Whether sessions that moved are back on their pod more often than by chance: then their cookie still works, whatever its value, and leaks.
/// An encrypted cookie may have a new value in every answer.
fn returns(run: &Run) -> bool {
    let (moved, judged) = run.moved_sessions();
    let (mut away, mut all) = (0, 0);
    for (session, first) in run.moved() {
        let session = &run.sessions[session];
        let Some((_, home)) = session.bound() else { continue };
        for pod in session.shots.iter().filter(|shot| shot.at > first.at).filter_map(Shot::pod) {
            (away, all) = (away + u64::from(pod != home), all + 1);
        }
    }
    moved * 4 < judged || bounds::rate(away, all, bounds::SHOWN).most < moved_by_chance(run) * MOSTLY
}

/// How many requests with a session's first values reached the pod of an answer of that session, if all did, and chance can't explain it.
fn reached(run: &Run, place: usize) -> Option<u64> {
    let spread = run.without_cookie();
    let all: u64 = spread.values().sum();
    let (mut count, mut luck) = (0, 1.0);
    for (session, shot) in &run.rewound {
        let Some(pod) = shot.pod() else { continue };
        let answer = run.sessions[*session].shots.iter().filter_map(Shot::pod).nth(place)?;
        if pod != answer {
            return None;
        }
        count += 1;
        luck *= bounds::upper(spread.get(pod).copied().unwrap_or_default(), all, 0.01);
    }
    (count >= FEW_REPLAYED && luck < 0.01).then_some(count)
}
