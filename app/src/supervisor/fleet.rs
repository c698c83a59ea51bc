//! What the supervisor knows about its workers, for the admin port.

use crate::supervisor::control::Order;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use sticky_core::readiness::{Readiness, Report};
use sticky_core::stats::Counts;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The latest report of each worker, and the state that outlives a worker.
pub(super) struct Workers {
    slots: Mutex<Vec<Slot>>,
    /// Counts of workers that are gone: a counter must not go back when its worker is replaced.
    past: Mutex<Counts>,
    restarts: Mutex<u64>,
    /// Cancelled when the pod drains.
    pub(super) draining: CancellationToken,
    orders: Mutex<Vec<mpsc::UnboundedSender<Order>>>,
    reported: Notify,
    /// `memory` or `redis`, a label of the metrics.
    pub(super) bus: &'static str,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    report: Option<Report>,
    at: Option<Instant>,
}

/// All workers at one moment.
pub(super) struct View {
    /// The report of each worker; `None` for one that has not reported since it was started.
    pub(super) workers: Vec<Option<Report>>,
    /// Counts since the pod started, including replaced workers.
    pub(super) counts: Counts,
    pub(super) restarts: u64,
    pub(super) draining: bool,
}

impl View {
    /// A number of each worker; 0 for one that has not reported.
    pub(super) fn of_each(&self, number: impl Fn(&Report) -> u64) -> Vec<u64> {
        self.workers.iter().map(|report| report.as_ref().map_or(0, &number)).collect()
    }
}

impl Workers {
    pub(super) fn new(count: usize, bus: &'static str) -> Arc<Self> {
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

    pub(super) fn view(&self) -> View {
        let workers: Vec<_> = lock(&self.slots).iter().map(|slot| slot.report.clone()).collect();
        let mut counts = lock(&self.past).clone();
        workers.iter().flatten().for_each(|report| counts.add(&report.counts));
        View { workers, counts, restarts: *lock(&self.restarts), draining: self.draining.is_cancelled() }
    }

    /// Whether the pod takes traffic.
    pub(super) fn readiness(&self) -> Readiness {
        let workers: Vec<_> = lock(&self.slots).iter().map(|slot| slot.report.clone()).collect();
        Readiness::of_pod(&workers, *lock(&self.restarts), self.draining.is_cancelled())
    }

    /// Asks every worker for a report, and waits at most half a second: a hung worker must not hang a scrape.
    pub(super) async fn fresh_view(&self) -> View {
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

    /// Adds a channel to a worker; it is removed once its receiver is gone.
    pub(super) fn listens(&self, orders: mpsc::UnboundedSender<Order>) {
        lock(&self.orders).push(orders);
    }

    pub(super) fn restarted(&self) {
        *lock(&self.restarts) += 1;
    }

    pub(super) fn report(&self, worker: usize, report: Report) {
        lock(&self.slots)[worker] = Slot { report: Some(report), at: Some(Instant::now()) };
        self.reported.notify_waiters();
    }

    /// Removes the report of a worker that ended, and keeps its counts.
    pub(super) fn gone(&self, worker: usize) {
        if let Some(report) = std::mem::take(&mut lock(&self.slots)[worker]).report {
            lock(&self.past).add(&report.counts);
        }
        self.reported.notify_waiters();
    }
}
