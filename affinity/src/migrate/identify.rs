//! Identities that come afterwards, from the logs of one door.

use super::{Door, Migration, Visit};
use crate::identify::{SWITCHING, identify};
use crate::seen::{Outcome, Shot, Socket};
use crate::told::{Lines, Unasked};
use std::collections::BTreeSet;

impl Migration {
    /// Takes over what the logs of a door say of requests and sockets there that are not identified yet. Each door has markers of its own.
    pub fn identify(&mut self, door: Door, lines: &Lines, unasked: &Unasked) {
        self.shots_mut(door).into_iter().for_each(|shot| drop(identify(shot, lines, unasked, true)));
        for socket in self.sockets_mut(door) {
            let is_open = matches!(socket.opened.outcome, Outcome::Nameless { status: SWITCHING });
            if let Some(who) = identify(&mut socket.opened, lines, unasked, is_open).filter(|_| !is_open) {
                socket.refused_by = Some(who);
            }
        }
    }

    /// The markers that a line in the logs of a door may still come for.
    #[must_use]
    pub fn awaited(&self, door: Door) -> BTreeSet<u32> {
        let sockets = self.sockets().map(|(at, socket)| (at, &socket.opened));
        let here = self.visits().chain(sockets).filter(|(at, _)| *at == door).map(|(_, shot)| shot);
        here.filter(|shot| shot.is_unidentified()).filter_map(|shot| shot.mark).collect()
    }

    fn shots_mut(&mut self, door: Door) -> Vec<&mut Shot> {
        let is_here = move |visit: &&mut Visit| visit.door == door;
        let sessions = self.sessions.iter_mut().flat_map(|session| &mut session.visits).filter(is_here).map(|visit| &mut visit.shot);
        let mut all: Vec<&mut Shot> = self.doors[door as usize].controls.iter_mut().chain(sessions).collect();
        for split in &mut self.splits {
            all.extend(split.together.iter_mut().filter(is_here).map(|visit| &mut visit.shot));
            match door {
                Door::Old => all.extend(&mut split.first),
                Door::New => all.extend(&mut split.after),
            }
        }
        for one in &mut self.reconnects {
            all.extend(match door {
                Door::Old => &mut one.first,
                Door::New => &mut one.after,
            });
        }
        all
    }

    fn sockets_mut(&mut self, door: Door) -> impl Iterator<Item = &mut Socket> {
        self.reconnects.iter_mut().filter_map(move |one| match door {
            Door::Old => one.old.as_mut(),
            Door::New => one.new.as_mut(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::{Reconnect, Session};
    use crate::told::{By, Named, Told};

    fn told(pod: &str) -> Told {
        Told { pod: pod.to_owned(), named: Named::Pod, tried: Vec::new(), by: By::Access }
    }

    #[test]
    fn each_door_has_lines_of_its_own() {
        let shot = |status| Shot { outcome: Outcome::Nameless { status }, mark: Some(1), ..Shot::none() };
        let visit = |door| Visit { door, shot: shot(200) };
        let socket = |status| Some(Socket { opened: shot(status), refused_by: None, end: None });
        let mut run = Migration {
            sessions: vec![Session { visits: Door::ALL.map(visit).into() }],
            reconnects: vec![Reconnect { old: socket(101), new: socket(403), ..Reconnect::default() }],
            ..Migration::default()
        };
        assert_eq!(Door::ALL.map(|door| run.awaited(door).len()), [1, 1]);
        run.identify(Door::Old, &Lines::from([(1, told("a"))]), &Unasked::new());
        run.identify(Door::New, &Lines::from([(1, told("b"))]), &Unasked::new());
        let pods: Vec<Option<&str>> = run.visits().map(|(_, shot)| shot.pod()).collect();
        assert_eq!(pods, [Some("a"), Some("b")]);
        let sockets: Vec<(Option<&str>, Option<&str>)> =
            run.sockets().map(|(_, socket)| (socket.opened.pod(), socket.refused_by.as_ref().map(|who| who.pod.as_str()))).collect();
        assert_eq!(sockets, [(Some("a"), None), (None, Some("b"))]);
        assert!(Door::ALL.iter().all(|door| run.awaited(*door).is_empty()));
    }
}
