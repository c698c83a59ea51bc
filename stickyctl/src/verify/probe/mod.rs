//! A run: asks by the plan, each session with its own jar, and writes down what it saw.

mod book;
mod pace;
mod shoot;
mod socket;

use super::ask::{Connection, Question, Way};
use super::cookie::Offer;
use super::identity::Source;
use super::jar::Jar;
use super::plan::{Probe, Sample, rounds};
use super::scenario::{Chosen, Name};
use super::seen::{Delivery, Shot};
use super::target::{Body, Socket, Target};
use book::Seat;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use pace::Pace;
use shoot::{Request, client_id, noted, open, place, shoot};
use socket::Held;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

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
        let (asks, sessions) = (|name| self.chosen.has(name), self.sample.sessions);
        let perhaps = all(&[(asks(Name::Workers), MANY * MANY_SESSIONS.min(sessions)), (true, MANY)]);
        let again = all(&[(self.socket.is_some() && asks(Name::WsFirst), SOCKET_FIRST)]);
        let (requests, sockets) = self.always();
        (requests + perhaps, sockets + again)
    }

    /// Requests and sockets of a run at a site that keeps connections, has its socket and no more to look into.
    fn always(&self) -> (u64, u64) {
        let asks = |name| self.chosen.has(name);
        let (socket, sessions) = (self.socket.is_some(), self.sample.sessions);
        let requests = all(&[
            (asks(Name::Attribution), self.without()),
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

    /// Requests of the first session without its cookies.
    fn without(&self) -> u32 {
        self.sample.later.max(WITHOUT)
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
    let mut rounds = (0..).zip(rounds(asking.sample, asking.seed));
    if let Some((round, probes)) = rounds.next() {
        run.round(round, probes).await;
    }
    let idle = run.silent().await;
    let first = run.socket_first().await;
    for (round, probes) in rounds {
        run.round(round, probes).await;
    }
    run.without_cookies().await;
    run.parallel_first().await;
    run.at_once().await;
    run.dead_cookie().await;
    run.kept().await;
    run.past_caches().await;
    run.sockets().await;
    run.come_back(first).await;
    run.wait_for_silent(idle).await;
}

impl Asking {
    /// A session's jar as it begins.
    fn jar(&self) -> Jar {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        for offer in self.target.cookies.iter().filter_map(|pair| Offer::read(&format!("{pair}; Path=/"), now)) {
            jar.take(offer, &place(&self.target, "/"), now);
        }
        jar
    }

    fn way(&self, session: u32, request: u32) -> Way {
        let sources = &self.target.sources;
        let from: Option<IpAddr> = if sources.is_empty() { None } else { Some(sources[session as usize % sources.len()]) };
        Way { to: (session + request) as usize % self.target.addresses.len(), from }
    }
}

/// A run that is under way.
struct Running<'a> {
    asking: &'a Asking,
    book: &'a Arc<Book>,
    pace: Pace,
    jars: Vec<Mutex<Jar>>,
    done: AtomicU64,
    progress: &'a dyn Fn(u64),
}

impl Running<'_> {
    fn has(&self, name: Name) -> bool {
        self.asking.chosen.has(name)
    }

    fn tick(&self) {
        (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    async fn shoot(&self, request: Request<'_>) -> Shot {
        self.pace.turn().await;
        let (shot, _) = shoot(self.asking, self.book, request).await;
        self.tick();
        shot
    }

    /// A session's request for the path of a round, with its jar or none.
    fn request<'a>(&'a self, session: u32, round: u32, jar: Option<&'a Mutex<Jar>>) -> Request<'a> {
        let target = &self.asking.target;
        let place = round.saturating_sub(1) as usize % target.paths.len();
        Request { path: &target.paths[place], place, jar, body: None, way: self.asking.way(session, round), round }
    }

    /// A session's first request.
    fn first<'a>(&'a self, session: u32, jar: &'a Mutex<Jar>) -> Request<'a> {
        let target = &self.asking.target;
        let place = target.paths.iter().position(|path| *path == target.first).unwrap_or(target.paths.len());
        Request { path: &target.first, place, body: target.first_body.as_ref(), ..self.request(session, 0, Some(jar)) }
    }

    /// One round after another: a session's next request begins when its last one has ended.
    async fn round(&self, round: u32, probes: Vec<Probe>) {
        let mut control = 0;
        let probes = probes.into_iter().map(|probe| {
            let request = match probe {
                Probe::Session(n) if round == 0 => self.first(n, &self.jars[n as usize]),
                Probe::Session(n) => self.request(n, round, Some(&self.jars[n as usize])),
                Probe::Control => {
                    control += 1;
                    self.request(control + round, round, None)
                }
            };
            async move { (probe, self.shoot(request).await) }
        });
        let mut shots = stream::iter(probes).buffered(AT_ONCE);
        while let Some((probe, shot)) = shots.next().await {
            self.book.note(|run| match probe {
                Probe::Session(n) => run.sessions[n as usize].shots.push(shot),
                Probe::Control => run.controls.push(shot),
            });
        }
    }

    /// The first session again, without its cookies.
    async fn without_cookies(&self) {
        for n in 0..if self.has(Name::Attribution) { self.asking.without() } else { 0 } {
            let shot = self.shoot(self.request(0, n + 1, None)).await;
            self.book.note(|run| run.replayed.push(shot));
        }
    }

    /// A session whose first requests are all under way before any is answered: each may get a cookie of its own, and the last one wins.
    async fn parallel_first(&self) {
        if !self.has(Name::ParallelFirst) {
            return;
        }
        let jar = Mutex::new(self.asking.jar());
        let first = self.together(self.first(0, &jar)).await;
        self.book.note(|run| run.at_once.0 = first);
        for n in 0..AFTER {
            let shot = self.shoot(self.request(0, n + 1, Some(&jar))).await;
            self.book.note(|run| run.at_once.1.push(shot));
        }
    }

    /// Requests of several sessions, all of a session's at once.
    async fn at_once(&self) {
        // Where one pod shows one worker only, there is nothing to tell apart.
        let several = self.book.look(|run| run.workers().values().any(|workers| workers.len() > 1));
        if !self.has(Name::Workers) || !several {
            return;
        }
        for (n, jar) in (0..MANY_SESSIONS).zip(&self.jars) {
            let shots = self.together(self.request(n, 1, Some(jar))).await;
            self.book.note(|run| run.together.push(shots));
        }
    }

    /// The same request so many times, all begun before any is answered.
    async fn together(&self, request: Request<'_>) -> Vec<Shot> {
        for _ in 0..MANY {
            self.pace.turn().await;
        }
        let shots = join_all((0..MANY).map(|_| shoot(self.asking, self.book, request))).await;
        shots.into_iter().map(|(shot, _)| shot).inspect(|_| self.tick()).collect()
    }

    /// A session that comes with values which nobody issued, under the names of the site's own cookies.
    async fn dead_cookie(&self) {
        if !self.has(Name::DeadCookie) {
            return;
        }
        let (jar, now, place) = (Mutex::new(self.asking.jar()), SystemTime::now(), place(&self.asking.target, &self.asking.target.first));
        let names: BTreeSet<String> = self.book.look(|run| {
            let shots = run.sessions.iter().flat_map(|session| &session.shots);
            shots.flat_map(|shot| &shot.offered).map(|cookie| cookie.name.clone()).collect()
        });
        for offer in names.iter().filter_map(|name| Offer::read(&format!("{name}=nobody-issued-this; Path=/"), now)) {
            jar.lock().unwrap_or_else(PoisonError::into_inner).take(offer, &place, now);
        }
        for n in 0..=AFTER {
            let request = if n == 0 { self.first(0, &jar) } else { self.request(0, n, Some(&jar)) };
            let shot = self.shoot(request).await;
            self.book.note(|run| run.dead_cookie.push(shot));
        }
    }

    /// What somebody sees who keeps a connection and no cookie.
    async fn kept(&self) {
        if !self.asking.reuse {
            return;
        }
        let target = &self.asking.target;
        for n in 0..KEPT {
            let mut connection = None;
            let mut shots = Vec::new();
            for m in 0..ON_KEPT {
                self.pace.turn().await;
                let at = Instant::now();
                let request = self.request(n, 1, None);
                let question = Question { path: request.path, cookies: None, body: None, way: request.way };
                let answer = super::ask::within(target, async {
                    let mut open = match connection.take() {
                        Some(open) => open,
                        None if m == 0 => Connection::open(target, request.way).await?,
                        None => return Err("the connection was not kept".to_owned()),
                    };
                    let answer = open.ask(target, question).await?;
                    connection = Some(open);
                    Ok(answer)
                });
                let answer = answer.await;
                let blank = Shot { round: m, at: self.book.since(at), took: at.elapsed(), way: request.way.to, ..Shot::none() };
                self.tick();
                let lost = answer.is_err();
                shots.push(noted(self.asking, blank, answer, None, &place(target, request.path)).0);
                // A site that ends connections after each answer keeps none.
                if lost {
                    break;
                }
            }
            self.book.note(|run| run.kept.push(shots));
        }
    }

    /// Where all controls met one pod, or sessions moved, it may be a cache's doing: a query that nobody has asked before goes past it.
    async fn past_caches(&self) {
        // A session is asked where it moved: another path may be another rule's.
        let asked: Vec<(Option<usize>, u32)> = self.book.look(|run| {
            if run.spread().len() == 1 {
                return vec![(None, 1); MANY as usize];
            }
            run.moved().into_iter().map(|(session, shot)| (Some(session), shot.round)).take(MANY as usize).collect()
        });
        let mut rng = fastrand::Rng::with_seed(self.asking.seed);
        for (n, (session, round)) in (0..).zip(asked) {
            let request = self.request(session.map_or(n, |session| session as u32), round, session.map(|session| &self.jars[session]));
            let path = format!("{}{}stickyctl={:016x}", request.path, if request.path.contains('?') { '&' } else { '?' }, rng.u64(..));
            let shot = self.shoot(Request { path: &path, ..request }).await;
            self.book.note(|run| run.uncached.push((session, shot)));
        }
    }

    /// The site's socket, unless it would be sticky-app's and nobody answered like one.
    fn socket(&self) -> Option<&Socket> {
        let named = || self.book.look(|run| run.sessions.iter().any(|session| session.bound().is_some()));
        self.asking.socket.as_ref().filter(|socket| socket.path.is_some() || named())
    }

    async fn open(&self, socket: &Socket, session: u32, seat: Seat, jar: &Mutex<Jar>) -> Option<Held> {
        self.pace.turn().await;
        let held = open(self.asking, socket, self.book, (u64::from(session), seat, self.asking.way(session, 0)), jar).await;
        self.tick();
        held
    }

    /// Each session's socket, the messages for it, and its next socket.
    async fn sockets(&self) {
        let Some(socket) = self.socket().filter(|_| self.has(Name::StickWs)) else { return };
        let open = |n: u32, place| self.open(socket, n, Seat::Session(n as usize, place), &self.jars[n as usize]);
        let all = stream::iter((0..self.asking.sample.sessions).map(|n| async move { Some((n, open(n, 0).await?)) })).buffered(AT_ONCE);
        let mut held: Vec<(u32, Held)> = all.filter_map(std::future::ready).collect().await;
        // In the order of the sockets, workers that take connections in turn would meet the same sessions again.
        fastrand::Rng::with_seed(self.asking.seed).shuffle(&mut held);
        let told = stream::iter(held).map(|(n, mut held)| async move {
            self.deliver(n, &self.jars[n as usize], &mut held).await;
            held
        });
        let held: Vec<Held> = told.buffer_unordered(AT_ONCE).collect().await;
        join_all(held.into_iter().map(Held::close)).await;
        if !self.has(Name::Reconnect) {
            return;
        }
        let again = stream::iter((0..self.asking.sample.sessions).map(|n| open(n, 1))).buffer_unordered(AT_ONCE);
        let held: Vec<Held> = again.filter_map(std::future::ready).collect().await;
        join_all(held.into_iter().map(Held::close)).await;
    }

    /// One message by whoever gets the POST, one through the bus.
    async fn deliver(&self, n: u32, jar: &Mutex<Jar>, held: &mut Held) {
        if !self.asking.app {
            return;
        }
        let id = client_id(self.asking.seed, u64::from(n));
        for (name, route) in [(Name::LocalDelivery, "without-redis"), (Name::Relay, "with-redis")] {
            if !self.has(name) {
                continue;
            }
            let (path, text) = (format!("/{route}/{id}"), format!("verify-{route}-{n}"));
            let body = Body::new(serde_json::json!({"text": text}).to_string());
            self.pace.turn().await;
            let request = Request { path: &path, body: Some(&body), ..self.request(n, 0, Some(jar)) };
            let (posted, answer) = shoot(self.asking, self.book, request).await;
            self.tick();
            let taken = answer.and_then(|answer| serde_json::from_slice::<serde_json::Value>(&answer.body).ok());
            let gone = taken.is_none_or(|taken| taken["delivered"] == 0 || taken["receivers"] == 0);
            let arrived = !gone && held.hears(DELIVERY, |heard| heard.contains(&text)).await;
            let delivery = Delivery { posted, arrived };
            self.book.note(|run| {
                let session = &mut run.sessions[n as usize];
                if name == Name::Relay { &mut session.relayed } else { &mut session.local }.push(delivery);
            });
        }
    }

    /// Sessions that begin with a socket, which is held.
    async fn socket_first(&self) -> Vec<(Mutex<Jar>, Option<Held>)> {
        let Some(socket) = self.socket().filter(|_| self.has(Name::WsFirst)) else { return Vec::new() };
        let mut held = Vec::new();
        for n in 0..SOCKET_FIRST {
            let (jar, session) = (Mutex::new(self.asking.jar()), self.asking.sample.sessions + n);
            let open = self.open(socket, session, Seat::First(n as usize), &jar).await;
            let shot = self.shoot(self.request(session, 0, Some(&jar))).await;
            self.book.note(|run| run.socket_first[n as usize].after = Some(shot));
            held.push((jar, open));
        }
        held
    }

    /// Closes the sockets that were held, and opens those anew that had ended by themselves.
    async fn come_back(&self, first: Vec<(Mutex<Jar>, Option<Held>)>) {
        let Some(socket) = self.socket() else { return };
        let work = (0..).zip(first).filter_map(|(n, (jar, held))| Some((n, jar, held?)));
        let work = work.map(|(n, jar, held): (u32, _, Held)| async move {
            if held.is_open() {
                held.close().await;
            } else if let Some(held) = self.open(socket, self.asking.sample.sessions + n, Seat::Again(n as usize), &jar).await {
                held.close().await;
            }
        });
        stream::iter(work).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Sockets over which nothing will be said.
    async fn silent(&self) -> Vec<Held> {
        let Some(socket) = self.socket().filter(|_| self.asking.idle.is_some()) else { return Vec::new() };
        let mut held = Vec::new();
        for n in 0..IDLE {
            tokio::time::sleep(STAGGER).await;
            let jar = Mutex::new(self.asking.jar());
            let session = self.asking.sample.sessions + SOCKET_FIRST + n;
            held.extend(self.open(socket, session, Seat::Idle(n as usize), &jar).await);
        }
        held
    }

    async fn wait_for_silent(&self, held: Vec<Held>) {
        let Some(wanted) = self.asking.idle else { return };
        let last = self.book.look(|run| run.idle.iter().map(|socket| socket.opened.at + socket.opened.took).max()).unwrap_or_default();
        let until = last + wanted;
        let over = tokio::time::sleep(until.saturating_sub(self.book.age()));
        tokio::select! {
            () = over => {}
            () = async { for held in &held { held.ended().await; } } => {}
        }
        join_all(held.into_iter().map(Held::close)).await;
    }
}
