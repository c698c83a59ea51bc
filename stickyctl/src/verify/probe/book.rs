//! What a run has seen so far: it stays whole when the run is interrupted.

use crate::verify::plan::Sample;
use crate::verify::run::{Run, Session, SocketFirst};
use crate::verify::seen::{Event, Socket, What};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The book of a run.
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

    /// How long it has been kept.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Writes down what happened beside the probes; `so_from_the_start`: it was so when the run began.
    pub fn happened(&self, what: What, so_from_the_start: bool) {
        let at = if so_from_the_start { Duration::ZERO } else { self.age() };
        self.note(|run| run.events.push(Event { at, what }));
    }

    pub(super) fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    pub(super) fn look<T>(&self, read: impl FnOnce(&Run) -> T) -> T {
        read(&self.run.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note<T>(&self, write: impl FnOnce(&mut Run) -> T) -> T {
        write(&mut self.run.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a socket stands in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// The first or second one of a session.
    Session(usize, usize),
    /// One that a session began with.
    First(usize),
    /// The one after that.
    Again(usize),
    /// One that is silent.
    Idle(usize),
}

impl Seat {
    /// Puts a socket there.
    pub(super) fn take(self, run: &mut Run, socket: Socket) {
        match self {
            Self::Session(session, _) => run.sessions[session].sockets.push(socket),
            Self::First(_) => run.socket_first.push(SocketFirst { socket, after: None, again: None }),
            Self::Again(place) => run.socket_first[place].again = Some(socket),
            Self::Idle(_) => run.idle.push(socket),
        }
    }

    pub(super) fn of(self, run: &mut Run) -> Option<&mut Socket> {
        match self {
            Self::Session(session, place) => run.sessions.get_mut(session)?.sockets.get_mut(place),
            Self::First(place) => Some(&mut run.socket_first.get_mut(place)?.socket),
            Self::Again(place) => run.socket_first.get_mut(place)?.again.as_mut(),
            Self::Idle(place) => run.idle.get_mut(place),
        }
    }
}
