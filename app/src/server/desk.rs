//! Where a worker's sockets, its picture of the others and its counters lie: what the bus reaches and what routes reach.

use crate::bus::{Inbox, Relayed};
use crate::server::outbox::{Ending, Outbox};
use axum::extract::ws::Utf8Bytes;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use sticky_core::choice::Expose;
use sticky_core::identity::Identity;
use sticky_core::ids::ClientId;
use sticky_core::registry::{Delivered, Full, Registry, SocketKey};
use sticky_core::stats::{Stats, bump};
use sticky_core::topology::{BusView, Door, Presence, Table, Topology, TopologyFrame};
use sticky_core::trace::{Kind, Trace};
use sticky_core::wire::{Text, json};
use tokio::sync::{Notify, watch};

/// A worker's shared state. Plain mutexes: each is held for a look-up or an insert, never across an await.
pub struct Desk {
    /// Who this worker is.
    pub identity: Identity,
    /// What it counts.
    pub stats: Stats,
    /// What it says of itself has changed.
    pub own_changed: Notify,
    /// What it knows of the others has changed.
    pub picture_changed: Notify,
    door: Door,
    registry: Mutex<Registry<Arc<Outbox>>>,
    table: Mutex<Table>,
    map: watch::Sender<Utf8Bytes>,
    relay: watch::Sender<bool>,
    ever_up: AtomicBool,
    closed: AtomicU64,
}

/// A socket's place in the registry; dropping it takes the socket out.
pub struct Place {
    desk: Arc<Desk>,
    key: SocketKey,
    /// Its session.
    pub id: ClientId,
    /// Its queue.
    pub outbox: Arc<Outbox>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.registry().remove(&self.id, self.key);
        self.desk.closed.fetch_add(1, Ordering::Relaxed);
        self.desk.own_changed.notify_one();
    }
}

impl Desk {
    /// An empty desk. `relay` says whether messages for its sessions will arrive from the start (a memory bus).
    #[must_use]
    pub fn new(identity: Identity, door: Door, per_session: usize, per_worker: usize, relay: bool) -> Arc<Self> {
        Arc::new(Self {
            identity,
            stats: Stats::default(),
            own_changed: Notify::new(),
            picture_changed: Notify::new(),
            door,
            registry: Mutex::new(Registry::new(per_session, per_worker)),
            table: Mutex::default(),
            map: watch::Sender::new(Utf8Bytes::default()),
            relay: watch::Sender::new(relay),
            ever_up: AtomicBool::new(relay),
            closed: AtomicU64::new(0),
        })
    }

    fn registry(&self) -> MutexGuard<'_, Registry<Arc<Outbox>>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a socket its place.
    ///
    /// # Errors
    /// [`Full`] names the limit that is reached.
    pub fn seat(self: &Arc<Self>, id: ClientId, queue: usize) -> Result<Place, Full> {
        let outbox = Outbox::new(queue);
        let (key, _) = self.registry().insert(id, outbox.clone())?;
        bump(&self.stats.sockets_opened);
        self.own_changed.notify_one();
        Ok(Place { desk: self.clone(), key, id, outbox })
    }

    /// Local delivery: writes to the session's sockets here, but not to `except`.
    pub fn deliver_here(&self, id: &ClientId, frame: &Utf8Bytes, except: Option<&Place>) -> Delivered {
        let done = self.registry().deliver(id, frame, except.map(|p| p.key));
        self.stats.slow_readers.fetch_add(done.evicted as u64, Ordering::Relaxed);
        done
    }

    /// Sockets here.
    pub fn sockets(&self) -> usize {
        self.registry().len()
    }

    /// Every socket's queue.
    pub fn outboxes(&self) -> Vec<Arc<Outbox>> {
        let mut all = Vec::new();
        self.registry().each(|_, outbox| all.push(outbox.clone()));
        all
    }

    /// Tells every socket to end.
    pub fn end_all(&self, ending: Ending) {
        for outbox in self.outboxes() {
            outbox.end(ending);
        }
    }

    /// Sockets that closed since the last call.
    pub fn take_closed(&self) -> u64 {
        self.closed.swap(0, Ordering::Relaxed)
    }

    /// Whether the bus was reached at least once.
    pub fn ever_up(&self) -> bool {
        self.ever_up.load(Ordering::Relaxed)
    }

    /// Follows whether relay is on.
    pub fn relay(&self) -> watch::Receiver<bool> {
        self.relay.subscribe()
    }

    /// Follows the picture, as a frame.
    pub fn map(&self) -> watch::Receiver<Utf8Bytes> {
        self.map.subscribe()
    }

    /// Workers that are known.
    pub fn known_workers(&self) -> usize {
        self.table().len()
    }

    /// Forgets who has stopped speaking and draws the picture anew; sockets with a map get it where it changed.
    pub fn redraw(&self, kind: &'static str, fanout: &'static str) {
        let frame = self.picture(kind, fanout);
        self.map.send_if_modified(|old| {
            let changed = *old != frame;
            if changed {
                *old = frame;
            }
            changed
        });
    }

    /// The picture now, as a frame and as the body of `GET /topology`.
    pub fn picture(&self, kind: &'static str, fanout: &'static str) -> Utf8Bytes {
        let state = if *self.relay.borrow() { "ok" } else { "down" };
        let pods = {
            let mut table = self.table();
            table.expire(Instant::now());
            match self.identity.expose {
                Expose::Off => Vec::new(),
                expose => table.pods(expose == Expose::Full),
            }
        };
        let topology = Topology { door: self.door.clone(), bus: BusView { kind, fanout, state }, pods };
        json(&TopologyFrame { topology: &topology }).into()
    }

    /// The frame of an echo or a delivery by this worker.
    pub fn echo(&self, text: &str, trace: Option<&Trace>) -> Utf8Bytes {
        let shown = trace.filter(|_| self.identity.expose != Expose::Off);
        json(&Text::echo(self.identity.text(), text, shown)).into()
    }
}

impl Inbox for Desk {
    fn deliver(&self, to: &ClientId, message: &Relayed) -> bool {
        if !self.registry().holds(to) {
            bump(&self.stats.ignored);
            self.own_changed.notify_one();
            return false;
        }
        let heard = Instant::now();
        let place = self.identity.place();
        let trace = message.trace.clone().map(|id| {
            let mut trace = Trace::new(id);
            trace.hop("bus", Some(place), Kind::Deliver, heard.elapsed(), place);
            trace.hop(place, Some("door"), Kind::Push, heard.elapsed(), place);
            trace
        });
        let done = self.deliver_here(to, &self.echo(&message.text, trace.as_ref()), None);
        self.stats.deliveries_relay.fetch_add(done.sockets as u64, Ordering::Relaxed);
        true
    }

    fn hear(&self, presence: Presence) {
        if self.table().hear(presence, Instant::now()) {
            self.picture_changed.notify_one();
        }
    }

    fn bad_message(&self, why: &'static str) {
        bump(&self.stats.bus_bad_messages);
        tracing::debug!(why, "passed over a message on the bus");
    }

    fn bus_changed(&self, up: bool) {
        if up && self.ever_up.swap(true, Ordering::Relaxed) {
            bump(&self.stats.bus_reconnects);
        }
        self.relay.send_replace(up);
        self.own_changed.notify_one();
        self.picture_changed.notify_one();
    }

    fn holds(&self, id: &ClientId) -> bool {
        self.registry().holds(id)
    }

    fn sessions(&self) -> Vec<ClientId> {
        self.registry().sessions().collect()
    }
}
