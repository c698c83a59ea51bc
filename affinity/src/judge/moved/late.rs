//! Sessions that go anywhere at first, and stay once they have settled.

use super::chance::{MOSTLY, is_no_chance, moved_by_chance};
use crate::bounds;
use crate::code::Code;
use crate::moves::{Cause, Step};
use crate::run::Run;
use crate::scenario::Name::StickHttp;
use crate::verdict::Reason;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

/// An answer of a session after the one that bound it, beside the answer before.
struct Next<'a> {
    session: usize,
    /// Its index among the session's requests.
    place: usize,
    /// When the request before it began, since the session's first one: from then on the session may have been settled.
    since: Duration,
    pod: &'a str,
    /// Whether the answer before came from another pod.
    changed: bool,
}

/// From when on every session stays, if sessions moved as if by chance until then: in words. Rounds make one request of each session, so
/// its answers and the time go together, and the tighter of the two is said. `moved` says how many moved.
pub(super) fn settles(run: &Run, moved: &str) -> Option<Reason> {
    let all = nexts(run);
    let place = all.iter().filter(|next| next.changed).map(|next| next.place).max()?;
    let since = all.iter().filter(|next| next.changed).map(|next| next.since).max()?;
    let (by_answer, by_time) = (|next: &Next<'_>| next.place <= place, |next: &Next<'_>| next.since <= since);
    let is_second = all.iter().all(|next| !next.changed || Some(next.place - 1) == run.sessions[next.session].bound().map(|(first, _)| first));
    // Any answer, and any moment of one, may have been the point.
    let answers = all.iter().map(|next| next.place).max().unwrap_or_default() as f64;
    let settled_by_answer = is_settled(run, &all, by_answer, |next| next.place as f64, answers);
    let settled_by_time = is_settled(run, &all, by_time, |next| next.since.as_secs_f64(), all.len() as f64);
    let reason = |detail: String| Reason::new(Code::BoundLate, StickHttp, format!("{moved}, {detail}"));
    match (settled_by_answer, settled_by_time) {
        (true, _) if is_second => Some(reason("always the pod of the second answer, never that of the first".to_owned())),
        (true, true) => {
            // The same changes among fewer answers: each answer more would have had to stay by chance.
            let (answers, times) = (all.iter().filter(|next| by_answer(next)).count(), all.iter().filter(|next| by_time(next)).count());
            let odds = (1.0 - moved_by_chance(run)).powf(answers.abs_diff(times) as f64);
            Some(match answers.cmp(&times) {
                _ if odds > UNCLEAR => reason(format!("{}, which is {} after its first request at the latest", from_answer(place), seconds(since))),
                Ordering::Less => reason(from_answer(place)).because(LATER),
                _ => reason(from_time(since)).because(TABLES).because(STORES),
            })
        }
        (true, false) => Some(reason(from_answer(place)).because(LATER)),
        (false, true) => Some(reason(from_time(since)).because(TABLES).because(STORES)),
        (false, false) => None,
    }
}

/// Causes that settle a session with its answers, and with time.
pub(super) const LATER: &str = "The app sets the cookie that the proxy looks at only later, such as after a login";
const TABLES: &str = "Proxies share their stick table, and an entry reaches the others late";
const STORES: &str = "A new session takes effect only when a cache or a store behind the proxy has caught up";

/// With larger odds, answers and time explain the same.
const UNCLEAR: f64 = 0.01;
/// With larger odds, leaks may have stopped by chance.
const LEAKS: f64 = 1e-4;
/// The least answers of a session after it has settled, on average: those that stay.
const LEAST: usize = 2;

fn from_answer(place: usize) -> String {
    let n = place + 1;
    let ending = match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("but each session stays from its {n}{ending} answer on")
}

fn from_time(since: Duration) -> String {
    format!("but sessions stay from {} after their first request on", seconds(since))
}

fn seconds(since: Duration) -> String {
    let seconds = since.as_secs_f64();
    if seconds < 1.0 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}

/// All answers after a session's first one. A forced move is no change: no front door can avoid it.
fn nexts(run: &Run) -> Vec<Next<'_>> {
    let mut all = Vec::new();
    for (number, session) in run.sessions.iter().enumerate() {
        let Some((first, mut before)) = session.bound() else { continue };
        let began = session.shots[first].at;
        let mut since = Duration::ZERO;
        for (place, step) in run.steps(session) {
            let shot = &session.shots[place];
            let Some(pod) = shot.pod() else { continue };
            let changed = pod != before && step != Step::Moved(Cause::Forced);
            all.push(Next { session: number, place, since, pod, changed });
            (before, since) = (pod, shot.at.saturating_sub(began));
        }
    }
    all
}

/// Whether all changes are among the `early` answers, those look like chance, and the others look like affinity.
fn is_settled(run: &Run, all: &[Next<'_>], early: impl Fn(&Next<'_>) -> bool, when: impl Fn(&Next<'_>) -> f64, points: f64) -> bool {
    let (mut before, after): (Vec<&Next<'_>>, Vec<&Next<'_>>) = all.iter().partition(|next| early(next));
    // By session: answers that are early, and changes, all of which are.
    let mut sessions: BTreeMap<usize, (usize, i32)> = BTreeMap::new();
    for next in all {
        let (answers, changes) = sessions.entry(next.session).or_default();
        (*answers, *changes) = (*answers + usize::from(early(next)), *changes + i32::from(next.changed));
    }
    if after.len() < sessions.len() * LEAST || !stays(run, &after, points) {
        return false;
    }
    // Leaks that are as likely all the time rarely stop for all sessions.
    let leaks = before.len() as f64 / all.len() as f64;
    if leaks.powi(sessions.values().map(|(_, changes)| changes).sum()) * points > LEAKS {
        return false;
    }
    // If every cookie means another pod from some moment on, sessions stay before that as well, and change once.
    let several = sessions.values().any(|(answers, _)| *answers > 1);
    if several && sessions.values().all(|(_, changes)| *changes < 2) {
        return false;
    }
    before.sort_by(|one, other| when(one).total_cmp(&when(other)));
    let by_chance = moved_by_chance(run);
    let (first, last) = before.split_at(before.len() / 2);
    [first, last].iter().all(|half| {
        let changed = half.iter().filter(|next| next.changed).count() as u64;
        bounds::rate(changed, half.len() as u64, bounds::SHOWN).most >= by_chance * MOSTLY
    })
}

/// Whether chance can't explain that none of these answers is a change. On one pod alone, the balance may have changed for everyone.
fn stays(run: &Run, after: &[&Next<'_>], points: f64) -> bool {
    let mut pods: BTreeMap<&str, (u64, u64)> = run.without_cookie().into_iter().map(|(pod, seen)| (pod, (seen, 0))).collect();
    for next in after {
        pods.entry(next.pod).or_default().1 += 1;
    }
    let several = pods.values().filter(|(_, stayed)| *stayed > 0).count() > 1;
    several && is_no_chance(&pods.into_values().collect::<Vec<_>>(), points)
}
