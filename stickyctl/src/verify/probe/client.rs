//! A client for runs with an order of their own, such as those at two front doors: it sends single requests of sessions, and opens their
//! sockets.

use super::asking::Asking;
use super::book::{Book, Seat};
use super::listening::Listening;
use super::marking::Marking;
use super::pace::Pace;
use super::progress::Progress;
use super::pulse::Pulse;
use super::room::Room;
use super::running::Running;
use super::session::state::State;
use super::socket::Held;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use sticky_affinity::seen::Shot;

/// The number of the first client without a session: no session has a number as large.
const FRESH: u64 = 1 << 24;

/// Sends requests and opens sockets at one site.
pub(crate) struct Client<'a>(Running<'a>);

/// A session: its cookies and its values, at whatever site.
pub(crate) struct Visitor {
    number: u32,
    state: State,
}

/// A socket that is held open.
pub(crate) struct Open(Held);

impl Open {
    /// Closes it, and waits until its end is recorded.
    pub(crate) async fn close(self) {
        self.0.close().await;
    }
}

impl<'a> Client<'a> {
    /// A client for `count` probes with the asking's rate and duration, `round` of them in a round.
    pub(crate) fn new(asking: &'a Asking, book: &'a Arc<Book>, count: u64, round: usize, progress: &'a dyn Fn(Progress)) -> Self {
        book.note(|run| {
            (run.identity, run.values) = (asking.pod.to_string(), asking.values());
            run.logs = asking.marking.as_ref().map(Marking::logs);
        });
        Self(Running {
            asking,
            book,
            pace: Pace::new(asking.rate, asking.over, count),
            states: Vec::new(),
            fresh: AtomicU64::new(FRESH),
            room: Room::new(),
            pulse: Pulse::new(round, asking.over),
            done: AtomicU64::new(0),
            progress,
            listening: Listening::new(None),
        })
    }

    /// A new session; no other one has its number.
    pub(crate) fn visitor(&self, number: u32) -> Visitor {
        Visitor { number, state: self.0.asking.state(u64::from(number)) }
    }

    /// Sends a session's request; 0 is its first one. `None` if it names a value that the session lacks.
    pub(crate) async fn visit(&self, visitor: &Visitor, step: u32) -> Option<Shot> {
        let Visitor { number, state } = visitor;
        self.0.shoot(if step == 0 { self.0.first(*number, state) } else { self.0.request(*number, step, state) }).await
    }

    /// Sends a session's request `count` times in parallel; nothing if the rate has no room for so many.
    pub(crate) async fn together(&self, visitor: &Visitor, step: u32, count: u32) -> Vec<Shot> {
        let request = self.0.request(visitor.number, step, &visitor.state);
        let Some(filled) = request.filled(self.0.asking).filter(|_| self.0.asking.rate >= f64::from(count)) else { return Vec::new() };
        self.0.pace.turns(count).await;
        join_all((0..count).map(|_| self.0.send(request, filled.clone()))).await
    }

    /// Sends a request without a cookie.
    pub(crate) async fn control(&self, number: u32, round: u32) -> Option<Shot> {
        self.0.shoot(self.0.control(number, round, &self.0.fresh())).await
    }

    /// Opens a session's socket with its cookies. It becomes the next socket of the session with this index in the book.
    pub(crate) async fn open(&self, visitor: &Visitor, index: usize) -> Option<Open> {
        let socket = self.0.asking.socket.as_ref()?;
        self.0.open(socket, visitor.number, Seat::Session(index, 0), &visitor.state).await.map(Open)
    }

    /// Whether the run ends here because nobody answers, which is then in the book.
    pub(crate) fn stops(&self) -> bool {
        self.0.stops()
    }
}
