//! A run: asks by the plan, each session with its own jar, and writes down what it saw.

use super::ask::{self, Answer};
use super::cookie::Offer;
use super::identity::Source;
use super::jar::{Jar, Place};
use super::plan::{Probe, Sample, rounds};
use super::run::{Offered, Outcome, Run, Session, Shot, Who};
use super::target::{Target, path_of};
use futures_util::StreamExt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime};

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
        self.run.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let path = &asking.target.paths[round % asking.target.paths.len()];
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
}

async fn shoot(asking: &Asking, path: &str, jar: Option<&Mutex<Jar>>, began: Instant) -> Shot {
    let place = Place { host: &asking.target.host, path: path_of(path), tls: asking.target.tls.is_some() };
    let (cookies, carried) = match jar {
        Some(jar) => {
            let (jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
            (jar.header(&place, now), jar.names(&place, now).into_iter().map(str::to_owned).collect())
        }
        None => (None, Vec::new()),
    };
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
