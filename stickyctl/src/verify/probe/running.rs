//! The requests of a run: rounds, and sessions with an odd beginning.

use super::asking::{AFTER, Asking, MANY, MANY_SESSIONS};
use super::book::Book;
use super::listening::Listening;
use super::marking::with_parameter;
use super::pace::Pace;
use super::progress::Progress;
use super::pulse::Pulse;
use super::room::{AT_ONCE, MOST_AT_ONCE, Room};
use super::session::capture::Capture;
use super::session::state::{State, held};
use super::shoot::{Request, cut};
use futures_util::future::join_all;
use futures_util::stream::FuturesOrdered;
use futures_util::{StreamExt, stream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use sticky_affinity::plan::Probe;
use sticky_affinity::scenario::Name;
use sticky_affinity::seen::Shot;

/// A run that is under way.
pub(super) struct Running<'a> {
    pub(super) asking: &'a Asking,
    pub(super) book: &'a Arc<Book>,
    pub(super) pace: Pace,
    pub(super) states: Vec<State>,
    /// The number of the next state that belongs to no session of the sample.
    pub(super) fresh: AtomicU64,
    pub(super) room: Room,
    pub(super) pulse: Pulse,
    pub(super) done: AtomicU64,
    pub(super) progress: &'a dyn Fn(Progress),
    pub(super) listening: Listening<'a>,
}

impl Running<'_> {
    pub(super) fn has(&self, name: Name) -> bool {
        self.asking.has(name)
    }

    pub(super) fn tick(&self) {
        (self.progress)(Progress::Sent(self.done.fetch_add(1, Ordering::Relaxed) + 1));
    }

    /// Sends a request in its turn; `None` if it names a value that its session lacks.
    pub(super) async fn shoot(&self, request: Request<'_>) -> Option<Shot> {
        let filled = request.filled(self.asking)?;
        self.pace.turn().await;
        Some(self.send(request, filled).await)
    }

    /// The state of a client that no session of the sample is.
    pub(super) fn fresh(&self) -> State {
        self.asking.state(self.fresh.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether the run ends here because nobody answers, which is then in the book.
    pub(super) fn stops(&self) -> bool {
        let stopped = self.pulse.stopped();
        self.book.note(|run| run.stopped = stopped);
        stopped.is_some()
    }

    /// A session's request for the path of a round.
    pub(super) fn request<'a>(&'a self, session: u32, round: u32, state: &'a State) -> Request<'a> {
        let target = &self.asking.target;
        let place = round.saturating_sub(1) as usize % target.later.len();
        let (jar, values, way) = (Some(&state.jar), &state.values, self.asking.way(session, round));
        Request { shape: &target.later[place], place, jar, values, is_first: false, way, round, client: Some(session) }
    }

    /// A session's first request.
    pub(super) fn first<'a>(&'a self, session: u32, state: &'a State) -> Request<'a> {
        let target = &self.asking.target;
        let place = target.later.iter().position(|shape| shape.path == target.first.path).unwrap_or(target.later.len());
        Request { shape: &target.first, place, is_first: true, ..self.request(session, 0, state) }
    }

    /// A request of a client without a session: without cookies, and with values of its own. If a round's request needs the value of a
    /// capture, which only a session has, it is one like those that sessions begin with: a server would reject any other value.
    pub(super) fn control<'a>(&'a self, n: u32, round: u32, state: &'a State) -> Request<'a> {
        let request = self.request(n, round, state);
        let needs = self.asking.target.needs_captures(request.shape);
        let first = self.first(n, state);
        let request = if needs { Request { shape: first.shape, place: first.place, is_first: true, ..request } } else { request };
        Request { jar: None, client: None, ..request }
    }

    /// One round: a session's next request begins only after its last one has ended. A round that nobody answers may end before all are sent.
    pub(super) async fn round(&self, round: u32, probes: Vec<Probe>) {
        let mut control = 0;
        let probes = probes.into_iter().map(|probe| {
            if probe == Probe::Control {
                control += 1;
            }
            async move { (probe, self.probe(probe, round, control).await) }
        });
        let mut waiting = probes.fuse();
        let (began, mut room, mut shots) = (Instant::now(), self.room.size(), FuturesOrdered::new());
        // So many requests of a site that takes this long for each of them would time out even if it answers one at a time. Whatever it is, they
        // all wait for nothing, and might as well do so together.
        let silence = tokio::time::sleep(self.asking.target.timeout / AT_ONCE as u32);
        tokio::pin!(silence);
        loop {
            while shots.len() < room
                && self.pulse.stopped().is_none()
                && let Some(next) = waiting.next()
            {
                shots.push_back(next);
            }
            let (probe, shot) = tokio::select! {
                shot = shots.next() => match shot {
                    Some(shot) => shot,
                    None => break,
                },
                () = &mut silence, if room < MOST_AT_ONCE && !silence.is_elapsed() => {
                    if !self.pulse.answered_since(began) {
                        room = MOST_AT_ONCE;
                    }
                    continue;
                }
            };
            self.book.note(|run| match (probe, shot) {
                (Probe::Session(n), Some(shot)) => run.sessions[n as usize].shots.push(shot),
                (Probe::Session(n), None) => run.sessions[n as usize].lacks = self.lacking(n),
                (Probe::Control, shot) => run.controls.extend(shot),
                (Probe::Bare, shot) => run.replayed.extend(shot),
            });
        }
        self.book.look(|run| {
            let shots = run.sessions.iter().filter_map(|session| session.shots.last());
            self.room.learn(self.pace.rate(), &shots.filter(|shot| shot.round == round).collect::<Vec<_>>());
        });
    }

    /// Sends one probe of a round; `control` is the number of controls so far.
    async fn probe(&self, probe: Probe, round: u32, control: u32) -> Option<Shot> {
        match probe {
            Probe::Session(n) if round == 0 => self.shoot(self.first(n, &self.states[n as usize])).await,
            Probe::Session(n) => self.shoot(self.request(n, round, &self.states[n as usize])).await,
            // Without what the session captured, too: otherwise that could be what holds it.
            Probe::Bare => self.shoot(self.control(0, round, &self.fresh())).await,
            Probe::Control => self.shoot(self.control(control + round, round, &self.fresh())).await,
        }
    }

    /// The first capture whose value a session lacks.
    fn lacking(&self, session: u32) -> Option<String> {
        let values = held(&self.states[session as usize].values);
        let lacks = |(index, _): &(usize, &Capture)| values.captured(*index).is_none();
        self.asking.captures.iter().enumerate().find(lacks).map(|(_, capture)| capture.to_string())
    }

    /// A session whose first requests are all sent before any is answered: each may get a different cookie, and the last one wins.
    pub(super) async fn parallel_first(&self) {
        if !self.has(Name::ParallelFirst) || self.is_by_symptom() {
            return;
        }
        let state = self.fresh();
        let first = self.together(self.first(0, &state)).await;
        self.book.note(|run| run.at_once.0 = first);
        for n in 0..AFTER {
            let shot = self.shoot(self.request(0, n + 1, &state)).await;
            self.book.note(|run| run.at_once.1.extend(shot));
        }
    }

    /// Parallel requests of several sessions, session by session.
    pub(super) async fn at_once(&self) {
        // If no pod shows several workers, there is nothing to tell apart.
        let several = self.book.look(|run| run.workers().values().any(|workers| workers.len() > 1));
        if !self.has(Name::Workers) || !several {
            return;
        }
        let all = (0..MANY_SESSIONS).zip(&self.states).map(|(n, state)| self.together(self.request(n, 1, state)));
        let mut all = stream::iter(all).buffered(self.room.size() / MANY as usize);
        while let Some(shots) = all.next().await {
            self.book.note(|run| run.together.push(shots));
        }
    }

    /// The same request several times in parallel.
    pub(super) async fn together(&self, request: Request<'_>) -> Vec<Shot> {
        let Some(filled) = request.filled(self.asking) else { return Vec::new() };
        self.pace.turns(MANY).await;
        join_all((0..MANY).map(|_| self.send(request, filled.clone()))).await
    }

    /// Sessions that send the cookies of a bound session with made-up values: one in single requests, and one in parallel ones first. What they
    /// capture is their own.
    pub(super) async fn dead_cookie(&self) {
        if !self.has(Name::DeadCookie) || self.is_by_symptom() {
            return;
        }
        let bound = self.book.look(|run| run.sessions.iter().position(|session| session.bound().is_some())).unwrap_or_default();
        // A proxy may have bound the first value by the time of the second.
        let [single, parallel] = ["nobody-issued-this", "nor-did-they-this"].map(|value| {
            let (mut jar, fresh) = (held(&self.states[bound].jar).clone(), self.fresh());
            let forged = jar.forge(value, &held(&fresh.jar));
            self.book.note(|run| run.forged = forged.iter().map(|name| cut(name)).collect());
            State { jar: Mutex::new(jar), ..fresh }
        });
        for n in 0..=AFTER {
            let request = if n == 0 { self.first(0, &single) } else { self.request(0, n, &single) };
            let shot = self.shoot(request).await;
            self.book.note(|run| run.dead_cookie.extend(shot));
        }
        if !self.asking.fits_many() {
            return;
        }
        let first = self.together(self.first(0, &parallel)).await;
        self.book.note(|run| run.dead_at_once.0 = first);
        for n in 0..AFTER {
            let shot = self.shoot(self.request(0, n + 1, &parallel)).await;
            self.book.note(|run| run.dead_at_once.1.extend(shot));
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
            let state = self.fresh();
            let request = match session {
                Some(session) => self.request(session as u32, round, &self.states[session]),
                None => self.control(n, round, &state),
            };
            let Some(mut filled) = request.filled(self.asking) else { continue };
            filled.path = with_parameter(&filled.path, &format!("{:016x}", rng.u64(..)));
            self.pace.turn().await;
            let shot = self.send(Request { is_first: false, ..request }, filled).await;
            self.book.note(|run| run.uncached.push((session, shot)));
        }
    }
}
