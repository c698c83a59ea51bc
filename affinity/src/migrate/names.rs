//! Which door sets which cookie, and whether two of one name are sent.

use super::{Door, Migration, Session};
use crate::jar::Fate;
use crate::seen::Shot;
use std::collections::{BTreeMap, BTreeSet};

impl Migration {
    /// Names of cookies that answers give another value most of the time, at the same door: the application renews them.
    #[must_use]
    pub fn renewed(&self) -> BTreeSet<&str> {
        let (mut renewed, mut within): (BTreeMap<&str, u64>, u64) = (BTreeMap::new(), 0);
        for visit in self.sessions.iter().flat_map(Session::stretches).flat_map(|stay| &stay[1..]) {
            within += 1;
            for one in visit.shot.offered.iter().filter(|one| one.overwrites) {
                *renewed.entry(&one.name).or_default() += 1;
            }
        }
        renewed.into_iter().filter(|(_, times)| times * 2 > within).map(|(name, _)| name).collect()
    }

    /// Names of cookies that a door gives to sessions that begin there, and that clients send back to it.
    #[must_use]
    pub fn names_at(&self, door: Door) -> BTreeSet<&str> {
        let firsts = self.sessions.iter().filter(|session| session.begins() == Some(door)).filter_map(|session| session.visits.first());
        firsts.flat_map(|visit| &visit.shot.offered).filter(|one| one.fate == Fate::Kept).map(|one| one.name.as_str()).collect()
    }

    /// Names of cookies that only one of the doors sets, for each door: an application behind both sets its own at either.
    #[must_use]
    pub fn own_names(&self) -> [BTreeSet<&str>; 2] {
        let [old, new] = Door::ALL.map(|door| self.names_at(door));
        [&old - &new, &new - &old]
    }

    /// Sessions that sent two cookies of one name after they had crossed, but not before, and how many crossed; with the names.
    #[must_use]
    pub fn doubled(&self) -> (u64, u64, BTreeSet<&str>) {
        let (mut sessions, mut all, mut names) = (0, 0, BTreeSet::new());
        for session in &self.sessions {
            let mut stays = session.stretches();
            let before: BTreeSet<&str> = stays.next().into_iter().flatten().flat_map(|visit| twice(&visit.shot)).collect();
            let after: BTreeSet<&str> = stays.flatten().flat_map(|visit| twice(&visit.shot)).collect();
            let new = &after - &before;
            all += u64::from(!session.crossings().is_empty());
            sessions += u64::from(!new.is_empty());
            names.extend(new);
        }
        (sessions, all, names)
    }
}

/// Names that a request sent more than once.
fn twice(shot: &Shot) -> impl Iterator<Item = &str> {
    shot.carried.iter().enumerate().filter(|(place, name)| shot.carried[..*place].contains(name)).map(|(_, name)| name.as_str())
}
