//! The state of a site: counts, turns, connections, sockets.

use super::{Balance, Site};
use http::HeaderMap;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A text for a socket's client, by the socket's pod.
pub(crate) type Mailbox = (u64, mpsc::UnboundedSender<String>);

#[derive(Debug)]
pub(crate) struct State {
    /// All requests, upgrades included.
    all: watch::Sender<u64>,
    /// Upgrades among them.
    pub(crate) upgrades: AtomicU64,
    pub(crate) turn: AtomicU64,
    pub(crate) noise: AtomicU64,
    pub(crate) issued: AtomicU64,
    /// Requests whose cookie decided.
    pub(crate) bound: AtomicU64,
    /// Current weights of the smooth balance.
    pub(crate) weights: Mutex<Vec<i64>>,
    /// Requests under way by pod.
    pub(crate) busy: Mutex<Vec<u64>>,
    /// Held by the request that is answered, if there is one at a time.
    pub(crate) one: tokio::sync::Mutex<()>,
    /// Idle connections to pods.
    pub(crate) kept: Mutex<Vec<u64>>,
    /// The cache.
    pub(crate) stored: Mutex<HashMap<String, HeaderMap>>,
    pub(crate) sockets: AtomicU64,
    /// Ends the sockets that are open now.
    pub(crate) end: Mutex<CancellationToken>,
    pub(crate) mailboxes: Mutex<HashMap<String, Mailbox>>,
    /// When each upgrade arrived.
    pub(crate) upgraded: Mutex<Vec<Instant>>,
    /// The time of the first request whose age was asked for.
    began: OnceLock<Instant>,
    /// Queries of all requests.
    pub(crate) queries: Mutex<BTreeSet<String>>,
    /// Origins of upgrades.
    pub(crate) origins: Mutex<BTreeSet<String>>,
}

impl State {
    pub(crate) fn new(site: &Site) -> Arc<Self> {
        let pods = site.pods as usize + 1;
        Arc::new(Self {
            all: watch::Sender::new(0),
            upgrades: AtomicU64::new(0),
            turn: AtomicU64::new(0),
            noise: AtomicU64::new(0),
            issued: AtomicU64::new(0),
            bound: AtomicU64::new(0),
            weights: Mutex::new(vec![0; pods]),
            busy: Mutex::new(vec![0; pods]),
            one: tokio::sync::Mutex::default(),
            kept: Mutex::default(),
            stored: Mutex::default(),
            sockets: AtomicU64::new(0),
            end: Mutex::default(),
            mailboxes: Mutex::default(),
            upgraded: Mutex::default(),
            began: OnceLock::new(),
            queries: Mutex::default(),
            origins: Mutex::default(),
        })
    }

    /// The number of a request, from 1.
    pub(crate) fn count(&self) -> u64 {
        let mut number = 0;
        self.all.send_modify(|all| {
            *all += 1;
            number = *all;
        });
        number
    }

    /// The time since the first request that asked for it.
    pub(crate) fn age(&self) -> Duration {
        self.began.get_or_init(Instant::now).elapsed()
    }

    /// The number of requests without upgrades, and of upgrades.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let upgrades = self.upgrades.load(Ordering::SeqCst);
        (*self.all.borrow() - upgrades, upgrades)
    }

    /// Waits until so many requests have come.
    pub(crate) async fn has(&self, count: u64) {
        let mut all = self.all.subscribe();
        tokio::time::timeout(Duration::from_secs(60), all.wait_for(|all| *all >= count)).await.unwrap().unwrap();
    }

    /// Ends the sockets that are open now, but none that is opened later.
    pub(crate) fn end_sockets(&self) {
        std::mem::take(&mut *self.end.lock().unwrap()).cancel();
    }
}

/// A request under way at a pod.
pub(crate) struct Busy {
    state: Arc<State>,
    keeps: bool,
    pod: u64,
}

impl Busy {
    pub(crate) fn at(site: &Site, state: &Arc<State>, pod: u64) -> Self {
        state.busy.lock().unwrap()[pod as usize] += 1;
        Self { state: Arc::clone(state), keeps: site.balance == Balance::KeptConnections, pod }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.state.busy.lock().unwrap()[self.pod as usize] -= 1;
        if self.keeps {
            self.state.kept.lock().unwrap().push(self.pod);
        }
    }
}
