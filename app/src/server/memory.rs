//! What clients hold of the memory budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use sticky_core::memory::{CONNECTION, SOCKET, most_held, most_in_flight, most_kept, most_of_a_kind};

/// The budget of the workers in one process, and what is used of it.
#[derive(Debug)]
pub struct Memory {
    budget: usize,
    connections: AtomicUsize,
    sockets: AtomicUsize,
    bytes: AtomicUsize,
    kept: AtomicUsize,
}

/// What a [`Charge`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Connection,
    Socket,
    /// Bodies, unfinished frames, queued frames.
    Bytes,
    /// Cursors and models.
    Kept,
}

/// A part of the budget that is in use; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Charge {
    memory: Arc<Memory>,
    bytes: AtomicUsize,
    kind: Kind,
}

impl Memory {
    /// A budget of so many bytes, none of them used ([`sticky_core::memory::budget`]).
    #[must_use]
    pub fn new(budget: usize) -> Arc<Self> {
        let unused = || AtomicUsize::new(0);
        Arc::new(Self { budget, connections: unused(), sockets: unused(), bytes: unused(), kept: unused() })
    }

    /// The budget, in bytes.
    pub(crate) const fn budget(&self) -> usize {
        self.budget
    }

    /// What is used of the budget, in bytes.
    pub(crate) fn used(&self) -> usize {
        self.held() + self.bytes.load(Ordering::Relaxed) + self.kept.load(Ordering::Relaxed)
    }

    fn held(&self) -> usize {
        self.connections.load(Ordering::Relaxed) + self.sockets.load(Ordering::Relaxed)
    }

    /// Whether connections use so much that only upgrades may still come.
    pub(crate) fn is_kept_for_upgrades(&self) -> bool {
        self.connections.load(Ordering::Relaxed) + CONNECTION > most_of_a_kind(self.budget)
    }

    /// The charge of a new connection, if there is room.
    pub(crate) fn connection(self: &Arc<Self>) -> Option<Charge> {
        self.charge(Kind::Connection, CONNECTION)
    }

    /// The charge of a new socket, if there is room.
    pub(crate) fn socket(self: &Arc<Self>) -> Option<Charge> {
        self.charge(Kind::Socket, SOCKET)
    }

    /// A charge for bytes in flight, if there is room.
    pub(crate) fn bytes(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        self.charge(Kind::Bytes, bytes)
    }

    /// The charge of what stays after its request, if there is room.
    pub(crate) fn kept(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        self.charge(Kind::Kept, bytes)
    }

    /// A charge for bytes that are still to come.
    pub(crate) fn nothing_yet(self: &Arc<Self>) -> Charge {
        Charge { memory: self.clone(), bytes: AtomicUsize::new(0), kind: Kind::Bytes }
    }

    fn charge(self: &Arc<Self>, kind: Kind, bytes: usize) -> Option<Charge> {
        self.take(kind, bytes).then(|| Charge { memory: self.clone(), bytes: AtomicUsize::new(bytes), kind })
    }

    const fn of(&self, kind: Kind) -> &AtomicUsize {
        match kind {
            Kind::Connection => &self.connections,
            Kind::Socket => &self.sockets,
            Kind::Bytes => &self.bytes,
            Kind::Kept => &self.kept,
        }
    }

    /// Uses `bytes` more, if no part of the budget is exceeded then.
    fn take(&self, kind: Kind, bytes: usize) -> bool {
        // Added before it is checked, so that two at once can't both take the last room.
        let own = self.of(kind).fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let used = self.used();
        let fits = used <= self.budget
            && match kind {
                Kind::Connection => self.held() <= most_held(self.budget),
                Kind::Socket => own <= most_of_a_kind(self.budget) && self.held() <= most_held(self.budget),
                Kind::Bytes => own <= most_in_flight(self.budget),
                Kind::Kept => own <= most_kept(self.budget),
            };
        if !fits {
            self.of(kind).fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }
}

impl Charge {
    /// Changes how many bytes it is for. `false`, and no change, if there is no room for more.
    pub(crate) fn set(&self, bytes: usize) -> bool {
        // Only the owner changes a charge, so these steps can't interleave with another change.
        let before = self.bytes.load(Ordering::Relaxed);
        let fits = bytes <= before || self.memory.take(self.kind, bytes - before);
        if fits {
            self.memory.of(self.kind).fetch_sub(before.saturating_sub(bytes), Ordering::Relaxed);
            self.bytes.store(bytes, Ordering::Relaxed);
        }
        fits
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.of(self.kind).fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_given_back() {
        let memory = Memory::new(CONNECTION * 100);
        let held: Vec<_> = std::iter::from_fn(|| memory.connection()).collect();
        assert_eq!(held.len(), 87, "seven eighths");
        assert!(memory.is_kept_for_upgrades() && memory.socket().is_none());
        assert!(memory.bytes(CONNECTION).is_some(), "the rest is for bytes in flight");
        drop(held);
        assert_eq!(memory.used(), 0);
        assert!(!memory.is_kept_for_upgrades());
    }

    #[test]
    fn sockets_leave_room_for_connections() {
        let memory = Memory::new(SOCKET * 1_000);
        let held: Vec<_> = std::iter::from_fn(|| memory.socket()).collect();
        assert_eq!(held.len(), 750, "three quarters");
        assert!(memory.connection().is_some());
    }

    #[test]
    fn bytes_in_flight_leave_room_for_both() {
        let memory = Memory::new(SOCKET * 100);
        let held = memory.bytes(SOCKET * 50).unwrap();
        assert!(memory.bytes(1).is_none() && memory.connection().is_some() && memory.socket().is_some());
        drop(held);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn what_is_kept_leaves_room_for_messages() {
        let memory = Memory::new(CONNECTION * 160);
        let connections: Vec<_> = std::iter::from_fn(|| memory.connection()).collect();
        let sockets: Vec<_> = std::iter::from_fn(|| memory.socket()).collect();
        let kept: Vec<_> = std::iter::from_fn(|| memory.kept(CONNECTION)).collect();
        assert_eq!(kept.len(), 10, "a sixteenth");
        assert!(memory.bytes(CONNECTION * 10).is_some(), "with as many connections and sockets as there may be");
        drop((connections, sockets, kept));
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_charge_grows_as_far_as_there_is_room() {
        let memory = Memory::new(200);
        let one = memory.bytes(60).unwrap();
        let other = memory.nothing_yet();
        assert!(other.set(40) && !other.set(41));
        assert_eq!(memory.used(), 100);
        assert!(one.set(10) && other.set(90));
        drop((one, other));
        assert_eq!(memory.used(), 0);
    }
}
