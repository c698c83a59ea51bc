//! The state of one worker, which everything that serves a request shares.

use crate::bus::Bus;
use crate::server::desk::Desk;
use crate::server::memory::Memory;
use crate::server::store::Store;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use sticky_core::admission::{NewSessions, PerAddress, counted_address, is_trusted, network};
use sticky_core::choice::{Expose, Issuer};
use sticky_core::host::Host;
use sticky_core::identity::Identity;
use sticky_core::limits::Limits;
use sticky_core::names::header;
use sticky_core::presence::Presence;
use sticky_core::readiness::{Report, State, worker_state};
use sticky_core::stats::bump;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tungstenite::Utf8Bytes;

/// How a worker behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who sets the affinity cookie.
    pub issuer: Issuer,
    /// Each worker applies them to itself: a pod with 4 workers accepts 4 times [`Limits::max_connections`].
    pub limits: Limits,
    /// Hosts whose Origin may open sockets and post, besides the requested host.
    pub allowed_origins: Vec<Host>,
    /// Hosts that a loopback listener answers to, besides loopback's own names.
    pub allowed_hosts: Vec<Host>,
    /// Whether it listens on loopback only, and so checks the Host.
    pub loopback_only: bool,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the POST routes answer `Connection: close`.
    pub close_after_post: bool,
}

/// The client of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether the front door of the same process vouches for the address.
    pub(crate) trusted: bool,
}

/// Connections that are refused with an answer at the same time. They use the files that are kept for other things.
const MOST_REFUSING: usize = 32;

/// A place among those of one address; dropping it frees the place.
pub(crate) struct AddressSlot {
    worker: Arc<Worker>,
    address: IpAddr,
}

impl AddressSlot {
    /// Takes one, unless the address holds as many as it may.
    pub(crate) fn take(worker: &Arc<Worker>, address: IpAddr) -> Option<Self> {
        let room = worker.held_by_address.lock().unwrap_or_else(PoisonError::into_inner).take(address);
        if !room {
            bump(&worker.desk.stats.address_refusals);
        }
        room.then(|| Self { worker: worker.clone(), address })
    }
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        self.worker.held_by_address.lock().unwrap_or_else(PoisonError::into_inner).give_back(self.address);
    }
}

/// One worker. [`super::serve`] runs it.
pub struct Worker {
    pub(crate) config: Config,
    pub(crate) desk: Arc<Desk>,
    pub(crate) bus: Arc<dyn Bus>,
    /// The headers that identify the worker; fewer if less is exposed.
    pub(crate) identity_headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) new_sessions: Mutex<NewSessions>,
    /// The budget, shared with the other workers of this process.
    pub(crate) memory: Arc<Memory>,
    /// What it keeps for sessions.
    pub(crate) kept: Store,
    /// Places for messages in progress.
    pub(crate) in_progress: Arc<Semaphore>,
    /// Places for connections that are refused with an answer.
    pub(crate) refusing: Arc<Semaphore>,
    held_by_address: Mutex<PerAddress>,
    pub(crate) connections: AtomicUsize,
    /// The tasks of connections and sockets.
    pub(crate) tracker: TaskTracker,
    /// Cancelled when connections finish their request and close.
    pub(crate) finish_connections: CancellationToken,
    leaves_at: Mutex<Option<Instant>>,
    listens: AtomicBool,
}

impl Worker {
    /// A worker that serves no connections yet. `bus` must deliver to `desk`.
    pub(super) fn new(config: Config, desk: Arc<Desk>, bus: Arc<dyn Bus>, memory: Arc<Memory>) -> Arc<Self> {
        Arc::new(Self {
            identity_headers: identity_headers(&desk.identity),
            new_sessions: Mutex::new(NewSessions::new(config.limits.new_sessions_per_minute)),
            kept: Store::new(&config.limits, desk.clone(), memory.clone()),
            memory,
            in_progress: Arc::new(Semaphore::new(config.limits.max_requests.min(Semaphore::MAX_PERMITS))),
            refusing: Arc::new(Semaphore::new(MOST_REFUSING)),
            held_by_address: Mutex::new(PerAddress::new(config.limits.connections_per_address)),
            connections: AtomicUsize::new(0),
            tracker: TaskTracker::new(),
            finish_connections: CancellationToken::new(),
            leaves_at: Mutex::new(None),
            listens: AtomicBool::new(false),
            config,
            desk,
            bus,
        })
    }

    pub(super) fn begin_listening(&self) {
        self.listens.store(true, Ordering::Relaxed);
    }

    pub(super) fn begin_leaving(&self, gone_at: Instant) {
        *self.leaves_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(gone_at);
        self.desk.own_changed.notify_one();
    }

    /// The client whose requests carry these headers; `None` if no limit for each address applies to it.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        let forwarded: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
        if peer.trusted {
            (!peer.address.is_loopback()).then(|| network(peer.address))
        } else {
            counted_address(peer.address, &forwarded, &self.config.trusted_proxies)
        }
    }

    /// The client of a connection, unless it is a proxy, whose requests are counted one by one ([`Self::proxied_client`]).
    pub(crate) fn direct_client(&self, peer: Peer) -> Option<IpAddr> {
        (peer.trusted || !is_trusted(peer.address, &self.config.trusted_proxies)).then(|| self.client(peer, &HeaderMap::new()))?
    }

    /// The client of a request that came by way of a trusted proxy, if the proxy names it.
    pub(crate) fn proxied_client(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        let proxies = &self.config.trusted_proxies;
        (!peer.trusted && is_trusted(peer.address, proxies)).then(|| self.client(peer, headers))?.filter(|client| !is_trusted(*client, proxies))
    }

    fn leaves_at(&self) -> Option<Instant> {
        *self.leaves_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its state: starting until it listens and has reached the bus once, draining from the order to leave on.
    #[must_use]
    pub fn state(&self) -> State {
        worker_state(self.leaves_at().is_some(), self.listens.load(Ordering::Relaxed), self.desk.ever_up())
    }

    /// A report for the supervisor, or for the local demo.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            ready: self.state() == State::Ready,
            bus_up: self.bus.is_up(),
            deaf: self.bus.is_deaf(),
            trouble: self.bus.trouble(),
            sockets: self.desk.sockets(),
            memory_budget: self.memory.budget() as u64,
            memory_used: self.memory.used() as u64,
            counts: self.desk.stats.counts(),
        }
    }

    /// Logs the final counts. The worker counts nothing after this line, so the sum over all workers is the total of the
    /// site, including pods that are gone.
    pub(crate) fn log_totals(&self) {
        let counts = self.desk.stats.counts();
        tracing::info!(
            requests = %counts.by_route(), sockets = counts.sockets_opened, frames_in = counts.frames_in, frames_out = counts.frames_out,
            publishes = counts.publishes, "totals"
        );
    }

    /// Its presence now, or its goodbye.
    pub(super) fn presence(&self, gone: bool) -> Presence {
        let identity = &self.desk.identity;
        let left = self.leaves_at().map(|until| until.saturating_duration_since(Instant::now()).as_millis() as u64);
        Presence {
            pod: identity.pod.to_string(),
            worker: identity.worker,
            workers: identity.workers,
            boot: identity.boot.clone(),
            version: Some(identity.version.clone()),
            state: self.state(),
            left_ms: left,
            sockets: self.desk.sockets(),
            ignored: self.desk.stats.ignored.load(Ordering::Relaxed),
            ttl_ms: 3_500 * self.seconds_between_presences(),
            gone,
        }
    }

    /// More workers announce themselves less often: the total number of messages grows with the square of their number.
    pub(super) fn seconds_between_presences(&self) -> u64 {
        (self.desk.known_workers() as u64 / 16).clamp(1, 4)
    }

    /// The topology now, as JSON. A worker knows its own part without the bus.
    pub(super) fn picture(&self) -> Utf8Bytes {
        self.desk.hear_self(self.presence(false));
        self.desk.picture(self.bus.kind(), self.bus.fanout().word())
    }

    /// Whether answers and frames carry traces.
    pub(super) fn traces(&self) -> bool {
        self.desk.identity.expose != Expose::Off
    }
}

fn identity_headers(identity: &Identity) -> Vec<(HeaderName, HeaderValue)> {
    let value = |text: &str| HeaderValue::from_str(text).ok();
    let all = [
        (header::POD, value(identity.pod.as_str()), identity.expose != Expose::Off),
        (header::WORKER, Some(HeaderValue::from(identity.worker)), identity.expose == Expose::Full),
        (header::BOOT, value(&identity.boot), identity.expose == Expose::Full),
    ];
    let shown = all.into_iter().filter(|(_, _, shown)| *shown);
    shown.filter_map(|(name, value, _)| Some((HeaderName::from_static(name), value?))).collect()
}
