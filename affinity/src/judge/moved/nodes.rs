//! Sessions that stay in a group of pods, such as those of a node, and alternate among its pods.

use super::chance::{MOSTLY, is_no_chance, together};
use crate::bounds;
use crate::moves::Step;
use crate::run::{Run, Session};
use crate::seen::Shot;
use std::collections::BTreeSet;

/// The groups of pods, if every session stays in one, alternates in it as if by chance, and chance can't explain that it stays: in words.
pub(super) fn groups(run: &Run) -> Option<String> {
    let groups = met_by_one_session(run);
    if groups.len() < 2 {
        return None;
    }
    let group = |session: &Session| groups.iter().position(|group| group.contains(session.bound().map_or("", |(_, pod)| pod)));
    let seen = run.without_cookie();
    let by_pod: Vec<Vec<u64>> = groups.iter().map(|group| group.iter().map(|pod| seen.get(pod).copied().unwrap_or_default()).collect()).collect();
    let mut stayed: Vec<(u64, u64)> = by_pod.iter().map(|seen| (seen.iter().sum(), 0)).collect();
    // In groups of several pods.
    let (mut changes, mut all, mut by_chance) = (0, 0, 0.0);
    for session in &run.sessions {
        let Some(group) = group(session) else { continue };
        // It has a first answer, or there would be no group.
        let later = session.shots.iter().filter_map(Shot::pod).count() as u64 - 1;
        stayed[group].1 += later;
        if groups[group].len() > 1 {
            (changes, all) = (changes + session.changes(), all + later);
            by_chance += (1.0 - together(&by_pod[group])) * later as f64;
        }
    }
    // Pods that no session met are in no group, but get their share of the requests.
    stayed.extend(seen.iter().filter(|(pod, _)| !groups.iter().any(|group| group.contains(*pod))).map(|(_, seen)| (*seen, 0)));
    // No more than this many ways lead to as many groups: each pod may be in any. The number of groups may be any, too.
    let pods = groups.iter().map(BTreeSet::len).sum::<usize>() as f64;
    let ways = pods * (groups.len() as f64).powf(pods);
    let by_chance = by_chance / f64::max(all as f64, 1.0);
    let alternates = bounds::rate(changes, all, bounds::SHOWN).most >= by_chance * MOSTLY && bounds::lower(changes, all, RARE) >= by_chance * SOME;
    let shares = groups.iter().zip(&by_pod).all(|(group, seen)| group.iter().zip(seen).all(|(pod, own)| !keeps(run, pod, *own, seen)));
    (all > 0 && alternates && shares && is_no_chance(&stayed, ways)).then(|| {
        let mut sizes: Vec<usize> = groups.iter().map(BTreeSet::len).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let several = sizes.len() > SHOWN;
        let shown: Vec<String> = sizes.iter().take(SHOWN).map(usize::to_string).collect();
        format!(
            "always within one group of pods: there are {} such groups, of {}{} pods",
            sizes.len(),
            in_words(&shown),
            if several { " and fewer" } else { "" }
        )
    })
}

/// Whether a pod keeps its own sessions, although others of its group answer as many requests: then the cookie picks that pod, and only
/// sessions of the others leave theirs. `own` and `group` are the requests without a cookie that it and each pod of the group answered.
fn keeps(run: &Run, pod: &str, own: u64, group: &[u64]) -> bool {
    let sessions = run.sessions.iter().filter(|session| session.bound().is_some_and(|(_, home)| home == pod));
    let steps: Vec<Step> = sessions.flat_map(|session| run.steps(session)).map(|(_, step)| step).collect();
    let share = bounds::upper(own, group.iter().sum(), 0.01);
    steps.iter().all(|step| *step == Step::Stayed) && share.powf(steps.len() as f64) < RARE
}

/// The error of the lower bound: a leak or two in a small group are no alternation.
const RARE: f64 = 1e-3;
/// Sessions alternate if they change at least this part of what chance would change.
const SOME: f64 = 0.3;
/// The most groups whose sizes are shown.
const SHOWN: usize = 6;

fn in_words(words: &[String]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => words.concat(),
    }
}

/// Pods that some session met, with all pods that are connected to them by sessions.
fn met_by_one_session(run: &Run) -> Vec<BTreeSet<&str>> {
    let mut groups: Vec<BTreeSet<&str>> = Vec::new();
    for session in &run.sessions {
        let mut met: BTreeSet<&str> = session.shots.iter().filter_map(Shot::pod).collect();
        if met.is_empty() {
            continue;
        }
        groups.retain(|group| {
            let apart = group.is_disjoint(&met);
            if !apart {
                met.extend(group);
            }
            apart
        });
        groups.push(met);
    }
    groups
}
