//! The observations of a run so far; they survive an interruption.

use super::marking::{Mark, Marking};
use crate::verify::logs::Logs;
use std::collections::BTreeSet;
use std::mem::size_of;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use sticky_affinity::jar::Withheld;
use sticky_affinity::plan::Sample;
use sticky_affinity::run::{Run, Session, SocketFirst};
use sticky_affinity::seen::{Event, Offered, Shot, Socket, What};

/// The observations of a run that is under way.
#[derive(Debug)]
pub(crate) struct Book {
    began: Instant,
    run: Mutex<Run>,
    /// What the recorded cookies take, in bytes.
    cookies: AtomicUsize,
    /// How many markers were given out.
    marks: AtomicU32,
    /// Whether requests are no longer marked.
    unmarked: AtomicBool,
}

/// The most bytes of cookies that a run records. A site may set fifty new ones with each answer.
const COOKIES: usize = 128 << 20;

/// More markers than the traffic of one turn has.
const TURN: u32 = 40_000_000;

impl Book {
    pub(crate) fn new(sample: Sample) -> Self {
        let run = Run { sessions: vec![Session::default(); sample.sessions as usize], ..Run::default() };
        let (cookies, marks, unmarked) = (AtomicUsize::new(0), AtomicU32::new(0), AtomicBool::new(false));
        Self { began: Instant::now(), run: Mutex::new(run), cookies, marks, unmarked }
    }

    /// Takes all observations out, at the end of the run.
    pub(crate) fn run(&self) -> Run {
        self.note(std::mem::take)
    }

    /// Leaves a probe's cookies out of the record if that has no room for them.
    pub(super) fn afford(&self, mut shot: Shot) -> Shot {
        let text = |text: &String| size_of::<String>() + text.len();
        let offered = |one: &Offered| size_of::<Offered>() + one.name.len() + one.attributes.len() + one.value.as_ref().map_or(0, String::len);
        let withheld = |(name, why): &(String, Withheld)| size_of::<(String, Withheld)>() + name.len() + why.bytes();
        let bytes = shot.carried.iter().map(text).sum::<usize>()
            + shot.withheld.iter().map(withheld).sum::<usize>()
            + shot.offered.iter().map(offered).sum::<usize>();
        if self.cookies.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > COOKIES {
            (shot.carried, shot.offered, shot.withheld) = (Vec::new(), Vec::new(), Vec::new());
        }
        shot
    }

    /// The marker of the next request, if it has one.
    pub(super) fn mark<'a>(&self, marking: Option<&'a Marking>) -> Option<Mark<'a>> {
        let marking = marking.filter(|_| !self.unmarked.load(Ordering::Relaxed))?;
        Some(Mark { number: self.marks.fetch_add(1, Ordering::Relaxed), marking })
    }

    /// From now on requests are not marked, and those that were are as if they had not been.
    pub(super) fn ends_marking(&self) {
        self.unmarked.store(true, Ordering::Relaxed);
        self.note(Run::without_logs);
    }

    /// Takes over what logs say so far, after a wait. Without markers there is nothing to take over.
    pub(crate) fn identify(&self, logs: &Logs, waited: Duration) {
        let (lines, unasked, troubles) = (logs.lines(), logs.unasked(), logs.troubles());
        self.note(|run| {
            if let Some(logs) = &mut run.logs {
                logs.waited += waited;
                logs.troubles = troubles;
                run.identify(&lines, &unasked);
            }
        });
    }

    /// The time since the run began.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The same for other traffic of a run, by its turn, below 100: no marker of another turn is used again.
    pub(crate) fn of_turn(turn: u32, sample: Sample) -> Self {
        Self { marks: AtomicU32::new((turn + 1) * TURN), ..Self::new(sample) }
    }

    /// The markers that a log's line may still come for.
    pub(crate) fn awaited(&self) -> BTreeSet<u32> {
        self.look(Run::awaited)
    }

    /// The pod that answered each session last.
    pub(crate) fn last_pods(&self) -> Vec<String> {
        let last = |session: &Session| session.shots.iter().rev().find_map(Shot::pod).map(str::to_owned);
        self.look(|run| run.sessions.iter().filter_map(last).collect())
    }

    /// Records an event beside the probes; `initial` means that it describes the state at the start.
    pub(crate) fn happened(&self, what: What, initial: bool) {
        let at = if initial { Duration::ZERO } else { self.age() };
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

/// A socket's place in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// By session, and index among its sockets.
    Session(usize, usize),
    /// The socket that a session began with.
    First(usize),
    /// The socket after that one.
    Again(usize),
    Idle(usize),
}

impl Seat {
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

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_affinity::jar::Fate;

    /// A run goes on without them: they explain a verdict and don't decide it.
    #[test]
    fn cookies_are_recorded_while_there_is_room() {
        let (book, name) = (Book::new(Sample::default()), "x".repeat(1 << 20));
        let offered =
            Offered { name: name.clone(), attributes: name.clone(), fate: Fate::Kept, lives: None, overwrites: false, value: Some(name.clone()) };
        let shot = Shot { carried: vec![name], offered: vec![offered], ..Shot::none() };
        let recorded = (0..100).map(|_| book.afford(shot.clone())).filter(|shot| !shot.offered.is_empty() && !shot.carried.is_empty()).count();
        assert_eq!(recorded, (COOKIES >> 22) - 1);
    }
}
