//! What a door made of a cookie that the other one had set.

use super::{Door, Session};
use crate::jar::Fate;
use crate::seen::{Outcome, Shot};
use serde::Serialize;
use std::collections::BTreeSet;

/// A session's first request at a door after requests at the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing<'a> {
    /// How many times the session crossed before.
    pub number: usize,
    /// The door that it came to.
    pub to: Door,
    /// The pod that last answered it at the other door; `None` if no answer there identified one.
    pub home: Option<&'a str>,
    /// The request.
    pub shot: &'a Shot,
}

/// What a door made of the other's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Took {
    /// It kept the cookie, and set none of its own.
    Accepted,
    /// It set another value under the same name.
    Replaced,
    /// It set a cookie of another name, which the session did not have.
    Added,
    /// It answered with an error, or not at all.
    Error,
}

impl Crossing<'_> {
    /// Whether another pod answered than before; `None` where one of the two is not known.
    #[must_use]
    pub fn moved(&self) -> Option<bool> {
        Some(self.shot.pod()? != self.home?)
    }

    /// What the door made of the cookie. Cookies in `renewed` change with most answers, whoever sets them, and say nothing.
    #[must_use]
    pub fn took(&self, renewed: &BTreeSet<&str>) -> Took {
        let telling = || self.shot.offered.iter().filter(|one| one.fate == Fate::Kept && !renewed.contains(one.name.as_str()));
        match self.shot.outcome {
            Outcome::Lost(_) | Outcome::Nameless { status: 400.. } => Took::Error,
            _ if telling().any(|one| one.overwrites) => Took::Replaced,
            _ if telling().any(|one| !self.shot.carried.contains(&one.name)) => Took::Added,
            _ => Took::Accepted,
        }
    }
}

impl Session {
    /// Each time that it came to a door from the other one.
    #[must_use]
    pub fn crossings(&self) -> Vec<Crossing<'_>> {
        let (mut all, mut home) = (Vec::new(), None);
        for (place, stay) in self.stretches().enumerate() {
            if let (Some(number), [first, ..]) = (place.checked_sub(1), stay) {
                all.push(Crossing { number, to: first.door, home, shot: &first.shot });
            }
            // A stay without any named answer leaves the session where it was.
            home = stay.iter().rev().find_map(|visit| visit.shot.pod()).or(home);
        }
        all
    }

    /// Whether it was on one pod at each door, in at least two stays at one of them; `None` if there were fewer.
    #[must_use]
    pub fn has_one_pod_by_door(&self) -> Option<bool> {
        let (mut pods, mut stays) = ([BTreeSet::new(), BTreeSet::new()], [0, 0]);
        for stay in self.stretches() {
            let named: BTreeSet<&str> = stay.iter().filter_map(|visit| visit.shot.pod()).collect();
            let Some(door) = stay.first().map(|visit| visit.door as usize).filter(|_| !named.is_empty()) else { continue };
            stays[door] += 1;
            pods[door].extend(named);
        }
        (stays.iter().all(|stays| *stays > 0) && stays.iter().any(|stays| *stays > 1)).then(|| pods.iter().all(|pods| pods.len() == 1))
    }

    /// Requests within its stays at a door after the first crossing, and how many of them left the pod that the stay began on.
    #[must_use]
    pub fn unsettled(&self, door: Door) -> (u64, u64) {
        let stays = self.stretches().skip(1).filter(|stay| stay.first().is_some_and(|visit| visit.door == door));
        stays.fold((0, 0), |(left, all), stay| {
            let mut pods = stay.iter().filter_map(|visit| visit.shot.pod());
            let Some(first) = pods.next() else { return (left, all) };
            pods.fold((left, all), |(left, all), pod| (left + u64::from(pod != first), all + 1))
        })
    }
}
