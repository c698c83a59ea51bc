//! What happens to sessions without some of their cookies.

use super::track::{by_time, later, tracks_with};
use crate::bounds;
use crate::run::{Replay, Run, tally};
use std::collections::BTreeSet;

/// Fewer sessions than this may be both lost and kept by accident.
const FEW_MIXED: usize = 3;

pub(super) fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

/// How many sessions were both lost and kept without a lever's cookies.
pub(super) fn mixed(run: &Run, lever: usize, which: impl Fn(&Replay) -> bool) -> usize {
    let sessions = |lost| {
        let replays = run.left_out(lever, |replay| replay.shot.symptom == Some(lost) && which(replay));
        replays.into_iter().map(|replay| replay.session).collect::<BTreeSet<_>>()
    };
    sessions(true).intersection(&sessions(false)).count()
}

/// What happened without the cookies that decide which pod answers.
pub(super) struct Lever {
    pub(super) name: String,
    /// Later requests with all cookies, of the sessions that count: how many were lost, and all.
    with: (u64, u64),
    pub(super) kept: u64,
    pub(super) lost: u64,
    /// Whether sessions were both lost and kept: otherwise it is a matter of the session, not of the pod.
    pub(super) is_mixed: bool,
}

impl Lever {
    /// Only sessions count that were kept on the same path after it: their losses have no other cause.
    pub(super) fn new(run: &Run, lever: usize) -> Self {
        let last = |session: usize| later(&run.sessions[session]).into_iter().rev().find(|(shot, _)| shot.path == 0);
        let counts = |replay: &Replay| last(replay.session).is_some_and(|(shot, lost)| !lost && shot.at > replay.shot.at);
        let measured = run.left_out(lever, |replay| replay.measured && counts(replay));
        let (lost, all) = tally(measured.iter().filter_map(|replay| replay.shot.symptom));
        let sessions: BTreeSet<usize> = measured.iter().map(|replay| replay.session).collect();
        let with = sessions.iter().flat_map(|session| later(&run.sessions[*session])).filter(|(shot, _)| shot.path == 0);
        let with = tally(with.map(|(_, lost)| lost));
        let is_mixed = mixed(run, lever, counts) >= FEW_MIXED.min(sessions.len()).max(1);
        // A restart meanwhile loses sessions too, and a site may begin them anew under the same id.
        let tracks = tracks_with(run, lever, &sessions);
        let is_one_event = by_time(&tracks) && !tracks.iter().any(|track| track.again);
        Self { name: listed(&run.levers[lever]), with, kept: all - lost, lost, is_mixed: is_mixed && !is_one_event }
    }

    /// An upper bound for the odds that chance alone loses no more later requests than were lost, if each is kept with the probability that it
    /// has without the cookies. Sessions differ in that probability, but each made as many requests with the cookies and without: then the
    /// product of their odds is at most that of the mean.
    pub(super) fn chance(&self) -> f64 {
        let (lost, all) = self.with;
        bounds::chance_by_pod(&[(self.kept, all), (self.lost, 0)], lost)
    }
}
