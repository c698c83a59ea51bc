//! The requests of a run: rounds, and sessions with an odd beginning.

use super::ask::{self, Connection, Question};
use super::asking::{AFTER, AT_ONCE, Asking, KEPT, MANY, MANY_SESSIONS, ON_KEPT};
use super::book::Book;
use super::error::ProbeError;
use super::pace::Pace;
use super::shoot::{Request, cut, noted, shoot};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use sticky_affinity::jar::Jar;
use sticky_affinity::plan::Probe;
use sticky_affinity::scenario::Name;
use sticky_affinity::seen::Shot;

/// A run that is under way.
pub(super) struct Running<'a> {
    pub(super) asking: &'a Asking,
    pub(super) book: &'a Arc<Book>,
    pub(super) pace: Pace,
    pub(super) jars: Vec<Mutex<Jar>>,
    pub(super) done: AtomicU64,
    pub(super) progress: &'a dyn Fn(u64),
}

impl Running<'_> {
    pub(super) fn has(&self, name: Name) -> bool {
        self.asking.has(name)
    }

    pub(super) fn tick(&self) {
        (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    pub(super) async fn shoot(&self, request: Request<'_>) -> Shot {
        self.pace.turn().await;
        let (shot, _) = shoot(self.asking, self.book, request).await;
        self.tick();
        shot
    }

    /// A session's request for the path of a round.
    pub(super) fn request<'a>(&'a self, session: u32, round: u32, jar: Option<&'a Mutex<Jar>>) -> Request<'a> {
        let target = &self.asking.target;
        let place = round.saturating_sub(1) as usize % target.paths.len();
        Request { path: &target.paths[place], place, jar, body: None, way: self.asking.way(session, round), round, client: jar.map(|_| session) }
    }

    /// A session's first request.
    pub(super) fn first<'a>(&'a self, session: u32, jar: &'a Mutex<Jar>) -> Request<'a> {
        let target = &self.asking.target;
        let place = target.paths.iter().position(|path| *path == target.first).unwrap_or(target.paths.len());
        Request { path: &target.first, place, body: target.first_body.as_ref(), ..self.request(session, 0, Some(jar)) }
    }

    /// One round: a session's next request begins only after its last one has ended.
    pub(super) async fn round(&self, round: u32, probes: Vec<Probe>) {
        let mut control = 0;
        let probes = probes.into_iter().map(|probe| {
            let request = match probe {
                Probe::Session(n) if round == 0 => self.first(n, &self.jars[n as usize]),
                Probe::Session(n) => self.request(n, round, Some(&self.jars[n as usize])),
                Probe::Bare => self.request(0, round, None),
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
                Probe::Bare => run.replayed.push(shot),
            });
        }
    }

    /// A session whose first requests are all sent before any is answered: each may get a different cookie, and the last one wins.
    pub(super) async fn parallel_first(&self) {
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

    /// Parallel requests of several sessions, session by session.
    pub(super) async fn at_once(&self) {
        // If no pod shows several workers, there is nothing to tell apart.
        let several = self.book.look(|run| run.workers().values().any(|workers| workers.len() > 1));
        if !self.has(Name::Workers) || !several {
            return;
        }
        for (n, jar) in (0..MANY_SESSIONS).zip(&self.jars) {
            let shots = self.together(self.request(n, 1, Some(jar))).await;
            self.book.note(|run| run.together.push(shots));
        }
    }

    /// The same request several times in parallel.
    pub(super) async fn together(&self, request: Request<'_>) -> Vec<Shot> {
        self.pace.turns(MANY).await;
        let shots = join_all((0..MANY).map(|_| shoot(self.asking, self.book, request))).await;
        shots.into_iter().map(|(shot, _)| shot).inspect(|_| self.tick()).collect()
    }

    /// A session that sends the cookies of a bound session with made-up values.
    pub(super) async fn dead_cookie(&self) {
        if !self.has(Name::DeadCookie) {
            return;
        }
        let bound = self.book.look(|run| run.sessions.iter().position(|session| session.bound().is_some())).unwrap_or_default();
        let mut jar = self.jars[bound].lock().unwrap_or_else(PoisonError::into_inner).clone();
        let forged = jar.forge("nobody-issued-this", &self.asking.jar());
        self.book.note(|run| run.forged = forged.iter().map(|name| cut(name)).collect());
        let jar = Mutex::new(jar);
        for n in 0..=AFTER {
            let request = if n == 0 { self.first(0, &jar) } else { self.request(0, n, Some(&jar)) };
            let shot = self.shoot(request).await;
            self.book.note(|run| run.dead_cookie.push(shot));
        }
    }

    /// Requests of a client without cookies that keeps its connection open.
    pub(super) async fn kept(&self) {
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
                let answer = ask::within(target, async {
                    let mut open = match connection.take() {
                        Some(open) => open,
                        None if m == 0 => Connection::open(target, request.way).await?,
                        None => return Err(ProbeError::NotKept),
                    };
                    let answer = open.ask(target, question).await?;
                    connection = Some(open);
                    Ok(answer)
                });
                let answer = answer.await;
                let blank = Shot { round: m, at: self.book.since(at), took: at.elapsed(), way: request.way.to, ..Shot::none() };
                self.tick();
                let lost = answer.is_err();
                shots.push(noted(self.asking, blank, answer, None, &target.place(request.path)).0);
                // A site that closes connections after each answer keeps none.
                if lost {
                    break;
                }
            }
            self.book.note(|run| run.kept.push(shots));
        }
    }

    /// If all controls met one pod, or sessions moved, a cache may be the cause: a query string that was never used before bypasses it.
    pub(super) async fn past_caches(&self) {
        // A session repeats the path where it moved: another path may have another rule.
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
}
