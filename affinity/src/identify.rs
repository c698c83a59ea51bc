//! Identities that come afterwards, from logs.
//!
//! A request that carries a [marker](crate::marker) gets an answer that identifies no pod. A line of a log with the same marker says later which
//! pod it was. The line about a socket comes when the socket has ended.

use crate::run::Run;
use crate::seen::{Outcome, Shot, Socket, Who};
use crate::told::{By, Lines, Told, Unasked};
use std::collections::BTreeSet;

/// The status of a handshake that opened a socket (RFC 6455 section 1.3).
pub(crate) const SWITCHING: u16 = 101;

/// How many requests each source identified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named {
    /// By the answer itself.
    pub answer: u64,
    /// By the front door's access log.
    pub access_log: u64,
    /// By the log of the application's own pods.
    pub pod_log: u64,
}

impl Run {
    /// Takes over what logs say of requests and sockets that are not identified yet. For a 429 or a 5xx only the retries count: a proxy may have
    /// made up the answer. A handshake that was refused identifies who refused it, but no socket.
    pub fn identify(&mut self, lines: &Lines, unasked: &Unasked) {
        self.shots_mut().for_each(|shot| drop(identify(shot, lines, unasked, true)));
        for socket in self.sockets_mut() {
            let is_open = matches!(socket.opened.outcome, Outcome::Nameless { status: SWITCHING });
            if let Some(who) = identify(&mut socket.opened, lines, unasked, is_open).filter(|_| !is_open) {
                socket.refused_by = Some(who);
            }
        }
    }

    /// Forgets the markers: no log is to tell who answered, because answers do.
    pub fn without_logs(&mut self) {
        self.logs = None;
        self.shots_mut().for_each(|shot| shot.mark = None);
        self.sockets_mut().for_each(|socket| socket.opened.mark = None);
    }

    /// The markers that a line may still come for: of answers, and of sockets that were refused or have ended.
    #[must_use]
    pub fn awaited(&self) -> BTreeSet<u32> {
        let is_over = |socket: &&Socket| socket.end.is_some() || socket.opened.outcome != Outcome::Nameless { status: SWITCHING };
        let sockets = self.sockets().filter(is_over).map(|socket| &socket.opened);
        self.shots().chain(sockets).filter(|shot| shot.is_unidentified()).filter_map(|shot| shot.mark).collect()
    }

    /// How many requests each source identified.
    #[must_use]
    pub fn named(&self) -> Named {
        self.shots().filter(|shot| shot.pod().is_some()).fold(Named::default(), |mut named, shot| {
            *match shot.told.as_ref().map(|told| told.by) {
                None => &mut named.answer,
                Some(By::Access) => &mut named.access_log,
                Some(By::Pod) => &mut named.pod_log,
            } += 1;
            named
        })
    }

    /// How many requests and sockets the front door gave to another pod after it had tried one, according to its log.
    #[must_use]
    pub fn retries(&self) -> u64 {
        let sockets = self.sockets().map(|socket| &socket.opened);
        self.shots().chain(sockets).filter(|shot| !shot.tried().is_empty()).count() as u64
    }

    fn shots_mut(&mut self) -> impl Iterator<Item = &mut Shot> {
        let (at_once, dead) = (&mut self.at_once, &mut self.dead_at_once);
        let sessions = self.sessions.iter_mut().flat_map(|session| {
            let messages = session.local.iter_mut().chain(&mut session.relayed);
            session.shots.iter_mut().chain(messages.map(|delivery| &mut delivery.posted))
        });
        self.controls
            .iter_mut()
            .chain(sessions)
            .chain(&mut self.replayed)
            .chain(at_once.0.iter_mut().chain(&mut at_once.1))
            .chain(self.together.iter_mut().flatten())
            .chain(&mut self.dead_cookie)
            .chain(dead.0.iter_mut().chain(&mut dead.1))
            .chain(self.kept.iter_mut().flatten())
            .chain(self.shared.iter_mut().flatten().map(|(_, shot)| shot))
            .chain(self.uncached.iter_mut().map(|(_, shot)| shot))
            .chain(self.replays.iter_mut().map(|replay| &mut replay.shot))
            .chain(self.rewound.iter_mut().map(|(_, shot)| shot))
            .chain(self.socket_first.iter_mut().filter_map(|first| first.after.as_mut()))
    }

    fn sockets_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        let first = self.socket_first.iter_mut().flat_map(|first| std::iter::once(&mut first.socket).chain(&mut first.again));
        self.sessions.iter_mut().flat_map(|session| &mut session.sockets).chain(first).chain(&mut self.idle)
    }
}

/// Takes over what logs say of an answer, and returns who gave it. Only if it `counts`, the answer is that pod's from then on.
pub(crate) fn identify(shot: &mut Shot, lines: &Lines, unasked: &Unasked, counts: bool) -> Option<Who> {
    let (Outcome::Nameless { status }, Some(mark)) = (&shot.outcome, shot.mark) else { return None };
    // The pods' own logs may say later what an access log could not.
    if shot.told.as_ref().is_some_and(|told| told.tells()) {
        return None;
    }
    let Some(told) = lines.get(&mark) else {
        if unasked.contains(&mark) {
            // It is the front door's own answer, so there is nothing to wait for.
            shot.mark = None;
        }
        return None;
    };
    let who = Some(told).filter(|told| told.tells()).map(|told| Who { pod: told.pod.clone(), worker: None });
    if counts && who.is_some() {
        shot.outcome = Outcome::of(*status, who.clone());
    }
    shot.told = Some(Box::<Told>::new(told.clone()));
    who
}
