//! The move from one front door to another, seen by sessions that use both.
//!
//! Users keep the site's name while its address changes. For as long as DNS caches remember the old address, a session sends its cookies to
//! both doors: to the new one first, back to the old one, and so on. What a door makes of the other's cookie decides what users notice.
//!
//! | file | decides |
//! |---|---|
//! | `schedule` | at which door each request of a session is made |
//! | `crossing` | what a door made of a cookie that the other one had set |
//! | `identify` | which pods answered, where only logs tell |
//! | `tally` | how often that happened, over all sessions |
//! | `names` | which door sets which cookie, and whether two of one name are sent |
//! | `judge` | the verdict, its findings, and the outcome of each check |
//!
//! Whether each door keeps its own sessions is decided by [`judge`](crate::judge()), as for any site.

pub mod check;
mod crossing;
mod identify;
mod judge;
mod names;
pub mod schedule;
mod tally;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use crossing::{Crossing, Took};
pub use judge::judge;
pub use tally::{Foreign, Tally};

use crate::run::{self, Run};
use crate::seen::{Shot, Socket};
use serde::Serialize;
use std::collections::BTreeSet;

/// One of the two front doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// The one that users leave: `--from`.
    Old,
    /// The one that they come to: `--to`.
    New,
}

impl Door {
    /// Both, the old one first.
    pub const ALL: [Self; 2] = [Self::Old, Self::New];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }

    /// As part of a sentence.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Old => "the old front door",
            Self::New => "the new front door",
        }
    }
}

/// A request of a session at one of the doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Where it was made.
    pub door: Door,
    /// What came of it.
    pub shot: Shot,
}

/// A session that uses both doors, with one cookie jar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Its requests in the order sent.
    pub visits: Vec<Visit>,
}

impl Session {
    /// The door that it began at; `None` before its first request.
    #[must_use]
    pub fn begins(&self) -> Option<Door> {
        self.visits.first().map(|visit| visit.door)
    }

    /// Its requests, cut where it changes doors.
    pub fn stretches(&self) -> impl Iterator<Item = &[Visit]> {
        self.visits.chunk_by(|one, next| one.door == next.door)
    }
}

/// A page whose parts are requested through both doors at the same time, as browsers do that know both addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// The request that bound the session, at the old door.
    pub first: Option<Shot>,
    /// Parallel requests through both doors.
    pub together: Vec<Visit>,
    /// Requests after them, at the new door.
    pub after: Vec<Shot>,
}

/// A session with a socket at the old door that reconnects at the new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconnect {
    /// The request that bound the session, at the old door.
    pub first: Option<Shot>,
    /// Its socket at the old door.
    pub old: Option<Socket>,
    /// The socket that it opened at the new door, before any request there.
    pub new: Option<Socket>,
    /// Its first request at the new door.
    pub after: Option<Shot>,
}

/// Everything that a run at two doors saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migration {
    /// What each door, in the order of [`Door::ALL`], showed by itself: controls, fields of answers, and events. Its sessions are not used.
    pub doors: [Run; 2],
    /// Sessions that began at either door and crossed over, several times.
    pub sessions: Vec<Session>,
    /// Pages that were requested through both doors at once.
    pub splits: Vec<Split>,
    /// Sessions with sockets.
    pub reconnects: Vec<Reconnect>,
}

impl Migration {
    /// What a door showed by itself: its controls, and the requests of sessions that began there until they left.
    #[must_use]
    pub fn alone(&self, door: Door) -> Run {
        let stays = self.sessions.iter().filter(|session| session.begins() == Some(door)).filter_map(|session| session.stretches().next());
        let sessions = stays.map(|visits| run::Session { shots: visits.iter().map(|visit| visit.shot.clone()).collect(), ..run::Session::default() });
        Run { sessions: sessions.collect(), ..self.doors[door as usize].clone() }
    }

    /// Every request over HTTP, with its door.
    pub fn visits(&self) -> impl Iterator<Item = (Door, &Shot)> {
        let controls = Door::ALL.into_iter().flat_map(|door| self.doors[door as usize].controls.iter().map(move |shot| (door, shot)));
        controls
            .chain(self.sessions.iter().flat_map(|session| &session.visits).map(|visit| (visit.door, &visit.shot)))
            .chain(self.splits.iter().flat_map(|split| &split.first).map(|shot| (Door::Old, shot)))
            .chain(self.splits.iter().flat_map(|split| &split.together).map(|visit| (visit.door, &visit.shot)))
            .chain(self.splits.iter().flat_map(|split| &split.after).map(|shot| (Door::New, shot)))
            .chain(self.reconnects.iter().flat_map(|one| &one.first).map(|shot| (Door::Old, shot)))
            .chain(self.reconnects.iter().flat_map(|one| &one.after).map(|shot| (Door::New, shot)))
    }

    /// Every socket, with its door.
    pub fn sockets(&self) -> impl Iterator<Item = (Door, &Socket)> {
        let old = self.reconnects.iter().filter_map(|one| Some((Door::Old, one.old.as_ref()?)));
        old.chain(self.reconnects.iter().filter_map(|one| Some((Door::New, one.new.as_ref()?))))
    }

    /// The pods that answered at a door.
    #[must_use]
    pub fn pods(&self, door: Door) -> BTreeSet<&str> {
        let sockets = self.sockets().map(|(at, socket)| (at, &socket.opened));
        self.visits().chain(sockets).filter(|(at, _)| *at == door).filter_map(|(_, shot)| shot.pod()).collect()
    }
}
