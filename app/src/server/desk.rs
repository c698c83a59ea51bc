//! The state that the bus and the routes share: a worker's sockets, its picture of the other workers, its counters.

use crate::bus::{BadMessage, Inbox, Relayed};
use crate::server::memory::{Charge, Memory};
use crate::server::outbox::{Ending, Outbox};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use sticky_core::choice::Expose;
use sticky_core::download::Piece;
use sticky_core::identity::Identity;
use sticky_core::ids::{ClientId, IdempotencyKey};
use sticky_core::limits::Limits;
use sticky_core::presence::Presence;
use sticky_core::registry::{Delivered, Full, Registry, SocketKey};
use sticky_core::stats::{Stats, bump};
use sticky_core::topology::{BusView, DoorView, Table, Topology, TopologyFrame};
use sticky_core::trace::{Kind, Trace};
use sticky_core::wire::{Text, json};
use tokio::sync::{Notify, watch};
use tungstenite::Utf8Bytes;

/// A worker's shared state. Plain mutexes: each is held for a look-up or an insert, never across an await.
pub(crate) struct Desk {
    pub identity: Identity,
    pub stats: Stats,
    /// Notified when the worker's own presence changed.
    pub own_changed: Notify,
    /// Notified when the presence of another worker changed.
    pub picture_changed: Notify,
    door: watch::Receiver<DoorView>,
    registry: Mutex<Registry<Arc<Outbox>>>,
    table: Mutex<Table>,
    map: watch::Sender<Utf8Bytes>,
    relay: watch::Sender<bool>,
    ever_up: AtomicBool,
    /// Connections and sockets that ended since memory was last given back.
    closed: AtomicU64,
    max_text: usize,
}

/// A socket's place in the registry; dropping it removes the socket.
pub(crate) struct Place {
    desk: Arc<Desk>,
    key: SocketKey,
    pub id: ClientId,
    pub outbox: Arc<Outbox>,
    _charge: Charge,
}

/// Why a socket is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSeat {
    #[error(transparent)]
    Full(#[from] Full),
    #[error("this worker has no memory left for another socket; try again, another may have room")]
    Memory,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.registry().remove(&self.id, self.key);
        self.desk.closed.fetch_add(1, Ordering::Relaxed);
        self.desk.own_changed.notify_one();
    }
}

impl Desk {
    /// An empty desk. `relay` says whether messages of the bus arrive from the start.
    #[must_use]
    pub(crate) fn new(identity: Identity, door: watch::Receiver<DoorView>, limits: &Limits, relay: bool) -> Arc<Self> {
        Arc::new(Self {
            identity,
            stats: Stats::default(),
            own_changed: Notify::new(),
            picture_changed: Notify::new(),
            door,
            registry: Mutex::new(Registry::new(limits.sockets_per_session, limits.max_sockets)),
            table: Mutex::default(),
            map: watch::Sender::new(Utf8Bytes::default()),
            relay: watch::Sender::new(relay),
            ever_up: AtomicBool::new(relay),
            closed: AtomicU64::new(0),
            max_text: limits.max_text,
        })
    }

    fn registry(&self) -> MutexGuard<'_, Registry<Arc<Outbox>>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a socket of session `id`, with a queue of `queue` frames.
    ///
    /// # Errors
    /// [`NoSeat`] names the limit that was reached.
    pub(crate) fn seat(self: &Arc<Self>, id: ClientId, queue: usize, memory: &Arc<Memory>) -> Result<Place, NoSeat> {
        let charge = memory.socket().ok_or_else(|| {
            bump(&self.stats.memory_refusals);
            NoSeat::Memory
        })?;
        let outbox = Outbox::new(queue, memory);
        let (key, _) = self.registry().insert(id, outbox.clone())?;
        bump(&self.stats.sockets_opened);
        self.own_changed.notify_one();
        Ok(Place { desk: self.clone(), key, id, outbox, _charge: charge })
    }

    /// Local delivery: queues `frame` on every socket that this worker holds of the session, but not on `except`, and not if the
    /// session has already received a message with this `key`.
    pub(crate) fn deliver_here(&self, id: &ClientId, frame: &Utf8Bytes, except: Option<&Place>, key: Option<&IdempotencyKey>) -> Delivered {
        let done = self.registry().deliver(id, frame, except.map(|p| p.key), key);
        self.stats.slow_readers.fetch_add(done.evicted as u64, Ordering::Relaxed);
        if done.repeated {
            bump(&self.stats.repeats);
        }
        done
    }

    pub(crate) fn sockets(&self) -> usize {
        self.registry().len()
    }

    pub(crate) fn outboxes(&self) -> Vec<Arc<Outbox>> {
        let mut all = Vec::new();
        self.registry().each(|_, outbox| all.push(outbox.clone()));
        all
    }

    /// Records the worker's own presence, which needs no bus.
    pub(crate) fn hear_self(&self, presence: Presence) {
        Inbox::hear(self, presence);
    }

    /// Orders every socket to end.
    pub(crate) fn end_all(&self, ending: Ending) {
        for outbox in self.outboxes() {
            outbox.end(ending);
        }
    }

    /// Counts a connection that ended.
    pub(crate) fn connection_closed(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether so many connections and sockets ended since the last `true` that giving back their memory pays.
    pub(crate) fn many_closed(&self) -> bool {
        let many = self.closed.load(Ordering::Relaxed) > 100;
        if many {
            self.closed.store(0, Ordering::Relaxed);
        }
        many
    }

    /// Whether the bus was reached at least once.
    pub(crate) fn ever_up(&self) -> bool {
        self.ever_up.load(Ordering::Relaxed)
    }

    /// Follows whether relayed messages arrive.
    pub(crate) fn relay(&self) -> watch::Receiver<bool> {
        self.relay.subscribe()
    }

    /// Follows the topology, as a frame.
    pub(crate) fn map(&self) -> watch::Receiver<Utf8Bytes> {
        self.map.subscribe()
    }

    /// Follows the front door. Its sender is gone where the door can't change.
    pub(crate) fn door(&self) -> watch::Receiver<DoorView> {
        self.door.clone()
    }

    /// The number of known workers, including this one.
    pub(crate) fn known_workers(&self) -> usize {
        self.table().len()
    }

    /// Removes workers that no longer announce themselves. If the topology changed, sends it to sockets with a map.
    pub(crate) fn redraw(&self, kind: &'static str, fanout: &'static str) {
        let frame = self.picture(kind, fanout);
        self.map.send_if_modified(|old| {
            let changed = *old != frame;
            if changed {
                *old = frame;
            }
            changed
        });
    }

    /// The topology now, as a frame and as the body of `GET /topology`.
    pub(crate) fn picture(&self, kind: &'static str, fanout: &'static str) -> Utf8Bytes {
        let state = if *self.relay.borrow() { "ok" } else { "down" };
        let pods = {
            let mut table = self.table();
            table.expire(Instant::now());
            match self.identity.expose {
                Expose::Off => Vec::new(),
                expose => table.pods(expose == Expose::Full),
            }
        };
        let topology = Topology { door: self.door.borrow().clone(), bus: BusView { kind, fanout, state }, pods };
        json(&TopologyFrame { topology: &topology }).into()
    }

    /// The frame of an echo or a delivery by this worker.
    pub(crate) fn echo(&self, text: &str, key: Option<&IdempotencyKey>, trace: Option<&Trace>) -> Utf8Bytes {
        json(&Text::echo(self.identity.text(), text, key, self.shown(trace))).into()
    }

    /// The frame of a message that arrived on the bus.
    fn relayed(&self, message: &Relayed, trace: Option<&Trace>) -> Utf8Bytes {
        let Some(piece) = &message.download else { return self.echo(&message.text, message.key.as_ref(), trace) };
        let frame = Text::echo(self.identity.text(), &Piece::name(piece.piece), message.key.as_ref(), self.shown(trace));
        json(&Text { download: Some(piece), ..frame }).into()
    }

    fn shown<'a>(&self, trace: Option<&'a Trace>) -> Option<&'a Trace> {
        trace.filter(|_| self.identity.expose != Expose::Off)
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
        // The pieces of one relay have one key, and none of them is a repetition of another.
        let part = message.key.as_ref().zip(message.download.as_ref()).map(|(key, piece)| key.part(piece.piece));
        let key = part.as_ref().or(message.key.as_ref());
        let done = self.deliver_here(to, &self.relayed(message, trace.as_ref()), None, key);
        self.stats.deliveries_relay.fetch_add(done.queued() as u64, Ordering::Relaxed);
        true
    }

    fn hear(&self, presence: Presence) {
        if self.table().hear(presence, Instant::now()) {
            self.picture_changed.notify_one();
        }
    }

    fn bad_message(&self, why: BadMessage) {
        bump(&self.stats.bus_bad_messages);
        tracing::debug!(%why, "ignored a message on the bus");
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

    fn max_text(&self) -> usize {
        self.max_text
    }
}
