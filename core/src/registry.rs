//! The table of sockets that one worker holds.
//!
//! Local delivery reads it, and so does the relay when a message arrives on the bus. It is generic over the queue of a socket,
//! so that its rules can be tested without a runtime.

use crate::ids::{ClientId, IdempotencyKey};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// The keys that a session remembers, the latest ones. A key costs 8 bytes, so a session costs at most 512.
pub const KEYS_PER_SESSION: usize = 64;

/// A socket's outgoing queue, as the table uses it.
pub trait Outlet {
    /// A frame, cheap to clone.
    type Frame: Clone;
    /// Queues a frame; `false` if the queue is full or its socket is gone.
    fn offer(&self, frame: Self::Frame) -> bool;
    /// Orders the end of a socket whose queue overflowed. `true` the first time.
    fn evict(&self) -> bool;
}

impl<O: Outlet> Outlet for Arc<O> {
    type Frame = O::Frame;

    fn offer(&self, frame: O::Frame) -> bool {
        O::offer(self, frame)
    }

    fn evict(&self) -> bool {
        O::evict(self)
    }
}

/// Names one socket of this worker; no key is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketKey(u64);

/// Why a socket is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The session has reached its limit.
    #[error("this session already has {0} sockets on this worker (--sockets-per-session); close one")]
    Session(usize),
    /// The worker has reached its limit.
    #[error("this worker already has {0} sockets (--max-sockets); try again, another may have room")]
    Worker(usize),
}

/// What a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Sockets whose queue took the frame; if it is repeated, those that have received it or are newer.
    pub sockets: usize,
    /// Sockets that are evicted because their queue was full.
    pub evicted: usize,
    /// Nothing was queued, because the session has already received a message with this key.
    pub repeated: bool,
}

impl Delivered {
    /// The number of frames that were queued.
    #[must_use]
    pub const fn queued(&self) -> usize {
        if self.repeated { 0 } else { self.sockets }
    }
}

/// A session with a socket here.
#[derive(Debug)]
struct Session<O> {
    sockets: Vec<(SocketKey, O)>,
    /// Hashes of the latest keys; most sessions never use one.
    keys: VecDeque<u64>,
}

impl<O> Session<O> {
    /// Remembers a key; `false` if it is remembered already.
    fn is_new(&mut self, key: u64) -> bool {
        if self.keys.contains(&key) {
            return false;
        }
        if self.keys.len() >= KEYS_PER_SESSION {
            self.keys.pop_front();
        }
        self.keys.push_back(key);
        true
    }
}

/// The sockets of each session on this worker.
#[derive(Debug)]
pub struct Registry<O> {
    sessions: HashMap<ClientId, Session<O>>,
    /// Random, so that nobody can construct two keys with one hash.
    hasher: RandomState,
    sockets: usize,
    next: u64,
    per_session: usize,
    per_worker: usize,
}

impl<O: Outlet> Registry<O> {
    /// An empty table for at most `per_session` sockets a session and `per_worker` in all.
    #[must_use]
    pub fn new(per_session: usize, per_worker: usize) -> Self {
        Self { sessions: HashMap::new(), hasher: RandomState::new(), sockets: 0, next: 0, per_session, per_worker }
    }

    /// Whether there is room for one more socket of `id`.
    ///
    /// # Errors
    /// [`Full`] says which limit has been reached.
    pub fn room(&self, id: &ClientId) -> Result<(), Full> {
        if self.sessions.get(id).is_some_and(|s| s.sockets.len() >= self.per_session) {
            return Err(Full::Session(self.per_session));
        }
        if self.sockets >= self.per_worker { Err(Full::Worker(self.per_worker)) } else { Ok(()) }
    }

    /// Adds a socket. The second value says whether it is the session's first here, which is when a relay has to subscribe.
    ///
    /// # Errors
    /// [`Full`] as [`Registry::room`].
    pub fn insert(&mut self, id: ClientId, outlet: O) -> Result<(SocketKey, bool), Full> {
        self.room(&id)?;
        let key = SocketKey(self.next);
        self.next += 1;
        self.sockets += 1;
        let session = self.sessions.entry(id).or_insert_with(|| Session { sockets: Vec::new(), keys: VecDeque::new() });
        session.sockets.push((key, outlet));
        Ok((key, session.sockets.len() == 1))
    }

    /// Removes a socket; returns whether it was the session's last one here. Unknown keys change nothing.
    pub fn remove(&mut self, id: &ClientId, key: SocketKey) -> bool {
        let Some(Session { sockets, .. }) = self.sessions.get_mut(id) else { return false };
        let before = sockets.len();
        sockets.retain(|(k, _)| *k != key);
        self.sockets -= before - sockets.len();
        let last = sockets.is_empty();
        if last {
            self.sessions.remove(id);
        }
        last && before > 0
    }

    /// Queues `frame` on each socket of `id` but `except`, unless the session has received a message with this `key`. A socket
    /// whose queue is full is evicted; it stays in the table until its task removes it, and gets nothing more.
    pub fn deliver(&mut self, id: &ClientId, frame: &O::Frame, except: Option<SocketKey>, key: Option<&IdempotencyKey>) -> Delivered {
        let mut done = Delivered::default();
        let Some(session) = self.sessions.get_mut(id) else { return done };
        done.repeated = key.is_some_and(|key| !session.is_new(self.hasher.hash_one(key)));
        for (key, outlet) in &session.sockets {
            if Some(*key) == except {
                continue;
            }
            if done.repeated || outlet.offer(frame.clone()) {
                done.sockets += 1;
            } else {
                done.evicted += usize::from(outlet.evict());
            }
        }
        done
    }

    /// Calls `visit` for every socket.
    pub fn each(&self, mut visit: impl FnMut(&ClientId, &O)) {
        for (id, session) in &self.sessions {
            for (_, outlet) in &session.sockets {
                visit(id, outlet);
            }
        }
    }

    /// The sessions that have a socket here, which a relay has to be subscribed to.
    pub fn sessions(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.sessions.keys().copied()
    }

    /// Whether this worker holds a socket of `id`.
    #[must_use]
    pub fn holds(&self, id: &ClientId) -> bool {
        self.sessions.contains_key(id)
    }

    /// The number of sockets of all sessions.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.sockets
    }

    /// Whether this worker holds no socket.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sockets == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    #[derive(Default)]
    struct Queue {
        frames: RefCell<Vec<&'static str>>,
        evicted: Cell<bool>,
        bound: usize,
    }
    impl Outlet for Rc<Queue> {
        type Frame = &'static str;
        fn offer(&self, frame: &'static str) -> bool {
            let room = self.frames.borrow().len() < self.bound;
            if room {
                self.frames.borrow_mut().push(frame);
            }
            room
        }
        fn evict(&self) -> bool {
            !self.evicted.replace(true)
        }
    }
    fn queue(bound: usize) -> Rc<Queue> {
        Rc::new(Queue { bound, ..Queue::default() })
    }
    fn id(n: u8) -> ClientId {
        ClientId::from_random([n; 16])
    }

    #[test]
    fn a_message_reaches_each_socket_of_its_session_and_no_other() {
        let mut table = Registry::new(8, 8);
        let (a, b, other) = (queue(9), queue(9), queue(9));
        assert!(table.insert(id(1), a.clone()).unwrap().1);
        let (b_key, first) = table.insert(id(1), b.clone()).unwrap();
        assert!(!first);
        table.insert(id(2), other.clone()).unwrap();
        assert_eq!(table.deliver(&id(1), &"x", None, None).sockets, 2);
        assert_eq!(table.deliver(&id(1), &"y", Some(b_key), None).sockets, 1);
        assert_eq!(table.deliver(&id(9), &"z", None, None), Delivered::default());
        assert_eq!((a.frames.borrow().len(), b.frames.borrow().len(), other.frames.borrow().len()), (2, 1, 0));
    }

    #[test]
    fn a_full_queue_ends_its_socket_and_harms_nobody_else() {
        let mut table = Registry::new(8, 8);
        let (slow, good) = (queue(1), queue(9));
        table.insert(id(1), slow.clone()).unwrap();
        table.insert(id(1), good.clone()).unwrap();
        table.deliver(&id(1), &"1", None, None);
        assert_eq!(table.deliver(&id(1), &"2", None, None), Delivered { sockets: 1, evicted: 1, repeated: false });
        assert_eq!(table.deliver(&id(1), &"3", None, None), Delivered { sockets: 1, evicted: 0, repeated: false }, "one socket is thrown out once");
        assert!(slow.evicted.get() && !good.evicted.get());
    }

    #[test]
    fn both_limits_hold_and_room_comes_back() {
        let mut table = Registry::new(2, 3);
        let (key, _) = table.insert(id(1), queue(1)).unwrap();
        table.insert(id(1), queue(1)).unwrap();
        assert_eq!(table.insert(id(1), queue(1)).unwrap_err(), Full::Session(2));
        table.insert(id(2), queue(1)).unwrap();
        assert_eq!(table.insert(id(3), queue(1)).unwrap_err(), Full::Worker(3));
        assert!(!table.remove(&id(1), key));
        assert!(!table.remove(&id(1), key), "a second removal of one socket changes nothing");
        assert_eq!(table.len(), 2);
        assert!(table.insert(id(3), queue(1)).is_ok());
    }

    #[test]
    fn the_last_socket_takes_the_session_out() {
        let mut table = Registry::new(2, 2);
        let (key, _) = table.insert(id(1), queue(1)).unwrap();
        assert!(table.holds(&id(1)));
        assert!(table.remove(&id(1), key));
        assert!(!table.holds(&id(1)) && table.is_empty() && table.sessions().next().is_none());
    }

    #[test]
    fn a_second_copy_is_dropped_in_its_own_session_only() {
        let mut table = Registry::new(8, 8);
        let (a, other) = (queue(200), queue(200));
        table.insert(id(1), a.clone()).unwrap();
        table.insert(id(2), other.clone()).unwrap();
        let key = |n: usize| IdempotencyKey::parse(&format!("m-{n}")).unwrap();
        assert_eq!(table.deliver(&id(1), &"x", None, Some(&key(0))), Delivered { sockets: 1, ..Delivered::default() });
        assert_eq!(table.deliver(&id(1), &"x", None, Some(&key(0))), Delivered { sockets: 1, evicted: 0, repeated: true });
        assert!(!table.deliver(&id(2), &"x", None, Some(&key(0))).repeated);
        for n in 1..KEYS_PER_SESSION {
            assert!(!table.deliver(&id(1), &"x", None, Some(&key(n))).repeated);
        }
        assert!(table.deliver(&id(1), &"x", None, Some(&key(0))).repeated, "the oldest is still remembered");
        table.deliver(&id(1), &"x", None, Some(&key(1_000)));
        assert!(!table.deliver(&id(1), &"x", None, Some(&key(0))).repeated, "one more and it is forgotten: memory is bounded");
        assert_eq!((a.frames.borrow().len(), other.frames.borrow().len()), (KEYS_PER_SESSION + 2, 1));
    }
}
