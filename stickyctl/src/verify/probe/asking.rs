//! The plan of a run, and the number of probes that it takes.

use super::marking::Marking;
use super::redirect;
use super::session::capture::Capture;
use super::session::state::State;
use super::session::template::Template;
use super::session::values::Values;
use super::target::{Socket, Target};
use super::way::Way;
use http::HeaderMap;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use sticky_affinity::identity::Source;
use sticky_affinity::jar::Jar;
use sticky_affinity::lever;
use sticky_affinity::plan::Sample;
use sticky_affinity::scenario::{Chosen, Name};
use sticky_affinity::seen::Who;
use sticky_affinity::symptom::Symptom;

/// Parallel requests of one session, as for a page with many parts.
pub(super) const MANY: u32 = 8;
/// Sessions with parallel requests: enough to tell workers from chance.
pub(super) const MANY_SESSIONS: u32 = 10;
/// Requests of each session that moved with the first values of its cookies.
pub(super) const REWOUND: u32 = 2;
/// Later requests of a session with an odd beginning.
pub(super) const AFTER: u32 = 3;
/// Sockets of each session: one, and another after that was closed.
const SOCKETS: u32 = 2;
/// Sessions that begin with a socket.
pub(super) const SOCKET_FIRST: u32 = 10;
pub(super) const IDLE: u32 = 4;
/// Requests without a session after a silent socket was cut: enough to see that one of three pods no longer answers.
pub(super) const AFTER_SILENCE: u32 = 16;
/// Delay between two silent sockets: an idle timeout ends them this far apart, anything else at once.
pub(super) const STAGGER: Duration = Duration::from_millis(250);
/// The same for sockets that sessions begin with: more than timers are off by, but short, because the run waits for it.
pub(super) const APART: Duration = Duration::from_millis(30);
/// The least number of requests without cookies of a bound session: fewer may stay by chance.
const WITHOUT: u32 = 12;
/// Connections that are kept open for comparison.
pub(super) const KEPT: u32 = 10;
/// Requests on each kept connection.
pub(super) const ON_KEPT: u32 = 4;
/// Sessions whose requests share connections.
const SHARING: u32 = 20;
/// Sessions on each shared connection: enough that they rarely all belong to one pod.
pub(super) const ON_SHARED: u32 = 5;
/// Requests of each session on its shared connection.
pub(super) const TURNS: u32 = 2;
/// Time limit for a message to arrive over its socket.
pub(super) const DELIVERY: Duration = Duration::from_secs(2);

/// Everything that a run needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) target: Target,
    /// Where answers identify their pod.
    pub(crate) pod: Source,
    /// Where answers identify their worker.
    pub(crate) worker: Source,
    /// How requests are marked for logs that tell which pod answered; none if answers do.
    pub(crate) marking: Option<Marking>,
    /// What answers look like when their session is lost: one of these is enough; none looks for it.
    pub(crate) lost_when: Vec<Symptom>,
    /// What sessions read from their first answer.
    pub(crate) captures: Vec<Capture>,
    /// Whether redirects of first requests are followed.
    pub(crate) follow: bool,
    /// The site's WebSocket, if it has one.
    pub(crate) socket: Option<Socket>,
    pub(crate) sample: Sample,
    pub(crate) chosen: Chosen,
    /// How long silent sockets are held; none opens none.
    pub(crate) idle: Option<Duration>,
    /// Whether to keep some connections open, for comparison.
    pub(crate) reuse: bool,
    /// Whether to send requests of several sessions over shared connections.
    pub(crate) shared: bool,
    /// Whether the site may be sticky-app, with its routes for messages.
    pub(crate) app: bool,
    /// Seed of the order.
    pub(crate) seed: u64,
    /// The most probes that begin within a second.
    pub(crate) rate: f64,
    /// The least duration of the run.
    pub(crate) over: Duration,
    /// Whether to record cookie values.
    pub(crate) show_values: bool,
}

impl Asking {
    /// The pod and the worker that an answer identifies. If only logs count, no answer does.
    pub(super) fn who(&self, headers: &HeaderMap, body: &[u8]) -> Option<Who> {
        if self.marking.as_ref().is_some_and(|marking| !marking.or_answers) {
            return None;
        }
        let pod = self.pod.read(headers, body)?;
        Some(Who { pod, worker: self.worker.read(headers, body) })
    }

    /// The largest number of requests and sockets: those of every run, and those that only some sites need.
    pub(crate) fn count(&self) -> (u64, u64) {
        let (asks, sessions) = (|name| self.has(name), self.sample.sessions);
        let perhaps = all(&[
            (asks(Name::Workers), MANY * MANY_SESSIONS.min(sessions)),
            (true, MANY),
            (true, MANY.min(sessions) * REWOUND),
            (self.socket.is_some() && self.idle.is_some(), AFTER_SILENCE),
            (!self.lost_when.is_empty(), lever::most(sessions)),
        ]);
        let again = all(&[(self.socket.is_some() && self.begins_with_sockets(), SOCKET_FIRST)]);
        let (requests, sockets) = self.always();
        (requests + perhaps + self.redirects(), sockets + again)
    }

    /// The most requests that only follow redirects; few sites need them.
    pub(crate) fn redirects(&self) -> u64 {
        // Controls are like first requests if later ones need the value of a capture.
        let needs = self.target.later.iter().any(|shape| self.target.needs_captures(shape));
        let after_silence = if self.idle.is_some() { AFTER_SILENCE } else { 0 };
        let controls = if needs { self.sample.controls + self.without() + after_silence } else { 0 };
        let dead = 1 + if self.fits_many() { MANY } else { 0 };
        let firsts = [(true, self.sample.sessions + controls), (self.has(Name::ParallelFirst), MANY), (self.has(Name::DeadCookie), dead)];
        if self.follow { all(&firsts) * u64::from(redirect::MOST) } else { 0 }
    }

    /// The number of requests and sockets of every run, at a site that keeps connections open and has a socket.
    pub(super) fn always(&self) -> (u64, u64) {
        let asks = |name| self.has(name);
        let (socket, sessions) = (self.socket.is_some(), self.sample.sessions);
        let requests = all(&[
            (true, self.without()),
            (asks(Name::ParallelFirst), MANY + AFTER),
            (asks(Name::DeadCookie), 1 + AFTER),
            (asks(Name::DeadCookie) && self.fits_many(), MANY + AFTER),
            (self.reuse, KEPT * ON_KEPT),
            (self.shared, self.sharing() * TURNS),
            (socket && self.begins_with_sockets(), SOCKET_FIRST),
            (socket && self.app && asks(Name::LocalDelivery), sessions),
            (socket && self.app && asks(Name::Relay), sessions),
        ]);
        let sockets = all(&[
            (asks(Name::StickWs), sessions),
            (asks(Name::Reconnect), sessions * (SOCKETS - 1)),
            (self.begins_with_sockets(), SOCKET_FIRST),
            (self.idle.is_some(), IDLE),
        ]);
        (self.sample.probes() + requests, if socket { sockets } else { 0 })
    }

    /// Whether sessions can begin with a socket: neither that nor the request after it needs the value of a capture.
    pub(super) fn begins_with_sockets(&self) -> bool {
        let needs = self.socket.as_ref().is_some_and(Socket::needs_captures) || self.target.needs_captures(&self.target.later[0]);
        self.has(Name::WsFirst) && !needs
    }

    /// The names of the values that later requests carry, in braces.
    pub(super) fn values(&self) -> Vec<String> {
        let captured: BTreeSet<usize> = self.target.templates().flat_map(Template::captures).collect();
        let own = self.target.templates().any(Template::has_session).then(|| "{session}".to_owned());
        captured.into_iter().map(|index| format!("{{{}}}", self.captures[index].name)).chain(own).collect()
    }

    /// Whether a scenario runs: those with parallel requests do not, if the rate has no room for them.
    pub(super) fn has(&self, name: Name) -> bool {
        let at_once = matches!(name, Name::ParallelFirst | Name::Workers);
        self.chosen.has(name) && (!at_once || self.fits_many())
    }

    /// Whether the rate has room for parallel requests of one session.
    pub(super) fn fits_many(&self) -> bool {
        self.rate >= f64::from(MANY)
    }

    /// The number of sessions whose requests share connections: two or more, or none.
    pub(super) fn sharing(&self) -> u32 {
        if self.sample.sessions < 2 { 0 } else { self.sample.sessions.min(SHARING) }
    }

    /// The time that the run takes at a site that answers at once, without what only some sites need.
    pub(crate) fn least_duration(&self) -> Duration {
        let (requests, sockets) = self.always();
        let by_rate = Duration::from_secs_f64((requests + sockets) as f64 / self.rate);
        by_rate.max(self.over).max(self.idle.unwrap_or_default())
    }

    /// The time that is left of the run after `done` probes that took `age`, once the first round has shown how fast the site answers.
    pub(crate) fn left(&self, done: u64, age: Duration) -> Option<Duration> {
        let (requests, sockets) = self.always();
        let first = u64::from(self.sample.sessions);
        (done > first).then(|| age.mul_f64((requests + sockets).saturating_sub(done) as f64 / done as f64))
    }

    /// The number of requests of the first session without its cookies.
    pub(super) fn without(&self) -> u32 {
        if self.has(Name::Attribution) { self.sample.later.max(WITHOUT) } else { 0 }
    }

    /// What a session starts with; its number is below 2^32, and no other session has it.
    pub(super) fn state(&self, number: u64) -> State {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        let values = Values::new(self.seed, number, self.captures.len());
        for brought in &self.target.cookies {
            jar.take(brought.offer(&values), &self.target.place("/"), now);
        }
        State { jar: Mutex::new(jar), values: Mutex::new(values) }
    }

    pub(super) fn way(&self, session: u32, request: u32) -> Way {
        let sources = &self.target.sources;
        let from = if sources.is_empty() { None } else { Some(sources[session as usize % sources.len()]) };
        Way { to: (session + request) as usize % self.target.addresses.len(), from }
    }
}

/// The sum of the wanted parts.
fn all(parts: &[(bool, u32)]) -> u64 {
    parts.iter().filter(|(wanted, _)| *wanted).map(|(_, count)| u64::from(*count)).sum()
}
