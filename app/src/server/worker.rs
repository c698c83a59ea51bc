//! A worker's life: it becomes ready, tells the others that it is there, serves, and leaves without losing anybody.

use crate::bus::{Bus, Inbox};
use crate::server::accept::{self, Source};
use crate::server::desk::Desk;
use crate::server::outbox::Ending;
use crate::server::outer::IdentityHeaders;
use crate::server::{memory, routes};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use sticky_core::admission::NewSessions;
use sticky_core::choice::Expose;
use sticky_core::choice::Issuer;
use sticky_core::drain::{Plan, RetryHint};
use sticky_core::limits::Limits;
use sticky_core::stats::Counts;
use sticky_core::topology::{Presence, State};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a worker behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who writes the affinity cookie.
    pub issuer: Issuer,
    /// Every limit.
    pub limits: Limits,
    /// Origins that may open sockets and post besides the host that was asked.
    pub allowed_origins: Vec<String>,
    /// Names that a loopback listener answers to besides loopback's own.
    pub allowed_hosts: Vec<String>,
    /// Whether it can be reached by loopback only.
    pub loopback_only: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the POST routes answer `Connection: close`.
    pub close_after_post: bool,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// The front door of the same process vouches for it.
    pub trusted: bool,
}

/// One worker.
pub struct Worker {
    /// How it behaves.
    pub config: Config,
    /// What the bus reaches.
    pub desk: Arc<Desk>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) headers: IdentityHeaders,
    pub(super) new_sessions: Mutex<NewSessions>,
    pub(super) in_flight: AtomicUsize,
    pub(super) connections: AtomicUsize,
    pub(super) tracker: TaskTracker,
    pub(super) finish_connections: CancellationToken,
    leaving: Mutex<Option<Instant>>,
    listening: AtomicBool,
}

/// What a worker says of itself to whoever watches over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// It listens and has reached the bus at least once.
    pub ready: bool,
    /// The bus can be reached now.
    pub bus_up: bool,
    /// It hears nothing although the bus answers.
    pub deaf: bool,
    /// Why the bus can't be reached.
    pub trouble: Option<String>,
    /// Sockets that it holds.
    pub sockets: usize,
    /// Its counters.
    pub counts: Counts,
}

impl Worker {
    /// A worker that serves nobody yet. The desk must be the one that the bus delivers to.
    #[must_use]
    pub fn new(config: Config, desk: Arc<Desk>, bus: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self {
            headers: IdentityHeaders::of(&desk.identity),
            new_sessions: Mutex::new(NewSessions::new(config.limits.new_sessions_per_minute)),
            in_flight: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            tracker: TaskTracker::new(),
            finish_connections: CancellationToken::new(),
            leaving: Mutex::new(None),
            listening: AtomicBool::new(false),
            config,
            desk,
            bus,
        })
    }

    /// Serves until `drain` resolves, then leaves by its plan: all is accepted for the delay, then sockets are closed over
    /// the window. Returns when nothing is left, or when the window is over.
    pub async fn serve(self: &Arc<Self>, source: Source, drain: impl Future<Output = Plan>) {
        let router = routes::router(self.clone());
        self.listening.store(true, Ordering::Relaxed);
        let stop = CancellationToken::new();
        let presence = tokio::spawn(self.clone().tell());
        let ((), plan) = tokio::join!(accept::run(self, &router, source, &stop), async {
            let plan = drain.await;
            self.begin_leaving(plan);
            tokio::time::sleep(plan.delay).await;
            stop.cancel();
            plan
        });
        self.leave(plan).await;
        presence.abort();
        self.bus.announce(self.presence(true)).await;
    }

    fn begin_leaving(&self, plan: Plan) {
        *self.leaving.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now() + plan.total());
        self.desk.own_changed.notify_one();
        tracing::info!(delay = ?plan.delay, window = ?plan.window, sockets = self.desk.sockets(), "draining");
    }

    async fn leave(&self, plan: Plan) {
        self.finish_connections.cancel();
        let outboxes = self.desk.outboxes();
        let (hint, began) = (RetryHint::for_sockets(outboxes.len()), tokio::time::Instant::now());
        self.tracker.close();
        let stagger = async {
            for (place, outbox) in outboxes.iter().enumerate() {
                tokio::time::sleep_until(began + plan.close_after(place, outboxes.len())).await;
                outbox.end(Ending::Restart(hint));
            }
            // Upgrades that were under way when the queues were listed.
            self.desk.end_all(Ending::Restart(hint));
        };
        let all_gone = async {
            tokio::join!(stagger, self.tracker.wait());
        };
        if tokio::time::timeout(plan.window, all_gone).await.is_err() {
            tracing::warn!(sockets = self.desk.sockets(), "the drain window is over; what is left is cut");
        }
    }

    /// Announces this worker and keeps the picture of the others, until it is aborted.
    async fn tell(self: Arc<Self>) {
        // More workers speak less often: what all of them hear grows with the square of their number.
        let pause = || Duration::from_secs((self.desk.known_workers() as u64 / 16).clamp(1, 4));
        let mut next = tokio::time::Instant::now();
        let mut trimmed = Instant::now();
        loop {
            let own = tokio::select! {
                () = tokio::time::sleep_until(next) => true,
                () = self.desk.own_changed.notified() => true,
                () = self.desk.picture_changed.notified() => false,
            };
            if own {
                // Not awaited: a bus that hangs must not stop the picture.
                let (bus, presence) = (self.bus.clone(), self.presence(false));
                self.desk.hear(presence.clone());
                tokio::spawn(async move { bus.announce(presence).await });
                next = tokio::time::Instant::now() + pause();
                if trimmed.elapsed() > Duration::from_secs(5) && self.desk.take_closed() > 100 {
                    memory::give_back();
                    trimmed = Instant::now();
                }
            }
            self.desk.redraw(self.bus.kind(), self.bus.fanout().word());
            // A burst of changes becomes one announcement and one frame for each map.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn presence(&self, gone: bool) -> Presence {
        let identity = &self.desk.identity;
        let left = self.leaving().map(|until| until.saturating_duration_since(Instant::now()).as_millis() as u64);
        Presence {
            pod: identity.pod.to_string(),
            worker: identity.worker,
            workers: identity.workers,
            boot: identity.boot.clone(),
            state: self.state(),
            left_ms: left,
            sockets: self.desk.sockets(),
            ignored: self.desk.stats.ignored.load(Ordering::Relaxed),
            ttl_ms: 3_500 * (self.desk.known_workers() as u64 / 16).clamp(1, 4),
            gone,
        }
    }

    fn leaving(&self) -> Option<Instant> {
        *self.leaving.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Its state.
    pub fn state(&self) -> State {
        if self.leaving().is_some() {
            State::Draining
        } else if self.listening.load(Ordering::Relaxed) && self.desk.ever_up() {
            State::Ready
        } else {
            State::Starting
        }
    }

    /// What it says of itself.
    pub fn report(&self) -> Report {
        Report {
            ready: self.state() == State::Ready,
            bus_up: self.bus.is_up(),
            deaf: self.bus.is_deaf(),
            trouble: self.bus.trouble(),
            sockets: self.desk.sockets(),
            counts: self.desk.stats.counts(),
        }
    }

    /// Says in the log what it counted in its life. Nothing of it comes after this line, so that the sum over all workers is
    /// what the site did, pods that are gone included.
    pub fn log_totals(&self) {
        let counts = self.desk.stats.counts();
        tracing::info!(
            requests = %counts.by_route(), sockets = counts.sockets_opened, frames_in = counts.frames_in, frames_out = counts.frames_out,
            publishes = counts.publishes, "totals"
        );
    }

    /// The picture now, as JSON. Of itself a worker knows without the bus.
    pub(super) fn picture(&self) -> axum::extract::ws::Utf8Bytes {
        self.desk.hear(self.presence(false));
        self.desk.picture(self.bus.kind(), self.bus.fanout().word())
    }

    /// Whether traces are told.
    pub(super) fn traces(&self) -> bool {
        self.desk.identity.expose != Expose::Off
    }
}
