//! What a run saw: answers, by session and by control, with nothing concluded yet.

use super::ends::Why;
use super::moves::{Cause, Step};
use super::seen::{Delivery, Event, Outcome, Shot, Socket, What, Who};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Fewer answers than this without a session's cookies tell nothing.
pub const FEW_REPLAYED: u64 = 5;

/// A session that began with a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketFirst {
    /// The socket, held for the whole run.
    pub socket: Socket,
    /// The request after it.
    pub after: Option<Shot>,
    /// The socket that was opened when the first one had ended.
    pub again: Option<Socket>,
}

/// One session: its requests in order, the first among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Its requests.
    pub shots: Vec<Shot>,
    /// Its sockets, opened after the requests: the first, and one more after that was closed.
    pub sockets: Vec<Socket>,
    /// Messages for its first socket by the worker that got the request.
    pub local: Vec<Delivery>,
    /// Messages for it through the bus.
    pub relayed: Vec<Delivery>,
}

impl Session {
    /// The pod that bound it, and where among its requests: the first one that said who it is.
    #[must_use]
    pub fn bound(&self) -> Option<(usize, &str)> {
        self.shots.iter().enumerate().find_map(|(place, shot)| Some((place, shot.pod()?)))
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
    /// Sessions that opened a socket before anything else.
    pub socket_first: Vec<SocketFirst>,
    /// Sockets over which nothing was said.
    pub idle: Vec<Socket>,
    /// First requests of one session, all at once, and its requests after them.
    pub at_once: (Vec<Shot>, Vec<Shot>),
    /// Requests of some sessions, all of a session's at once: a proxy that pools its connections to a pod needs several for them.
    pub together: Vec<Vec<Shot>>,
    /// Requests of a session that came with a cookie's value which nobody issued.
    pub dead_cookie: Vec<Shot>,
    /// The names of the site's cookies that had such a value then.
    pub forged: BTreeSet<String>,
    /// Requests of the first session, without its cookies: where it stays all the same, the cookie is not the cause.
    pub replayed: Vec<Shot>,
    /// Requests without a cookie, several on a connection: what somebody sees who keeps it.
    pub kept: Vec<Vec<Shot>>,
    /// Requests that no cache can have, of a session or without a cookie, where the controls met one pod only or sessions moved.
    pub uncached: Vec<(Option<usize>, Shot)>,
    /// What happened beside the probes, in order.
    pub events: Vec<Event>,
}

impl Run {
    /// Every probe.
    pub fn shots(&self) -> impl Iterator<Item = &Shot> {
        self.controls
            .iter()
            .chain(self.sessions.iter().flat_map(|session| &session.shots))
            .chain(&self.replayed)
            .chain(self.at_once.0.iter().chain(&self.at_once.1))
            .chain(self.together.iter().flatten())
            .chain(&self.dead_cookie)
            .chain(self.kept.iter().flatten())
            .chain(self.uncached.iter().map(|(_, shot)| shot))
            .chain(self.socket_first.iter().filter_map(|first| first.after.as_ref()))
            .chain(self.sessions.iter().flat_map(|session| session.local.iter().chain(&session.relayed)).map(|delivery| &delivery.posted))
    }

    /// Every socket that was tried.
    pub fn sockets(&self) -> impl Iterator<Item = &Socket> {
        let first = self.socket_first.iter().flat_map(|first| std::iter::once(&first.socket).chain(&first.again));
        self.sessions.iter().flat_map(|session| &session.sockets).chain(first).chain(&self.idle)
    }

    /// Of the sockets of sessions at a place (0 the first, 1 the one after it), those on the pod that the session was on then, and all but those
    /// whose pod was gone.
    #[must_use]
    pub fn sockets_in_place(&self, place: usize) -> (u64, u64) {
        let pairs = self.sessions.iter().filter_map(|session| {
            let (home, socket) = (self.home(session)?, session.sockets.get(place)?);
            let since = session.shots.iter().rev().find(|shot| shot.pod() == Some(home))?.at;
            self.stayed_or_moved(home, since, &socket.opened, socket.met()?)
        });
        tally(pairs)
    }

    /// Of the sessions that began with a socket, those whose request reached its pod, and all but those whose pod was gone.
    #[must_use]
    pub fn stayed_after_socket(&self) -> (u64, u64) {
        let pairs = self.socket_first.iter().filter_map(|first| {
            let opened = &first.socket.opened;
            let after = first.after.as_ref()?;
            self.stayed_or_moved(opened.pod()?, opened.at, after, after.pod()?)
        });
        tally(pairs)
    }

    /// Whether a probe met a pod; none where it could not.
    fn stayed_or_moved(&self, pod: &str, since: Duration, shot: &Shot, met: &str) -> Option<bool> {
        let stayed = met == pod;
        (stayed || !self.was_forced(pod, since, shot)).then_some(stayed)
    }

    /// Of the sockets that were held and ended by themselves, those that came back to the pod they had been on, and all that could: not those
    /// whose pod was gone.
    #[must_use]
    pub fn came_back(&self) -> (u64, u64) {
        let whys: BTreeMap<*const Socket, Why> = self.ends().into_iter().map(|(socket, why)| (std::ptr::from_ref(socket), why)).collect();
        let by_itself = |first: &&SocketFirst| !matches!(whys.get(&std::ptr::from_ref(&first.socket)), None | Some(Why::Ours | Why::PodTerminated));
        let pairs = self.socket_first.iter().filter(by_itself).filter_map(|first| {
            let (pod, again) = (first.socket.opened.pod()?, first.again.as_ref()?);
            let came_back = again.opened.pod()? == pod;
            let ended = first.socket.end.as_ref()?.at;
            (came_back || !self.is_gone(pod, ended, again.opened.at)).then_some(came_back)
        });
        tally(pairs)
    }

    /// Of the messages of a kind, those that arrived, and all that were taken.
    #[must_use]
    pub fn arrived(&self, of: impl Fn(&Session) -> &[Delivery]) -> (u64, u64) {
        let taken = self.sessions.iter().flat_map(of).filter(|delivery| delivery.posted.pod().is_some());
        tally(taken.map(|delivery| delivery.arrived))
    }

    /// The pod of the first session, how many of that session's requests without its cookies it answered, and all that name their pod.
    #[must_use]
    pub fn replayed_at_home(&self) -> Option<(&str, u64, u64)> {
        let pod = self.home(self.sessions.first()?)?;
        let (stayed, all) = tally(self.replayed.iter().filter_map(Shot::pod).map(|other| other == pod));
        Some((pod, stayed, all))
    }

    /// The pods that the cluster told of.
    #[must_use]
    pub fn pods_told(&self) -> BTreeSet<&str> {
        self.events.iter().filter_map(|event| if let What::Pod { pod, .. } = &event.what { Some(pod.as_str()) } else { None }).collect()
    }

    /// The path that sessions begin with, where none of their later requests asks it, as that of a login.
    #[must_use]
    pub fn first_path(&self) -> Option<usize> {
        let path = self.sessions.iter().find_map(|session| session.shots.first())?.path;
        let mut later = self.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).peekable();
        (later.peek().is_some() && later.all(|shot| shot.path != path)).then_some(path)
    }

    /// Whether a pod was gone at a moment, or not ready until another: by its cluster's word, and where nobody says, by its silence.
    #[must_use]
    pub fn is_gone(&self, pod: &str, since: Duration, until: Duration) -> bool {
        self.was_ready(pod, since, until).map_or_else(|| self.is_silent_since(pod, since), |ready| !ready)
    }

    /// Whether others answered requests after a moment, often enough to tell, and this pod never.
    #[must_use]
    pub fn is_silent_since(&self, pod: &str, since: Duration) -> bool {
        let after: Vec<&str> = self.shots().filter(|shot| shot.at > since).filter_map(Shot::pod).collect();
        let spread = self.without_cookie();
        let share = spread.get(pod).copied().unwrap_or_default() as f64 / spread.values().sum::<u64>().max(1) as f64;
        !after.contains(&pod) && (1.0 - share).powi(i32::try_from(after.len()).unwrap_or(i32::MAX)) < 0.01
    }

    /// The pods on which those sessions began that had cookies by then, each with their number: from a file, or of a login that no pod signed.
    #[must_use]
    pub fn began_with_cookies(&self) -> BTreeMap<&str, u64> {
        let mut pods = BTreeMap::new();
        for session in &self.sessions {
            if let Some((_, pod)) = session.bound().filter(|(place, _)| !session.shots[*place].carried.is_empty()) {
                *pods.entry(pod).or_default() += 1;
            }
        }
        pods
    }

    /// Answers that don't say whose they are, by status.
    #[must_use]
    pub fn nameless(&self) -> BTreeMap<u16, u64> {
        let mut nameless = BTreeMap::new();
        for shot in self.shots() {
            if let Outcome::Nameless { status } = shot.outcome {
                *nameless.entry(status).or_default() += 1;
            }
        }
        nameless
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

    /// Whether the site tells its pods to those only whom it knows: who comes without a cookie meets none, and sessions do.
    #[must_use]
    pub fn turns_away(&self) -> bool {
        !self.controls.is_empty()
            && self.controls.iter().all(|shot| matches!(shot.outcome, Outcome::Nameless { .. }))
            && self.sessions.iter().any(|session| session.bound().is_some())
    }

    /// How many requests each pod answered that came without a cookie: controls, and first ones of sessions. Where cookies decide nothing, all
    /// requests are alike; where they do, a proxy may still count those of its sessions in its weights, and then the controls alone lean to
    /// one pod. Where a site turns away who has no cookie, it is the answer that bound each session: without affinity that is like any other.
    #[must_use]
    pub fn without_cookie(&self) -> BTreeMap<&str, u64> {
        let (mut spread, away) = (self.spread(), self.turns_away());
        let first = |session: &'_ Session| if away { session.bound().map(|(place, _)| place) } else { Some(0) };
        let firsts = self.sessions.iter().filter_map(|session| session.shots.get(first(session)?));
        for pod in firsts.filter(|shot| away || shot.carried.is_empty()).filter_map(Shot::pod) {
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

    /// Moves that nothing forced, and the later requests that they are of; forced ones are in neither.
    #[must_use]
    pub fn moves(&self) -> (u64, u64) {
        self.sessions.iter().flat_map(|session| self.steps(session)).fold((0, 0), |(moves, all), (_, step)| match step {
            Step::Stayed => (moves, all + 1),
            Step::Moved(Cause::Forced) => (moves, all),
            Step::Moved(_) => (moves + 1, all + 1),
        })
    }

    /// For each pod how often it answered without a cookie, and how many later requests its sessions made, wherever those went; forced moves
    /// are left out.
    #[must_use]
    pub fn later_by_home(&self) -> BTreeMap<&str, (u64, u64)> {
        let mut pods: BTreeMap<&str, (u64, u64)> = self.without_cookie().into_iter().map(|(pod, controls)| (pod, (controls, 0))).collect();
        for session in &self.sessions {
            let Some((_, mut home)) = session.bound() else { continue };
            for (place, step) in self.steps(session) {
                match (step, session.shots[place].pod()) {
                    (Step::Moved(Cause::Forced), Some(pod)) => home = pod,
                    _ => pods.entry(home).or_default().1 += 1,
                }
            }
        }
        pods
    }

    /// Moves of a cause.
    #[must_use]
    pub fn moved_by(&self, cause: Cause) -> u64 {
        self.sessions.iter().flat_map(|session| self.steps(session)).filter(|(_, step)| *step == Step::Moved(cause)).count() as u64
    }

    /// Sessions with a move that nothing forced, by their places, each with its first one.
    #[must_use]
    pub fn moved(&self) -> Vec<(usize, &Shot)> {
        let first = |session| {
            let mut steps = self.steps(session).into_iter();
            steps.find_map(|(place, step)| matches!(step, Step::Moved(cause) if cause != Cause::Forced).then_some(place))
        };
        self.sessions.iter().enumerate().filter_map(|(n, session)| Some((n, &session.shots[first(session)?]))).collect()
    }

    /// Sessions with a move that nothing forced, and the sessions that have later requests at all.
    #[must_use]
    pub fn moved_sessions(&self) -> (u64, u64) {
        let judged = self.sessions.iter().filter(|session| !self.steps(session).is_empty()).count();
        (self.moved().len() as u64, judged as u64)
    }
}

/// How many of them are so, and all.
fn tally(all: impl Iterator<Item = bool>) -> (u64, u64) {
    all.fold((0, 0), |(so, all), is| (so + u64::from(is), all + 1))
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
        Shot { took: Duration::from_millis(1), outcome, ..Shot::none() }
    }

    /// One request a second.
    pub fn session(pods: &str) -> Session {
        Session { shots: timed(pods.split(' ').map(shot).collect(), 1.0), ..Session::default() }
    }

    /// So many seconds apart.
    pub fn timed(mut shots: Vec<Shot>, step: f64) -> Vec<Shot> {
        shots.iter_mut().enumerate().for_each(|(n, shot)| shot.at = Duration::from_secs_f64(n as f64 * step));
        shots
    }

    #[test]
    fn a_move_is_not_a_change() {
        let run = Run { sessions: vec![session("a a b a b b a"), session("a b b b")], ..Run::default() };
        assert_eq!((run.moves(), run.sessions[0].changes(), run.sessions[1].changes()), ((6, 9), 4, 1));
    }

    #[test]
    fn what_has_no_name_is_no_move() {
        let run = Run { sessions: vec![session("- a - a a"), session("- - -"), session("b")], ..Run::default() };
        assert_eq!((run.moves(), run.moved_sessions()), ((0, 2), (0, 1)));
        assert_eq!(run.sessions[0].bound(), Some((1, "a")));
    }
}
