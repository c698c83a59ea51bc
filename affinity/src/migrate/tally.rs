//! How often sessions moved when they changed doors, over all sessions.

use super::{Crossing, Door, Migration, Reconnect, Session, Split, Took};
use crate::run::tally;
use crate::seen::{Outcome, Shot};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a door made of the other's cookies: requests that came with them, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Foreign {
    /// Requests with the other's cookie.
    pub requests: u64,
    /// The door kept the cookie, and the session's own pod answered.
    pub same_pod: u64,
    /// The door kept the cookie, and another pod answered.
    pub elsewhere: u64,
    /// The door replaced the cookie's value, whichever pod answered.
    pub replaced: u64,
    /// The door set a cookie of its own under another name, whichever pod answered.
    pub added: u64,
    /// The answer was an error, or there was none.
    pub errors: u64,
}

/// Counts of a migration. Each pair is how many, and of how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// What each door, in the order of [`Door::ALL`], made of cookies that it had not set: each session's first request there.
    pub foreign: [Foreign; 2],
    /// Sessions that moved with their first request at the new door.
    pub cut_over: (u64, u64),
    /// Of those, how many had to: their pod does not answer at the new door.
    pub forced: u64,
    /// Sessions from the old door that moved with a return to the old door.
    pub back: (u64, u64),
    /// Sessions from the old door that moved with a later arrival at the new one.
    pub again: (u64, u64),
    /// Sessions from the new door that moved with their first request at the old one, as after a rollback.
    pub roll_back: (u64, u64),
    /// Requests at the new door after a crossing that left the pod on which the stay began.
    pub unsettled: (u64, u64),
    /// Sessions from the old door that were on one pod at each door all the time, of those that moved.
    pub one_pod_by_door: (u64, u64),
    /// First requests with the other's cookie, at the door where more failed, that got an error; and controls of that door that did.
    pub errors: (Option<Door>, (u64, u64), (u64, u64)),
    /// Sessions that sent two cookies of one name after they had crossed.
    pub doubled: (u64, u64),
    /// Pages through both doors at once that met more than one pod.
    pub split: (u64, u64),
    /// Sessions of such pages that did not stay on one pod afterwards.
    pub split_unsettled: (u64, u64),
    /// Sockets that reached another pod at the new door than at the old one.
    pub sockets: (u64, u64),
    /// Sockets that could not be opened at the new door, of those that were open at the old one.
    pub refused_sockets: (u64, u64),
    /// First requests after such a socket that another pod answered.
    pub after_socket: (u64, u64),
}

impl Tally {
    /// Counts a run.
    #[must_use]
    pub fn new(migration: &Migration) -> Self {
        let renewed = migration.renewed();
        let pods = Door::ALL.map(|door| migration.pods(door));
        let of = |door: Door| migration.sessions.iter().filter(move |session| session.begins() == Some(door));
        let crossings: Vec<(Door, Crossing<'_>)> =
            Door::ALL.into_iter().flat_map(|door| of(door).flat_map(Session::crossings).map(move |crossing| (door, crossing))).collect();
        let moved = |which: &dyn Fn(Door, &Crossing<'_>) -> bool| {
            tally(crossings.iter().filter(|(began, crossing)| which(*began, crossing)).filter_map(|(_, crossing)| crossing.moved()))
        };
        let first_over = |began: Door, crossing: &Crossing<'_>| began == Door::Old && crossing.number == 0;
        let is_gone = |crossing: &Crossing<'_>| crossing.home.is_some_and(|home| !pods[crossing.to as usize].contains(home));
        let forced = crossings.iter().filter(|(began, crossing)| first_over(*began, crossing) && crossing.moved() == Some(true) && is_gone(crossing));
        let stays = of(Door::Old).filter(|session| session.crossings().iter().any(|crossing| crossing.moved() == Some(true)));
        let sockets = |which: &dyn Fn(&Reconnect) -> Option<bool>| tally(migration.reconnects.iter().filter_map(which));
        Self {
            foreign: Door::ALL.map(|door| foreign(door, &crossings, &renewed)),
            cut_over: moved(&first_over),
            forced: forced.count() as u64,
            back: moved(&|began, crossing| began == Door::Old && crossing.to == Door::Old),
            again: moved(&|began, crossing| began == Door::Old && crossing.to == Door::New && crossing.number > 0),
            roll_back: moved(&|began, crossing| began == Door::New && crossing.number == 0),
            unsettled: migration.sessions.iter().map(|session| session.unsettled(Door::New)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)),
            one_pod_by_door: tally(stays.filter_map(Session::has_one_pod_by_door)),
            errors: errors(migration, &crossings),
            doubled: {
                let (doubled, all, _) = migration.doubled();
                (doubled, all)
            },
            split: tally(migration.splits.iter().filter_map(|split| Some(split.pods()?.len() > 1))),
            split_unsettled: tally(migration.splits.iter().filter_map(Split::is_unsettled)),
            sockets: sockets(&|one| Some(one.new.as_ref()?.opened.pod()? != one.old_pod()?)),
            refused_sockets: sockets(&|one| one.old.as_ref()?.opened.pod().map(|_| one.new.as_ref().is_none_or(|new| is_refused(&new.opened)))),
            after_socket: sockets(&|one| Some(one.after.as_ref()?.pod()? != one.new.as_ref()?.opened.pod()?)),
        }
    }

    /// Returns to a door that sessions from the old one had used before, and how many of them moved.
    #[must_use]
    pub const fn returns(&self) -> (u64, u64) {
        (self.back.0 + self.again.0, self.back.1 + self.again.1)
    }

    /// Sessions that moved at the cut-over although their pod answers at the new door too, and how many could stay.
    #[must_use]
    pub fn avoidable(&self) -> (u64, u64) {
        (self.cut_over.0 - self.forced, self.cut_over.1 - self.forced)
    }
}

fn is_refused(shot: &Shot) -> bool {
    !matches!(shot.outcome, Outcome::By(_) | Outcome::Nameless { status: 101 })
}

impl Split {
    /// The pods that parallel requests met; `None` if no answer identified one.
    fn pods(&self) -> Option<BTreeSet<&str>> {
        let pods: BTreeSet<&str> = self.together.iter().filter_map(|visit| visit.shot.pod()).collect();
        (!pods.is_empty()).then_some(pods)
    }

    /// Whether the requests after them met several pods; `None` with fewer than two answers.
    fn is_unsettled(&self) -> Option<bool> {
        let pods: Vec<&str> = self.after.iter().filter_map(Shot::pod).collect();
        (pods.len() > 1).then(|| pods.iter().any(|pod| *pod != pods[0]))
    }
}

impl Reconnect {
    /// The pod of the session before it came to the new door.
    fn old_pod(&self) -> Option<&str> {
        self.old.as_ref().and_then(|socket| socket.opened.pod()).or_else(|| self.first.as_ref()?.pod())
    }
}

fn foreign(door: Door, crossings: &[(Door, Crossing<'_>)], renewed: &BTreeSet<&str>) -> Foreign {
    let mut seen = Foreign::default();
    // Later, sessions may have a cookie of this door as well.
    for (_, crossing) in crossings.iter().filter(|(began, crossing)| *began != door && crossing.number == 0) {
        seen.requests += 1;
        match (crossing.took(renewed), crossing.moved()) {
            (Took::Error, _) => seen.errors += 1,
            (Took::Replaced, _) => seen.replaced += 1,
            (Took::Added, _) => seen.added += 1,
            (Took::Accepted, Some(false)) => seen.same_pod += 1,
            (Took::Accepted, Some(true)) => seen.elsewhere += 1,
            (Took::Accepted, None) => {}
        }
    }
    seen
}

/// The door where most requests with the other's cookie failed, how many did, and how many controls.
fn errors(migration: &Migration, crossings: &[(Door, Crossing<'_>)]) -> (Option<Door>, (u64, u64), (u64, u64)) {
    let failed = |shot: &Shot| matches!(shot.outcome, Outcome::Lost(_) | Outcome::Nameless { status: 400.. });
    let at = |door: Door| {
        let came = tally(crossings.iter().filter(|(_, crossing)| crossing.to == door).map(|(_, crossing)| failed(crossing.shot)));
        (Some(door), came, tally(migration.doors[door as usize].controls.iter().map(failed)))
    };
    let [old, new] = Door::ALL.map(at);
    if old.1.0 > new.1.0 { old } else { new }
}

impl Migration {
    /// The statuses of failed requests at a door that came with the other's cookie, with how many of each; 0 stands for no answer.
    #[must_use]
    pub fn failed_crossings(&self, door: Door) -> BTreeMap<u16, u64> {
        let mut all = BTreeMap::new();
        for crossing in self.sessions.iter().flat_map(Session::crossings).filter(|crossing| crossing.to == door) {
            match crossing.shot.outcome {
                Outcome::Nameless { status: status @ 400.. } => *all.entry(status).or_default() += 1,
                Outcome::Lost(_) => *all.entry(0).or_default() += 1,
                _ => {}
            }
        }
        all
    }
}
