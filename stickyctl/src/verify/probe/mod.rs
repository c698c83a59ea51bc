//! A run: asks by the plan, each session with its own jar, and writes down what it saw.

mod book;
mod pace;
mod running;
mod shoot;
mod socket;
mod sockets;
#[cfg(test)]
mod tests;

use super::ask::Way;
use super::identity::Source;
use super::jar::Jar;
use super::plan::{Sample, rounds};
use super::scenario::{Chosen, Name};
use super::target::{Socket, Target};
use pace::Pace;
use running::Running;
use shoot::place;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub use book::Book;

/// Probes under way at once: enough for a site that is far, few enough to keep the shuffled order.
const AT_ONCE: usize = 8;
/// Requests of one session that are made at once, as a page with many parts makes them.
const MANY: u32 = 8;
/// Sessions that make so many at once, so that workers can be told apart from chance.
const MANY_SESSIONS: u32 = 10;
/// Requests that follow where a session is looked at by itself.
const AFTER: u32 = 3;
/// Sockets of each session: one, and one more after it was closed.
const SOCKETS: u32 = 2;
/// Sessions that begin with a socket.
const SOCKET_FIRST: u32 = 10;
/// Silent sockets.
const IDLE: u32 = 4;
/// Between the beginnings of two silent sockets: a timer ends them as far apart, anything else at once.
const STAGGER: Duration = Duration::from_millis(250);
/// The same for those that sessions begin with: more than timers are off by, and little for a run that waits for nothing else.
const APART: Duration = Duration::from_millis(30);
/// The least requests without cookies of a session that has them otherwise: fewer may stay by luck.
const WITHOUT: u32 = 12;
/// Connections that are kept, for comparison.
const KEPT: u32 = 10;
/// Requests on each of them.
const ON_KEPT: u32 = 4;
/// For a message to come over its socket.
const DELIVERY: Duration = Duration::from_secs(2);

/// How a site is asked.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The site.
    pub target: Target,
    /// Where its pods are told.
    pub pod: Source,
    /// Where its workers are told.
    pub worker: Source,
    /// The site's socket, where it has one.
    pub socket: Option<Socket>,
    /// How much is asked.
    pub sample: Sample,
    /// Which scenarios.
    pub chosen: Chosen,
    /// How long silent sockets are held; none: no such socket is opened.
    pub idle: Option<Duration>,
    /// Whether connections are kept for comparison.
    pub reuse: bool,
    /// Whether it may be sticky-app, with its routes for messages.
    pub app: bool,
    /// The seed of the order.
    pub seed: u64,
    /// The most probes that begin in a second.
    pub rate: f64,
    /// How long the run is to take at least.
    pub over: Duration,
    /// Whether values of cookies are written down.
    pub show_values: bool,
}

impl Asking {
    /// Requests and sockets that a run makes at most: what is always asked, and what only some sites give a cause for.
    #[must_use]
    pub fn count(&self) -> (u64, u64) {
        let (asks, sessions) = (|name| self.has(name), self.sample.sessions);
        let perhaps = all(&[(asks(Name::Workers), MANY * MANY_SESSIONS.min(sessions)), (true, MANY)]);
        let again = all(&[(self.socket.is_some() && asks(Name::WsFirst), SOCKET_FIRST)]);
        let (requests, sockets) = self.always();
        (requests + perhaps, sockets + again)
    }

    /// Requests and sockets of a run at a site that keeps connections, has its socket and no more to look into.
    fn always(&self) -> (u64, u64) {
        let asks = |name| self.has(name);
        let (socket, sessions) = (self.socket.is_some(), self.sample.sessions);
        let requests = all(&[
            (true, self.without()),
            (asks(Name::ParallelFirst), MANY + AFTER),
            (asks(Name::DeadCookie), 1 + AFTER),
            (self.reuse, KEPT * ON_KEPT),
            (socket && asks(Name::WsFirst), SOCKET_FIRST),
            (socket && self.app && asks(Name::LocalDelivery), sessions),
            (socket && self.app && asks(Name::Relay), sessions),
        ]);
        let sockets = all(&[
            (asks(Name::StickWs), sessions),
            (asks(Name::Reconnect), sessions * (SOCKETS - 1)),
            (asks(Name::WsFirst), SOCKET_FIRST),
            (self.idle.is_some(), IDLE),
        ]);
        (self.sample.probes() + requests, if socket { sockets } else { 0 })
    }

    /// Whether a scenario is asked: those that ask at once are not where a second has no room for that.
    fn has(&self, name: Name) -> bool {
        let at_once = matches!(name, Name::ParallelFirst | Name::Workers);
        self.chosen.has(name) && !(at_once && self.rate < f64::from(MANY))
    }

    /// Requests of the first session without its cookies.
    fn without(&self) -> u32 {
        if self.has(Name::Attribution) { self.sample.later.max(WITHOUT) } else { 0 }
    }
}

/// The sum of those that are wanted.
fn all(parts: &[(bool, u32)]) -> u64 {
    parts.iter().filter(|(wanted, _)| *wanted).map(|(_, count)| u64::from(*count)).sum()
}

/// Asks all that the plan says. `progress` hears of each probe.
pub async fn run(asking: &Asking, book: &Arc<Book>, progress: impl Fn(u64)) {
    // What is asked for a cause only would let a run that has none end early.
    let (requests, sockets) = asking.always();
    let run = Running {
        asking,
        book,
        pace: Pace::new(asking.rate, asking.over, requests + sockets),
        jars: (0..asking.sample.sessions).map(|_| Mutex::new(asking.jar())).collect(),
        done: AtomicU64::new(0),
        progress: &progress,
    };
    let mut rounds = (0..).zip(rounds(asking.sample, asking.without(), asking.seed));
    if let Some((round, probes)) = rounds.next() {
        run.round(round, probes).await;
    }
    let idle = run.silent().await;
    let first = run.socket_first().await;
    for (round, probes) in rounds {
        run.round(round, probes).await;
    }
    run.past_caches().await;
    run.sockets().await;
    // What follows tells of pods whose sockets ended or went elsewhere whether they still answer.
    run.parallel_first().await;
    run.at_once().await;
    run.dead_cookie().await;
    run.kept().await;
    run.come_back(first).await;
    run.wait_for_silent(idle).await;
}

impl Asking {
    /// A session's jar as it begins.
    fn jar(&self) -> Jar {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for offer in &self.target.cookies {
            jar.take(offer.clone(), &place(&self.target, "/"), now);
        }
        jar
    }

    fn way(&self, session: u32, request: u32) -> Way {
        let sources = &self.target.sources;
        let from: Option<IpAddr> = if sources.is_empty() { None } else { Some(sources[session as usize % sources.len()]) };
        Way { to: (session + request) as usize % self.target.addresses.len(), from }
    }
}
