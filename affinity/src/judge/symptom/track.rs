//! When sessions were lost and found again.

use crate::run::{Run, Session, tally};
use crate::seen::Shot;
use std::collections::BTreeSet;
use std::time::Duration;

/// The later requests of a session on one path.
pub(super) struct Track {
    pub(super) session: usize,
    /// Its first loss.
    pub(super) lost: Option<Lost>,
    /// Whether it was kept after that.
    pub(super) found: bool,
    /// Whether it was lost again after that.
    pub(super) again: bool,
    /// The least age at which it was lost, and the greatest at which it was kept. A session that was lost counts as a new one.
    ages: (Option<Duration>, Duration),
}

/// When a session was lost: after the start of the last request that kept it, and before the end of the first one that lost it.
pub(super) struct Lost {
    since: Duration,
    pub(super) until: Duration,
    /// Whether any later request had kept it before.
    was_kept: bool,
}

impl Track {
    /// From the first answer's end and the answers after it, in order, each with whether it lost the session. Those that do not count tell
    /// only when a site may have begun the session anew.
    fn new<'a>(session: usize, began: Duration, answers: impl Iterator<Item = (&'a Shot, bool)>, counts: impl Fn(&Shot) -> bool) -> Self {
        let mut track = Self { session, lost: None, found: false, again: false, ages: (None, Duration::ZERO) };
        let (mut kept, mut born, mut perhaps_born) = (None, began, began);
        for (shot, is_lost) in answers {
            let until = shot.at + shot.took;
            if !counts(shot) {
                perhaps_born = if is_lost { until } else { perhaps_born };
            } else if is_lost {
                track.again |= track.found;
                track.lost.get_or_insert_with(|| Lost { since: kept.unwrap_or(began), until, was_kept: kept.is_some() });
                let age = until.saturating_sub(born);
                track.ages.0 = Some(track.ages.0.map_or(age, |least| least.min(age)));
                (born, perhaps_born) = (until, until);
            } else {
                track.found |= track.lost.is_some();
                track.ages.1 = track.ages.1.max(shot.at.saturating_sub(perhaps_born));
                kept = Some(shot.at);
            }
        }
        track
    }

    /// Whether it had been lost by then, and for good.
    pub(super) fn is_lost_before(&self, at: Duration) -> bool {
        !self.found && self.lost.as_ref().is_some_and(|lost| lost.until <= at)
    }
}

/// The tracks of all sessions. A path may always show the symptom, whatever the session, so each path has its own.
pub(super) fn tracks(run: &Run) -> Vec<Track> {
    let mut tracks = Vec::new();
    for (place, session) in run.sessions.iter().enumerate() {
        let (began, later) = (began(session), later(session));
        let paths: BTreeSet<usize> = later.iter().map(|(shot, _)| shot.path).collect();
        let all = with_replays(run, place, &later, None);
        let is_own = |shot: &Shot| later.iter().any(|(own, _)| std::ptr::eq(*own, shot));
        tracks.extend(paths.into_iter().map(|path| Track::new(place, began, all.iter().copied(), |shot| shot.path == path && is_own(shot))));
    }
    tracks
}

/// The tracks of some sessions on the path of the replays, with those of one lever.
pub(super) fn tracks_with(run: &Run, lever: usize, sessions: &BTreeSet<usize>) -> Vec<Track> {
    let track = |place: &usize| {
        let session = &run.sessions[*place];
        let all = with_replays(run, *place, &later(session), Some(lever));
        Track::new(*place, began(session), all.into_iter(), |shot| shot.path == 0)
    };
    sessions.iter().map(track).collect()
}

/// A session's later answers and those of its replays, with one lever or with all, in the order sent.
fn with_replays<'a>(run: &'a Run, session: usize, later: &[(&'a Shot, bool)], lever: Option<usize>) -> Vec<(&'a Shot, bool)> {
    let replays = run.replays.iter().filter(|replay| replay.session == session && lever.is_none_or(|lever| replay.lever == lever));
    let replays = replays.filter_map(|replay| Some((&replay.shot, replay.shot.symptom?)));
    let mut all: Vec<(&Shot, bool)> = later.iter().copied().chain(replays).collect();
    all.sort_by_key(|(shot, _)| shot.at);
    all
}

/// When a session's first answer was there.
fn began(session: &Session) -> Duration {
    session.shots.first().map_or(Duration::ZERO, |first| first.at + first.took)
}

/// A session's later answers that show whether it was lost; none if its first request failed, so that it never began.
pub(super) fn later(session: &Session) -> Vec<(&Shot, bool)> {
    match session.shots.split_first() {
        Some((first, later)) if first.symptom.is_some() => later.iter().filter_map(|shot| Some((shot, shot.symptom?))).collect(),
        _ => Vec::new(),
    }
}

/// Whether time explains all losses: a restart that loses sessions at one moment, or an age at which they end. A site that begins a lost
/// session anew under the same id seems to find it again. A single loss in the whole run is such a moment, too.
pub(super) fn by_time(tracks: &[Track]) -> bool {
    let lost: Vec<(&Track, &Lost)> = tracks.iter().filter_map(|track| Some((track, track.lost.as_ref()?))).collect();
    let is_one_moment = lost.iter().map(|(_, lost)| lost.since).max() < lost.iter().map(|(_, lost)| lost.until).min();
    // A session that is lost a second time was lost to something else, unless its pod is gone and it wanders.
    let is_once = lost.iter().all(|(_, lost)| lost.was_kept) || !lost.iter().any(|(track, _)| track.again);
    is_one_moment && is_once || by_age(tracks)
}

/// Whether every session that was lost was older then than any that was kept.
pub(super) fn by_age(tracks: &[Track]) -> bool {
    let lost = tracks.iter().filter_map(|track| track.ages.0).min();
    lost.is_some() && lost > tracks.iter().map(|track| track.ages.1).max()
}

impl Run {
    /// How many later requests lost their session, and how many later requests show whether they did.
    #[must_use]
    pub fn lost_requests(&self) -> (u64, u64) {
        tally(self.sessions.iter().flat_map(later).map(|(_, lost)| lost))
    }

    /// How many sessions were ever lost, and how many there are with a later request that shows whether they were.
    #[must_use]
    pub fn lost_sessions(&self) -> (u64, u64) {
        let sessions = self.sessions.iter().map(later).filter(|later| !later.is_empty());
        tally(sessions.map(|later| later.iter().any(|(_, lost)| *lost)))
    }

    /// Whether sessions were lost and found again, and time doesn't explain it: then there is nothing more to find out.
    #[must_use]
    pub fn finds_lost_sessions(&self) -> bool {
        let tracks = tracks(self);
        tracks.iter().any(|track| track.found) && !by_time(&tracks)
    }

    /// Of requests without the cookies of a lever: how many lost their session, and how many show whether they did.
    #[must_use]
    pub fn lost_without(&self, lever: usize) -> (u64, u64) {
        tally(self.left_out(lever, |_| true).iter().filter_map(|replay| replay.shot.symptom))
    }
}
