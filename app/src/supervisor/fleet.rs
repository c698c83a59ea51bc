//! What the supervisor knows of its workers, for the admin port.

use crate::server::worker::Report;
use crate::supervisor::control::Order;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use sticky_core::stats::Counts;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the supervisor knows of its workers, for the admin port.
pub struct Workers {
    slots: Mutex<Vec<Slot>>,
    /// Counts of workers that are gone: a counter must not go back when its worker is replaced.
    past: Mutex<Counts>,
    restarts: Mutex<u64>,
    /// Cancelled when the pod leaves.
    pub draining: CancellationToken,
    orders: Mutex<Vec<mpsc::UnboundedSender<Order>>>,
    reported: Notify,
    /// How the bus is named in metrics.
    pub bus: &'static str,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    report: Option<Report>,
    at: Option<Instant>,
}

/// One look at all workers.
pub struct View {
    /// The report of each worker; `None` where it is starting.
    pub workers: Vec<Option<Report>>,
    /// All counts since the start.
    pub counts: Counts,
    /// Workers that were replaced.
    pub restarts: u64,
    /// Whether the pod is leaving.
    pub draining: bool,
}

impl Workers {
    /// Nobody has reported yet.
    #[must_use]
    pub fn new(count: usize, bus: &'static str) -> Arc<Self> {
        Arc::new(Self {
            slots: Mutex::new(vec![Slot::default(); count]),
            past: Mutex::default(),
            restarts: Mutex::new(0),
            draining: CancellationToken::new(),
            orders: Mutex::new(Vec::new()),
            reported: Notify::new(),
            bus,
        })
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> View {
        let workers: Vec<_> = lock(&self.slots).iter().map(|slot| slot.report.clone()).collect();
        let mut counts = lock(&self.past).clone();
        workers.iter().flatten().for_each(|report| counts.add(&report.counts));
        View { workers, counts, restarts: *lock(&self.restarts), draining: self.draining.is_cancelled() }
    }

    /// Asks every worker how it is, and waits for the answers, but not long: a hung worker must not hang a scrape.
    pub async fn fresh_view(&self) -> View {
        let asked = Instant::now();
        lock(&self.orders).retain(|worker| worker.send(Order::Report).is_ok());
        let answered = || lock(&self.slots).iter().all(|slot| slot.report.is_none() || slot.at.is_some_and(|at| at >= asked));
        let all = async {
            loop {
                let next = self.reported.notified();
                if answered() {
                    return;
                }
                next.await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), all).await;
        self.view()
    }

    /// A worker can be asked from now on.
    pub fn listens(&self, orders: mpsc::UnboundedSender<Order>) {
        lock(&self.orders).push(orders);
    }

    /// A worker was replaced.
    pub fn restarted(&self) {
        *lock(&self.restarts) += 1;
    }

    /// Worker `worker` said how it is.
    pub fn report(&self, worker: usize, report: Report) {
        lock(&self.slots)[worker] = Slot { report: Some(report), at: Some(Instant::now()) };
        self.reported.notify_waiters();
    }

    /// Worker `worker` ended; what it counted stays counted.
    pub fn gone(&self, worker: usize) {
        if let Some(report) = std::mem::take(&mut lock(&self.slots)[worker]).report {
            lock(&self.past).add(&report.counts);
        }
        self.reported.notify_waiters();
    }
}
