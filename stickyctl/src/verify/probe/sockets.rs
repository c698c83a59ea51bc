//! The sockets of a run: those of sessions, with the messages for them; those that sessions begin with; and silent ones.

use super::asking::{AFTER_SILENCE, APART, DELIVERY, IDLE, SOCKET_FIRST, STAGGER};
use super::book::Seat;
use super::running::Running;
use super::session::shape::{Body, Shape};
use super::session::state::{State, held};
use super::session::template::Template;
use super::shoot::{Request, client_id, named, open, shoot};
use super::socket::Held;
use super::target::Socket;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use http::Method;
use sticky_affinity::scenario::Name;
use sticky_affinity::seen::{self, Delivery, How, Outcome, Shot};
use tokio::time::Instant;

impl Running<'_> {
    /// The site's socket, unless it would be sticky-app's and no answer looks like sticky-app.
    pub(super) fn socket(&self) -> Option<&Socket> {
        let by_answer = |shot: &Shot| shot.pod().is_some() && shot.told.is_none();
        let named = || self.book.look(|run| run.sessions.iter().any(|session| session.shots.iter().any(by_answer)));
        self.asking.socket.as_ref().filter(|socket| socket.path.is_some() || named())
    }

    pub(super) async fn open(&self, socket: &Socket, session: u32, seat: Seat, state: &State) -> Option<Held> {
        self.pace.turn().await;
        let held = open(self.asking, socket, self.book, (u64::from(session), seat, self.asking.way(session, 0)), state).await;
        self.tick();
        held
    }

    /// Each session's socket, the messages for it, and the socket after it.
    pub(super) async fn sockets(&self) {
        let Some(socket) = self.socket().filter(|_| self.has(Name::StickWs)) else { return };
        let open = |n: u32, place| self.open(socket, n, Seat::Session(n as usize, place), &self.states[n as usize]);
        let all = stream::iter((0..self.asking.sample.sessions).map(|n| async move { Some((n, open(n, 0).await?)) })).buffered(self.room.size());
        let mut held: Vec<(u32, Held)> = all.filter_map(std::future::ready).collect().await;
        // In the order of the sockets, workers that take connections in turn would get the same sessions again.
        fastrand::Rng::with_seed(self.asking.seed).shuffle(&mut held);
        let told = stream::iter(held).map(|(n, mut held)| async move {
            self.deliver(n, &self.states[n as usize], &mut held).await;
            held
        });
        let held: Vec<Held> = told.buffer_unordered(self.room.size()).collect().await;
        join_all(held.into_iter().map(Held::close)).await;
        if !self.has(Name::Reconnect) {
            return;
        }
        let again = stream::iter((0..self.asking.sample.sessions).map(|n| open(n, 1))).buffer_unordered(self.room.size());
        let held: Vec<Held> = again.filter_map(std::future::ready).collect().await;
        join_all(held.into_iter().map(Held::close)).await;
    }

    /// One message that the worker which gets the POST delivers, and one through the bus.
    pub(super) async fn deliver(&self, n: u32, state: &State, held: &mut Held) {
        // sticky-app sends its hello once it has subscribed to the bus for this socket.
        if !self.asking.app || !held.hears(DELIVERY, |text| text.contains("\"websocket_pid\"")).await {
            return;
        }
        let id = client_id(self.asking.seed, u64::from(n));
        for (name, route) in [(Name::LocalDelivery, "without-redis"), (Name::Relay, "with-redis")] {
            if !self.has(name) {
                continue;
            }
            let (path, text) = (format!("/{route}/{id}"), format!("verify-{route}-{n}"));
            let body = Body::new(Template::literal(serde_json::json!({"text": text}).to_string()));
            let shape = Shape { method: Method::POST, path: Template::literal(path), body: Some(body) };
            self.pace.turn().await;
            let request = Request { shape: &shape, ..self.request(n, 0, state) };
            let Some((mut posted, answer)) = shoot(self.asking, self.book, request).await else { continue };
            self.tick();
            // The hello came from sticky-app, whose worker itself answers 503 if its bus takes no message.
            if let Some(who) = answer.as_ref().and_then(|answer| named(self.asking, answer)) {
                posted.outcome = Outcome::By(who);
            }
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

    /// Sessions that begin with a socket, which is held open. If that needs the value of a capture, none can.
    pub(super) async fn socket_first(&self) -> Vec<(State, Option<Held>)> {
        let Some(socket) = self.socket().filter(|_| self.asking.begins_with_sockets()) else { return Vec::new() };
        let (mut held, mut next) = (Vec::new(), Instant::now());
        for n in 0..SOCKET_FIRST {
            let (state, session) = (self.fresh(), self.asking.sample.sessions + n);
            tokio::time::sleep_until(next).await;
            let open = self.open(socket, session, Seat::First(n as usize), &state).await;
            next = Instant::now() + APART;
            held.push((state, open));
        }
        // In the order of the sockets, each request could meet its socket's pod because the site takes turns.
        let mut order: Vec<usize> = (0..held.len()).collect();
        fastrand::Rng::with_seed(self.asking.seed).shuffle(&mut order);
        let (held_by, sessions) = (&held, self.asking.sample.sessions);
        let after = order.into_iter().map(|n| async move { (n, self.shoot(self.request(sessions + n as u32, 0, &held_by[n].0)).await) });
        let mut after = stream::iter(after).buffer_unordered(self.room.size());
        while let Some((n, shot)) = after.next().await {
            self.book.note(|run| run.socket_first[n].after = shot);
        }
        drop(after);
        held
    }

    /// Closes the held sockets, and opens those again that have already ended.
    pub(super) async fn come_back(&self, first: Vec<(State, Option<Held>)>) {
        let Some(socket) = self.socket() else { return };
        let work = (0..).zip(first).filter_map(|(n, (state, held))| Some((n, state, held?)));
        let work = work.map(|(n, state, held): (u32, _, Held)| async move {
            if held.is_open() {
                held.close().await;
            } else if let Some(held) = self.open(socket, self.asking.sample.sessions + n, Seat::Again(n as usize), &state).await {
                held.close().await;
            }
        });
        stream::iter(work).buffer_unordered(self.room.size()).collect::<()>().await;
    }

    /// Sockets that nothing is sent over. If one needs the value of a capture, it is that of a session.
    pub(super) async fn silent(&self) -> Vec<Held> {
        let Some(socket) = self.socket().filter(|_| self.asking.idle.is_some()) else { return Vec::new() };
        let mut sockets = Vec::new();
        for n in 0..IDLE {
            tokio::time::sleep(STAGGER).await;
            let (state, session) = (self.fresh(), self.asking.sample.sessions + SOCKET_FIRST + n);
            if let Some(known) = self.states.get(n as usize).filter(|_| socket.needs_captures()) {
                held(&state.values).clone_from(&held(&known.values));
            }
            sockets.extend(self.open(socket, session, Seat::Idle(self.book.look(|run| run.idle.len())), &state).await);
        }
        sockets
    }

    pub(super) async fn wait_for_silent(&self, held: Vec<Held>) {
        let Some(wanted) = self.asking.idle else { return };
        let last = self.book.look(|run| run.idle.iter().map(|socket| socket.opened.at + socket.opened.took).max()).unwrap_or_default();
        let until = last + wanted;
        let over = tokio::time::sleep(until.saturating_sub(self.book.age()));
        tokio::select! {
            () = over => {}
            () = async { for held in &held { held.ended().await; } } => {}
        }
        join_all(held.into_iter().map(Held::close)).await;
        let is_cut = |socket: &seen::Socket| socket.end.as_ref().is_some_and(|end| matches!(end.how, How::Cut(_)));
        if !self.book.look(|run| run.idle.iter().any(is_cut)) {
            return;
        }
        // Nothing else shows by now whether a socket was cut or its pod died.
        for n in 0..AFTER_SILENCE {
            let shot = self.shoot(self.control(n, 1, &self.fresh())).await;
            self.book.note(|run| run.controls.extend(shot));
        }
    }
}
