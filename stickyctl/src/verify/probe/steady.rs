//! Steady traffic while something happens to the site: sessions that go on sending requests, each on its own connection, clients without a
//! session, and sockets that are held and opened again when they end.

use super::asking::Asking;
use super::book::{Book, Seat};
use super::listening::Listening;
use super::marking::Marking;
use super::pace::Pace;
use super::pulse::Pulse;
use super::room::Room;
use super::running::Running;
use super::session::state::State;
use super::socket::Held;
use super::target::Socket;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use sticky_affinity::plan::Sample;
use sticky_affinity::seen::Shot;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// The time between two requests of a client.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// The most sessions: each holds a socket, and asks once a second.
const MOST: u32 = 200;
/// How long a socket's client waits before it opens it again, and how often it does.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: usize = 60;
/// States of earlier traffic have lower numbers.
const APART: u64 = 1_000_000;

/// How many sessions and other clients send requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) sessions: u32,
    /// Clients without a session.
    pub(crate) controls: u32,
}

impl Crowd {
    /// As many sessions as the sample has, but no more requests than the rate allows.
    pub(crate) fn of(asking: &Asking) -> Self {
        let fits = (asking.rate * EVERY.as_secs_f64() * 2.0 / 3.0) as u32;
        let sessions = asking.sample.sessions.min(fits).clamp(2, MOST);
        Self { sessions, controls: (sessions / 2).max(1) }
    }

    /// A book for its observations.
    pub(crate) fn book(self, turn: u32) -> Book {
        Book::of_turn(turn, Sample { sessions: self.sessions, later: 0, controls: self.controls })
    }
}

/// Binds the sessions and opens their sockets; then all clients send requests until `work` is done. `turn` tells this traffic from other traffic
/// of the same run. What is under way at the end is awaited and recorded: an answer that takes too long is one of the things that a disruption
/// may cause, and each request ends within its own timeout. A session that gets none then asks once more, because nobody would know otherwise
/// where it is.
pub(crate) async fn steady<T>(asking: &Asking, book: &Arc<Book>, crowd: Crowd, turn: u32, work: impl Future<Output = T>) -> T {
    let first = (u64::from(turn) + 1) * APART;
    let run = Running {
        asking,
        book,
        pace: Pace::new(asking.rate, Duration::ZERO, 1),
        states: (0..crowd.sessions).map(|n| asking.state(first + u64::from(n))).collect(),
        fresh: AtomicU64::new(first + u64::from(crowd.sessions)),
        room: Room::new(),
        pulse: Pulse::new(crowd.sessions as usize, Duration::ZERO),
        done: AtomicU64::new(0),
        listening: Listening::new(None),
        progress: &|_| {},
    };
    book.note(|run| {
        (run.identity, run.values) = (asking.pod.to_string(), asking.values());
        run.logs = asking.marking.as_ref().map(Marking::logs);
    });
    let bound = stream::iter((0..crowd.sessions).map(|n| run.bind(n))).buffer_unordered(run.room.size());
    let mut held: Vec<(u32, Held)> = bound.filter_map(std::future::ready).collect().await;
    let mut sockets: Vec<Option<Held>> = (0..crowd.sessions).map(|_| None).collect();
    held.drain(..).for_each(|(n, one)| sockets[n as usize] = Some(one));
    let began = Instant::now();
    let each = EVERY / crowd.sessions.max(1);
    let end = CancellationToken::new();
    let sessions = (0..crowd.sessions).map(|n| run.asks(n, began + each * n, &end));
    let controls = (0..crowd.controls).map(|n| run.asks_without(n, began + EVERY / crowd.controls * n, &end));
    let sockets = sockets.into_iter().zip(0..).map(|(held, n)| end.run_until_cancelled(run.holds(n, held)));
    let traffic = async { tokio::join!(join_all(sessions), join_all(controls), join_all(sockets)) };
    let work = async {
        let done = work.await;
        end.cancel();
        done
    };
    tokio::join!(work, traffic).0
}

impl Running<'_> {
    /// A session's first two requests, and its socket.
    async fn bind(&self, n: u32) -> Option<(u32, Held)> {
        let state = &self.states[n as usize];
        for round in 0..2 {
            let request = if round == 0 { self.first(n, state) } else { self.request(n, round, state) };
            let shot = self.shoot(request).await;
            self.book.note(|run| run.sessions[n as usize].shots.extend(shot));
        }
        let socket = self.socket()?;
        Some((n, self.open_next(socket, n, state).await?))
    }

    /// A session's requests, from a moment on until the end.
    async fn asks(&self, n: u32, mut next: Instant, end: &CancellationToken) {
        let state = &self.states[n as usize];
        let mut is_lost = false;
        for round in 2.. {
            let is_over = end.run_until_cancelled(sleep_until(next)).await.is_none();
            if is_over && !is_lost {
                return;
            }
            let shot = self.shoot(self.request(n, round, state)).await;
            is_lost = shot.as_ref().is_some_and(Shot::is_lost) && !is_over;
            self.book.note(|run| run.sessions[n as usize].shots.extend(shot));
            next = (next + EVERY).max(Instant::now());
        }
    }

    /// The requests of clients without a session: each is another client.
    async fn asks_without(&self, n: u32, mut next: Instant, end: &CancellationToken) {
        for round in 1.. {
            if end.run_until_cancelled(sleep_until(next)).await.is_none() {
                return;
            }
            let fresh = self.fresh();
            let shot = self.shoot(self.control(n, round, &fresh)).await;
            self.book.note(|run| run.controls.extend(shot));
            next = (next + EVERY).max(Instant::now());
        }
    }

    /// Holds a session's socket, and opens it again when it ends, as a browser's page does.
    async fn holds(&self, n: u32, mut held: Option<Held>) {
        let Some(socket) = self.socket().filter(|_| held.is_some()) else { return std::future::pending().await };
        for _ in 0..TRIES {
            if let Some(held) = held.take() {
                held.ended().await;
            }
            sleep(AGAIN).await;
            held = self.open_next(socket, n, &self.states[n as usize]).await;
        }
        std::future::pending().await
    }

    async fn open_next(&self, socket: &Socket, n: u32, state: &State) -> Option<Held> {
        let place = self.book.look(|run| run.sessions[n as usize].sockets.len());
        self.open(socket, n, Seat::Session(n as usize, place), state).await
    }
}
