//! A run: asks by the plan, each session with its own jar, and writes down what it saw.

use super::ask::{self, Answer};
use super::cookie::Offer;
use super::identity::Source;
use super::jar::{Jar, Place};
use super::plan::{Probe, Sample, rounds};
use super::run::{Offered, Outcome, Run, Session, Shot, Who};
use super::target::{Socket, Target, path_of};
use futures_util::StreamExt;
use http::HeaderMap;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime};
use sticky_app::core::ids::ClientId;

/// Probes under way at once: enough for a site that is far, few enough to keep the shuffled order.
const AT_ONCE: usize = 8;

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
    /// The seed of the order.
    pub seed: u64,
    /// The most probes that begin in a second.
    pub rate: f64,
}

/// Everything seen so far; what is written stays whole when the run is interrupted.
#[derive(Debug)]
pub struct Book {
    began: Instant,
    run: Mutex<Run>,
}

impl Book {
    /// An empty one.
    #[must_use]
    pub fn new(sample: Sample) -> Self {
        let run = Run { sessions: vec![Session::default(); sample.sessions as usize], ..Run::default() };
        Self { began: Instant::now(), run: Mutex::new(run) }
    }

    /// What was seen so far.
    #[must_use]
    pub fn run(&self) -> Run {
        self.look(Run::clone)
    }

    /// Reads what was seen so far.
    fn look<T>(&self, read: impl FnOnce(&Run) -> T) -> T {
        read(&self.run.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, write: impl FnOnce(&mut Run)) {
        write(&mut self.run.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Asks all that the plan says, then the first session without its cookies. `progress` hears of each probe.
pub async fn run(asking: &Asking, book: &Book, progress: impl Fn(u64)) {
    let jars: Vec<Mutex<Jar>> = (0..asking.sample.sessions).map(|_| Mutex::new(Jar::default())).collect();
    let pace = Pace::new(asking.rate);
    let mut done = 0;
    for (round, probes) in rounds(asking.sample, asking.seed).into_iter().enumerate() {
        let target = &asking.target;
        let path = if round == 0 { &target.first } else { &target.paths[(round - 1) % target.paths.len()] };
        // One round after another: a session's next request begins when its last one has ended.
        let mut shots = futures_util::stream::iter(probes.into_iter().map(|probe| {
            let (jars, pace) = (&jars, &pace);
            async move {
                pace.turn().await;
                let jar = if let Probe::Session(n) = probe { Some(&jars[n as usize]) } else { None };
                (probe, shoot(asking, path, jar, book.began).await)
            }
        }))
        .buffered(AT_ONCE);
        while let Some((probe, shot)) = shots.next().await {
            book.note(|run| match probe {
                Probe::Session(n) => run.sessions[n as usize].shots.push(shot),
                Probe::Control => run.controls.push(shot),
            });
            done += 1;
            progress(done);
        }
    }
    for _ in 0..asking.sample.later {
        pace.turn().await;
        let shot = shoot(asking, &asking.target.paths[0], None, book.began).await;
        book.note(|run| run.replayed.push(shot));
        done += 1;
        progress(done);
    }
    at_once(asking, book, &pace).await;
    if let Some(jar) = jars.first() {
        let shots = together(asking, &asking.target.paths[0], jar, book.began, &pace).await;
        book.note(|run| run.together = shots);
    }
    dead_cookie(asking, book, &pace).await;
    done += EXTRA;
    progress(done);
    let Some(socket) = &asking.socket else { return };
    // A stranger's site has no such path.
    if socket.path.is_none() && book.look(|run| run.sessions.iter().all(|session| session.bound().is_none())) {
        return;
    }
    for _ in 0..SOCKETS {
        let mut shots = futures_util::stream::iter(jars.iter().enumerate().map(|(n, jar)| {
            let pace = &pace;
            async move {
                pace.turn().await;
                (n, open(asking, socket, n as u64, jar, book.began).await)
            }
        }))
        .buffered(AT_ONCE);
        while let Some((n, shot)) = shots.next().await {
            book.note(|run| run.sessions[n].sockets.push(shot));
            done += 1;
            progress(done);
        }
    }
    for n in 0..SOCKET_FIRST {
        let jar = Mutex::new(Jar::default());
        pace.turn().await;
        let shot = open(asking, socket, u64::from(asking.sample.sessions + n), &jar, book.began).await;
        book.note(|run| run.socket_first.push((shot, None)));
        pace.turn().await;
        let shot = shoot(asking, &asking.target.paths[0], Some(&jar), book.began).await;
        book.note(|run| run.socket_first.last_mut().map_or((), |(_, after)| *after = Some(shot)));
        done += 2;
        progress(done);
    }
}

/// Requests of one session that are made at once, as a page with many parts makes them.
const MANY: u64 = 8;
/// Requests that follow where a session is looked at by itself.
const AFTER: u64 = 3;
/// All requests of the sessions that are looked at by themselves.
const EXTRA: u64 = MANY + AFTER + MANY + 1 + AFTER;

/// A session whose first requests are all under way before any is answered: each may get a cookie of its own, and the last one wins.
async fn at_once(asking: &Asking, book: &Book, pace: &Pace) {
    let jar = Mutex::new(Jar::default());
    let path = &asking.target.first;
    let first = together(asking, path, &jar, book.began, pace).await;
    book.note(|run| run.at_once.0 = first);
    for _ in 0..AFTER {
        pace.turn().await;
        let shot = shoot(asking, &asking.target.paths[0], Some(&jar), book.began).await;
        book.note(|run| run.at_once.1.push(shot));
    }
}

/// Requests of one session that all begin before any is answered.
async fn together(asking: &Asking, path: &str, jar: &Mutex<Jar>, began: Instant, pace: &Pace) -> Vec<Shot> {
    for _ in 0..MANY {
        pace.turn().await;
    }
    futures_util::future::join_all((0..MANY).map(|_| shoot(asking, path, Some(jar), began))).await
}

/// A session that comes with values which nobody issued, under the names of the site's own cookies.
async fn dead_cookie(asking: &Asking, book: &Book, pace: &Pace) {
    let (jar, now) = (Mutex::new(Jar::default()), SystemTime::now());
    let place = Place { host: &asking.target.host, path: path_of(&asking.target.first), tls: asking.target.tls.is_some() };
    let names: BTreeSet<String> = book.look(|run| {
        let shots = run.sessions.iter().flat_map(|session| &session.shots);
        shots.flat_map(|shot| &shot.offered).map(|cookie| cookie.name.clone()).collect()
    });
    for offer in names.iter().filter_map(|name| Offer::read(&format!("{name}=nobody-issued-this; Path=/"), now)) {
        jar.lock().unwrap_or_else(PoisonError::into_inner).take(offer, &place, now);
    }
    for n in 0..=AFTER {
        pace.turn().await;
        let path = if n == 0 { &asking.target.first } else { &asking.target.paths[0] };
        let shot = shoot(asking, path, Some(&jar), book.began).await;
        book.note(|run| run.dead_cookie.push(shot));
    }
}

/// Sockets of each session: one, and one more after it was closed.
const SOCKETS: u32 = 2;
/// Sessions that begin with a socket.
const SOCKET_FIRST: u32 = 10;

/// Requests and sockets that a run makes in all.
#[must_use]
pub fn count(sample: Sample, sockets: bool) -> (u64, u64) {
    let requests = sample.probes() + u64::from(sample.later) + EXTRA;
    if sockets { (requests + u64::from(SOCKET_FIRST), u64::from(sample.sessions * SOCKETS + SOCKET_FIRST)) } else { (requests, 0) }
}

/// Opens a session's socket with its cookies, which the 101 may add to.
async fn open(asking: &Asking, socket: &Socket, session: u64, jar: &Mutex<Jar>, began: Instant) -> Shot {
    let path = match &socket.path {
        Some(path) => path.clone(),
        // Nobody else's: of the seed of this run and the session's number.
        None => format!(
            "/ws/{}",
            ClientId::from_random(
                (u128::from(fastrand::Rng::with_seed(asking.seed ^ (session << 32)).u64(..)) << 64 | u128::from(session)).to_be_bytes()
            )
            .as_str()
        ),
    };
    let place = Place { host: &socket.target.host, path: path_of(&path), tls: socket.target.tls.is_some() };
    let (cookies, carried) = cookies(Some(jar), &place);
    let at = Instant::now();
    let wants_text = |headers: &HeaderMap| asking.pod.read(headers, b"").is_none();
    let answer = ask::socket(socket, &path, cookies.as_deref(), wants_text).await;
    let (took, at) = (at.elapsed(), at.duration_since(began));
    match answer {
        Err(why) => Shot { at, took, outcome: Outcome::Lost(why), carried, offered: Vec::new(), cached: false },
        Ok(answer) => {
            let outcome = if answer.status == 101 { who(asking, &answer) } else { Outcome::Nameless { status: answer.status } };
            Shot { at, took, outcome, carried, offered: offered(&answer, Some(jar), &place), cached: false }
        }
    }
}

/// The `Cookie` header for a place, and the names in it.
fn cookies(jar: Option<&Mutex<Jar>>, place: &Place<'_>) -> (Option<String>, Vec<String>) {
    let Some(jar) = jar else { return (None, Vec::new()) };
    let (jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    (jar.header(place, now), jar.names(place, now).into_iter().map(str::to_owned).collect())
}

async fn shoot(asking: &Asking, path: &str, jar: Option<&Mutex<Jar>>, began: Instant) -> Shot {
    let place = Place { host: &asking.target.host, path: path_of(path), tls: asking.target.tls.is_some() };
    let (cookies, carried) = cookies(jar, &place);
    let at = Instant::now();
    let answer = ask::get(&asking.target, path, cookies.as_deref()).await;
    let took = at.elapsed();
    let at = at.duration_since(began);
    match answer {
        Err(why) => Shot { at, took, outcome: Outcome::Lost(why), carried, offered: Vec::new(), cached: false },
        Ok(answer) => {
            let offered = offered(&answer, jar, &place);
            Shot { at, took, outcome: who(asking, &answer), carried, offered, cached: is_cached(&answer) }
        }
    }
}

fn who(asking: &Asking, answer: &Answer) -> Outcome {
    match asking.pod.read(&answer.headers, &answer.body) {
        Some(pod) => Outcome::By(Who { pod, worker: asking.worker.read(&answer.headers, &answer.body) }),
        None => Outcome::Nameless { status: answer.status },
    }
}

/// Cookies of an answer, in order; the last one of a name is what the jar keeps.
fn offered(answer: &Answer, jar: Option<&Mutex<Jar>>, place: &Place<'_>) -> Vec<Offered> {
    let now = SystemTime::now();
    let lines = answer.headers.get_all(http::header::SET_COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let offers = lines.filter_map(|line| Offer::read(line, now));
    match jar {
        Some(jar) => {
            let mut jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
            offers.map(|offer| Offered { name: offer.name.clone(), attributes: offer.attributes(), fate: jar.take(offer, place, now) }).collect()
        }
        // A control has no jar, and its cookies are nobody's.
        None => Vec::new(),
    }
}

fn is_cached(answer: &Answer) -> bool {
    answer.headers.get(http::header::AGE).and_then(|age| age.to_str().ok()).and_then(|age| age.trim().parse::<u64>().ok()).is_some_and(|age| age > 0)
}

/// Spreads beginnings so that no second has more than the rate.
struct Pace {
    every: Duration,
    next: tokio::sync::Mutex<Instant>,
}

impl Pace {
    fn new(rate: f64) -> Self {
        Self { every: Duration::from_secs_f64(1.0 / rate.max(0.001)), next: tokio::sync::Mutex::new(Instant::now()) }
    }

    async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().await;
            let at = (*next).max(Instant::now());
            *next = at + self.every;
            at
        };
        tokio::time::sleep_until(at.into()).await;
    }
}
