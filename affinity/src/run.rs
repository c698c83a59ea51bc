//! Everything that a run saw, by session and by control, before any conclusion.

use crate::fields::Fields;
use crate::seen::{Delivery, Event, Outcome, Shot, Socket, What, Who};
use crate::told::Logs;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Fewer answers without a session's cookies than this prove nothing.
pub const FEW_REPLAYED: u64 = 5;

/// A session that began with a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketFirst {
    /// The socket, held open for the whole run.
    pub socket: Socket,
    /// The first request after it opened; `None` if the run ended before.
    pub after: Option<Shot>,
    /// The socket opened once the first one had ended; `None` if it stayed open or the run ended before.
    pub again: Option<Socket>,
}

/// Why a run stopped before everything was sent: the site does not answer, or nothing tells which pod does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// No request of the first round got an answer.
    NeverAnswered,
    /// The site answered at first, and then no more.
    WentSilent {
        /// How many requests in a row got no answer.
        lost: u64,
        /// The time since the last answer.
        silence: Duration,
    },
    /// No log had a line about any answer of the first rounds.
    Unlogged,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverAnswered => f.write_str("nobody answered in the first round"),
            Self::Unlogged => f.write_str("no log tells which pods answered the first requests"),
            Self::WentSilent { lost, silence } => {
                write!(f, "nobody answered the last {lost} requests, for {:.0} s", silence.as_secs_f64())
            }
        }
    }
}

/// One session: requests and sockets that share a cookie jar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Its requests in the order sent. The first answer that identifies a pod binds the session.
    pub shots: Vec<Shot>,
    /// Its sockets, opened after the requests: one, and another after that was closed.
    pub sockets: Vec<Socket>,
    /// Messages for its first socket, posted to the route that delivers only to the worker's own sockets.
    pub local: Vec<Delivery>,
    /// Messages for its first socket, posted to the route that delivers through the bus.
    pub relayed: Vec<Delivery>,
    /// The flag of a value that its first answer lacked, if later requests need it: none of them was made.
    pub lacks: Option<String>,
}

impl Session {
    /// The answer that bound it, by its index among the requests, and its pod: the first answer that identifies one.
    #[must_use]
    pub fn bound(&self) -> Option<(usize, &str)> {
        self.shots.iter().enumerate().find_map(|(place, shot)| Some((place, shot.pod()?)))
    }

    /// Whether an answer gave a cookie that the session sends another value than it had, for whatever reason.
    #[must_use]
    pub fn is_overwritten(&self) -> bool {
        self.shots.iter().any(Shot::overwrites)
    }

    /// How often the pod differs from that of the previous request: from A to B and back are two changes, but one move.
    #[must_use]
    pub fn changes(&self) -> u64 {
        let pods: Vec<&str> = self.shots.iter().filter_map(Shot::pod).collect();
        pods.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
    }
}

/// A request of a session without some of its cookies, to see whether the session is lost then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The session, by its index.
    pub session: usize,
    /// What was left out: an index into [`Run::levers`].
    pub lever: usize,
    /// Whether it was made after the lever had been chosen, so that its result is independent of the choice.
    pub measured: bool,
    /// The request; its path is the URL's own.
    pub shot: Shot,
}

/// All observations of a run, as input to [`judge`](crate::judge()).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Controls: requests without a cookie.
    pub controls: Vec<Shot>,
    /// Sessions that began with a request.
    pub sessions: Vec<Session>,
    /// Sessions that opened a socket before any request.
    pub socket_first: Vec<SocketFirst>,
    /// Sockets held without sending anything, to see how long they stay open.
    pub idle: Vec<Socket>,
    /// Parallel first requests of one session, and its requests after them.
    pub at_once: (Vec<Shot>, Vec<Shot>),
    /// Parallel requests of some sessions, by session: a proxy that pools its connections to a pod needs several for them.
    pub together: Vec<Vec<Shot>>,
    /// Requests of a session that sent a forged cookie value.
    pub dead_cookie: Vec<Shot>,
    /// Parallel requests of another session that all sent a forged cookie value, and its requests after them.
    pub dead_at_once: (Vec<Shot>, Vec<Shot>),
    /// Names of the site's cookies that were sent with such a value.
    pub forged: BTreeSet<String>,
    /// Requests of the first session without its cookies: if it stays on its pod all the same, the cookie is not the cause.
    pub replayed: Vec<Shot>,
    /// Requests without a cookie over kept connections, by connection.
    pub kept: Vec<Vec<Shot>>,
    /// Requests of several sessions over one connection, by connection, each with the index of its session, in the order sent.
    pub shared: Vec<Vec<(usize, Shot)>>,
    /// Requests that no cache can answer, with the session that they belong to, if any: made if controls met one pod only or sessions moved.
    pub uncached: Vec<(Option<usize>, Shot)>,
    /// Whether answers were searched for the symptom of a lost session.
    pub by_symptom: bool,
    /// Names of cookies that were left out together.
    pub levers: Vec<BTreeSet<String>>,
    /// Requests of sessions without some of their cookies: made only if no answer identifies a pod.
    pub replays: Vec<Replay>,
    /// Requests of sessions that moved, each with the value that the site set first for each cookie, with the session that they belong to:
    /// made if answers changed a cookie that sessions sent.
    pub rewound: Vec<(usize, Shot)>,
    /// The names, in braces, of values that later requests carry besides cookies, such as a session id in a header.
    pub values: Vec<String>,
    /// How many requests only followed redirects; none of them is in another list.
    pub followed: u64,
    /// Changes that the run learned about apart from its probes, in order.
    pub events: Vec<Event>,
    /// Why it stopped early, if it did.
    pub stopped: Option<Stopped>,
    /// Where the pod's identity was looked for, in the form of `--pod-identity`; empty if unknown.
    pub identity: String,
    /// How logs tell which pods answered; `None` if answers do, or if nothing does.
    pub logs: Option<Logs>,
    /// The fields of all answers to requests but those with a 429 or a 5xx, which a proxy may have written.
    pub fields: Fields,
}

impl Run {
    /// Every request over HTTP, including POSTs of messages but no WebSocket handshakes.
    pub fn shots(&self) -> impl Iterator<Item = &Shot> {
        self.controls
            .iter()
            .chain(self.sessions.iter().flat_map(|session| &session.shots))
            .chain(&self.replayed)
            .chain(self.at_once.0.iter().chain(&self.at_once.1))
            .chain(self.together.iter().flatten())
            .chain(&self.dead_cookie)
            .chain(self.dead_at_once.0.iter().chain(&self.dead_at_once.1))
            .chain(self.kept.iter().flatten())
            .chain(self.shared.iter().flatten().map(|(_, shot)| shot))
            .chain(self.uncached.iter().map(|(_, shot)| shot))
            .chain(self.replays.iter().map(|replay| &replay.shot))
            .chain(self.rewound.iter().map(|(_, shot)| shot))
            .chain(self.socket_first.iter().filter_map(|first| first.after.as_ref()))
            .chain(self.sessions.iter().flat_map(|session| session.local.iter().chain(&session.relayed)).map(|delivery| &delivery.posted))
    }

    /// Every socket, including those that did not open.
    pub fn sockets(&self) -> impl Iterator<Item = &Socket> {
        let first = self.socket_first.iter().flat_map(|first| std::iter::once(&first.socket).chain(&first.again));
        self.sessions.iter().flat_map(|session| &session.sockets).chain(first).chain(&self.idle)
    }

    /// How many messages of a kind arrived, of those that a pod accepted.
    #[must_use]
    pub fn arrived(&self, of: impl Fn(&Session) -> &[Delivery]) -> (u64, u64) {
        let taken = self.sessions.iter().flat_map(of).filter(|delivery| delivery.posted.pod().is_some());
        tally(taken.map(|delivery| delivery.arrived))
    }

    /// Pods that the cluster reported, whether or not they answered; empty without a cluster.
    #[must_use]
    pub fn pods_told(&self) -> BTreeSet<&str> {
        self.events.iter().filter_map(|event| if let What::Pod { pod, .. } = &event.what { Some(pod.as_str()) } else { None }).collect()
    }

    /// The path that sessions begin with, if no later request uses it, such as a login.
    #[must_use]
    pub fn first_path(&self) -> Option<usize> {
        let path = self.sessions.iter().find_map(|session| session.shots.first())?.path;
        let mut later = self.sessions.iter().flat_map(|session| session.shots.iter().skip(1)).peekable();
        (later.peek().is_some() && later.all(|shot| shot.path != path)).then_some(path)
    }

    /// For sessions that had cookies before they were bound, from a file or from a login that identified no pod: how many began on each pod.
    #[must_use]
    pub fn began_with_cookies(&self) -> BTreeMap<&str, u64> {
        let mut pods = BTreeMap::new();
        for session in &self.sessions {
            // If the line about an earlier answer is missing, that answer may have set the cookie.
            let is_brought = |place: usize| !session.shots[place].carried.is_empty() && !session.shots[..place].iter().any(Shot::is_unidentified);
            if let Some((_, pod)) = session.bound().filter(|(place, _)| is_brought(*place)) {
                *pods.entry(pod).or_default() += 1;
            }
        }
        pods
    }

    /// How many answers identify no pod, by status, without those that a log should have identified.
    #[must_use]
    pub fn nameless(&self) -> BTreeMap<u16, u64> {
        let mut nameless = BTreeMap::new();
        for shot in self.shots().filter(|shot| !shot.is_unidentified() && !shot.is_by_stranger()) {
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

    /// Whether the site turns away clients without a cookie: no control reached a pod, but sessions did.
    #[must_use]
    pub fn turns_away(&self) -> bool {
        !self.controls.is_empty()
            && self.controls.iter().all(|shot| matches!(shot.outcome, Outcome::Nameless { .. }) && !shot.is_unidentified() && !shot.is_by_stranger())
            && self.sessions.iter().any(|session| session.bound().is_some())
    }

    /// How many requests without a cookie each pod answered: controls, and first requests of sessions. If cookies decide nothing, all requests
    /// are alike. If they do, a proxy may count its sessions' requests in its weights, and the controls alone lean to one pod. On a site that
    /// turns away clients without a cookie, the answers that bound the sessions count: without affinity they are like any others.
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

    /// The workers that were seen on each pod.
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
}

/// Counts the true ones, and all of them.
pub(crate) fn tally(all: impl Iterator<Item = bool>) -> (u64, u64) {
    all.fold((0, 0), |(so, all), is| (so + u64::from(is), all + 1))
}
