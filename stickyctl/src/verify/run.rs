//! What a run saw: answers, by session and by control, with nothing concluded yet.

use super::jar::Fate;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What came of one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answered and said who.
    By(Who),
    /// An answer that does not say whose it is: a proxy's own page, an error. Never a move.
    Nameless {
        /// The status.
        status: u16,
    },
    /// No answer: the connection, TLS, time. Never a move.
    Lost(String),
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// The pod.
    pub pod: String,
    /// The worker, where it is told.
    pub worker: Option<String>,
}

/// A cookie that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// Its attributes as they would be written, without its value.
    pub attributes: String,
    /// What the jar made of it.
    pub fate: Fate,
}

/// One probe, seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// When it began, from the start of the run.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// Names of the cookies that went along.
    pub carried: Vec<String>,
    /// Cookies that came, and what the jar made of them.
    pub offered: Vec<Offered>,
    /// Whether a cache says that it is its own (`Age`, RFC 9111 section 5.1).
    pub cached: bool,
}

impl Shot {
    /// The pod that answered.
    #[must_use]
    pub fn pod(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::By(who) => Some(&who.pod),
            _ => None,
        }
    }
}

/// One session: its requests in order, the first among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Its requests.
    pub shots: Vec<Shot>,
    /// Its sockets, opened after the requests: the first, and one more after that was closed.
    pub sockets: Vec<Shot>,
}

impl Session {
    /// The pod that bound it, and where among its requests: the first one that said who it is.
    #[must_use]
    pub fn bound(&self) -> Option<(usize, &str)> {
        self.shots.iter().enumerate().find_map(|(place, shot)| Some((place, shot.pod()?)))
    }

    /// Requests after the one that bound it which say who answered: their places, and whether each is a move. A move is a request
    /// whose pod is not the one that bound the session.
    pub fn later(&self) -> impl Iterator<Item = (usize, bool)> {
        let bound = self.bound();
        self.shots.iter().enumerate().filter_map(move |(place, shot)| {
            let (first, pod) = bound?;
            (place > first).then_some(())?;
            Some((place, shot.pod()? != pod))
        })
    }

    /// How often the pod is another one than that of the request before: from A to B and back is two changes, and one move.
    #[must_use]
    pub fn changes(&self) -> u64 {
        let pods: Vec<&str> = self.shots.iter().filter_map(Shot::pod).collect();
        pods.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
    }
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Requests without a cookie.
    pub controls: Vec<Shot>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// Sessions that opened a socket before anything else: the socket, and the request after it.
    pub socket_first: Vec<(Shot, Option<Shot>)>,
    /// First requests of one session, all at once, and its requests after them.
    pub at_once: (Vec<Shot>, Vec<Shot>),
    /// Requests of the first session, all at once: a proxy that pools its connections to a pod needs several for them.
    pub together: Vec<Shot>,
    /// Requests of a session that came with a cookie's value which nobody issued.
    pub dead_cookie: Vec<Shot>,
    /// Requests of the first session, without its cookies: where it stays all the same, the cookie is not the cause.
    pub replayed: Vec<Shot>,
}

impl Run {
    /// Every probe.
    pub fn shots(&self) -> impl Iterator<Item = &Shot> {
        self.controls
            .iter()
            .chain(self.sessions.iter().flat_map(|session| &session.shots))
            .chain(&self.replayed)
            .chain(self.at_once.0.iter().chain(&self.at_once.1))
            .chain(&self.together)
            .chain(&self.dead_cookie)
    }

    /// Every socket that was tried.
    pub fn sockets(&self) -> impl Iterator<Item = &Shot> {
        self.sessions.iter().flat_map(|session| &session.sockets).chain(self.socket_first.iter().map(|(socket, _)| socket))
    }

    /// Of the sockets of sessions at a place (0 the first, 1 the one after it), those on the pod of their session, and all.
    #[must_use]
    pub fn sockets_in_place(&self, place: usize) -> (u64, u64) {
        let pairs = self.sessions.iter().filter_map(|session| Some((session.bound()?.1, session.sockets.get(place)?.pod()?)));
        pairs.fold((0, 0), |(same, all), (bound, pod)| (same + u64::from(bound == pod), all + 1))
    }

    /// Of the sessions that began with a socket, those whose request reached its pod, and all.
    #[must_use]
    pub fn stayed_after_socket(&self) -> (u64, u64) {
        let pairs = self.socket_first.iter().filter_map(|(socket, request)| Some((socket.pod()?, request.as_ref()?.pod()?)));
        pairs.fold((0, 0), |(same, all), (socket, request)| (same + u64::from(socket == request), all + 1))
    }

    /// How many controls each pod answered.
    #[must_use]
    pub fn spread(&self) -> BTreeMap<&str, u64> {
        let mut spread = BTreeMap::new();
        for pod in self.controls.iter().filter_map(Shot::pod) {
            *spread.entry(pod).or_default() += 1;
        }
        spread
    }

    /// The workers that each pod was seen with.
    #[must_use]
    pub fn workers(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut workers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for shot in self.shots() {
            if let Outcome::By(Who { pod, worker: Some(worker) }) = &shot.outcome {
                workers.entry(pod).or_default().insert(worker);
            }
        }
        workers
    }

    /// Moves, and the later requests that they are of.
    #[must_use]
    pub fn moves(&self) -> (u64, u64) {
        self.sessions.iter().flat_map(Session::later).fold((0, 0), |(moves, all), (_, moved)| (moves + u64::from(moved), all + 1))
    }

    /// Sessions with a move, and the sessions that have later requests at all.
    #[must_use]
    pub fn moved_sessions(&self) -> (u64, u64) {
        let judged = self.sessions.iter().filter(|session| session.later().next().is_some());
        judged.fold((0, 0), |(moved, all), session| (moved + u64::from(session.later().any(|(_, moved)| moved)), all + 1))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A shot by a pod; `-` is none.
    pub fn shot(pod: &str) -> Shot {
        let outcome = match pod {
            "-" => Outcome::Nameless { status: 502 },
            pod => Outcome::By(Who { pod: pod.to_owned(), worker: Some("0".to_owned()) }),
        };
        Shot { at: Duration::ZERO, took: Duration::from_millis(1), outcome, carried: Vec::new(), offered: Vec::new(), cached: false }
    }

    /// One request a second.
    pub fn session(pods: &str) -> Session {
        Session { shots: timed(pods.split(' ').map(shot).collect(), 1.0), sockets: Vec::new() }
    }

    /// So many seconds apart.
    pub fn timed(mut shots: Vec<Shot>, step: f64) -> Vec<Shot> {
        shots.iter_mut().enumerate().for_each(|(n, shot)| shot.at = Duration::from_secs_f64(n as f64 * step));
        shots
    }

    #[test]
    fn a_move_is_not_a_change() {
        let there_and_back = session("a a b a b b a");
        assert_eq!(there_and_back.later().filter(|(_, moved)| *moved).count(), 3);
        assert_eq!(there_and_back.changes(), 4);
        let once = session("a b b b");
        assert_eq!((once.later().filter(|(_, moved)| *moved).count(), once.changes()), (3, 1));
    }

    #[test]
    fn what_has_no_name_is_no_move() {
        let run = Run { sessions: vec![session("- a - a a"), session("- - -"), session("b")], ..Run::default() };
        assert_eq!((run.moves(), run.moved_sessions()), ((0, 2), (0, 1)));
        assert_eq!(run.sessions[0].bound(), Some((1, "a")));
    }
}
