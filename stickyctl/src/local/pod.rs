//! A pod: its workers, each a thread with its own runtime and its own table of sockets.

use super::error::CannotStart;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use sticky_app::bus::Relay;
use sticky_app::server::{self, Blueprint, Handed, Source, Worker};
use sticky_core::drain::Plan;
use sticky_core::identity::PodName;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Connections that wait for a worker to take them.
const BACKLOG: usize = 1_024;

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Drained,
    /// It was killed, or its thread panicked.
    Died,
}

/// A worker from its start to its end.
pub(super) struct Life {
    /// The server's side of it.
    pub worker: Arc<Worker>,
    pub began: Instant,
    connections: mpsc::Sender<Handed>,
    drain: Mutex<Option<oneshot::Sender<Plan>>>,
    kill: CancellationToken,
}

impl Life {
    /// Kills it: its sockets end without a close frame.
    pub(super) fn kill(&self) {
        self.kill.cancel();
    }

    /// Makes it drain by a plan; later calls change nothing.
    pub(super) fn drain(&self, plan: Plan) {
        if let Some(drain) = lock(&self.drain).take() {
            let _ = drain.send(plan);
        }
    }
}

/// The place of one worker in its pod.
pub(super) struct Slot {
    /// The worker's current life; `None` between two.
    pub life: Option<Arc<Life>>,
    /// Lives before this one.
    pub restarts: u64,
}

pub(super) struct Pod {
    /// The name. A run never uses one twice.
    pub name: PodName,
    /// The value of the affinity cookie that selects this pod.
    pub token: String,
    /// What its workers are made of, among other things its version.
    pub blueprint: Blueprint,
    pub is_canary: bool,
    pub slots: Mutex<Vec<Slot>>,
    turn: AtomicUsize,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pod {
    /// A pod whose workers have not started.
    #[must_use]
    pub(super) fn new(name: PodName, token: String, workers: u16, blueprint: Blueprint, is_canary: bool) -> Arc<Self> {
        let slots = (0..workers).map(|_| Slot { life: None, restarts: 0 }).collect();
        Arc::new(Self { name, token, blueprint, is_canary, slots: Mutex::new(slots), turn: AtomicUsize::new(0) })
    }

    /// The number of workers when all of them run.
    pub(super) fn workers(&self) -> u16 {
        u16::try_from(lock(&self.slots).len()).unwrap_or(u16::MAX)
    }

    /// The workers that run now.
    pub(super) fn lives(&self) -> Vec<Arc<Life>> {
        lock(&self.slots).iter().filter_map(|slot| slot.life.clone()).collect()
    }

    /// Hands a connection to the next worker that accepts it.
    ///
    /// # Errors
    /// The connection, untouched, if no worker accepts it.
    pub(super) fn hand(&self, mut connection: Handed) -> Result<(), Handed> {
        let lives = self.lives();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for i in 0..lives.len() {
            match lives[(turn + i) % lives.len()].connections.try_send(connection) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back)) => connection = back,
            }
        }
        Err(connection)
    }

    /// Starts worker `number` and resolves when it listens. `ended` receives how it ended.
    ///
    /// # Errors
    /// [`CannotStart`]: the pod has no worker there then.
    pub(super) async fn start_worker(self: &Arc<Self>, number: u16, ended: mpsc::UnboundedSender<(PodName, u16, Ended)>) -> Result<(), CannotStart> {
        let (started, listening) = oneshot::channel();
        let pod = self.clone();
        std::thread::Builder::new()
            .name(format!("{}:{number}", self.name))
            .spawn(move || {
                let name = pod.name.clone();
                let how = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(&pod, number, started)));
                // A worker that dies without a goodbye leaves the map at once, just as its pod's endpoint would.
                if let Relay::Memory { hub, .. } = &pod.blueprint.relay {
                    hub.leave(name.as_str(), number);
                }
                let _ = ended.send((name, number, how.unwrap_or(Ended::Died)));
            })
            .map_err(|why| CannotStart::System { what: "a thread", place: format!("{}:{number}", self.name), why })?;
        let life = listening.await.map_err(|_| CannotStart::Ended(format!("{}:{number}", self.name)))??;
        if let Some(slot) = lock(&self.slots).get_mut(usize::from(number)) {
            slot.life = Some(Arc::new(life));
        }
        Ok(())
    }
}

/// Runs a worker on the calling thread until it ends.
fn live(pod: &Pod, number: u16, started: oneshot::Sender<Result<Life, CannotStart>>) -> Ended {
    let span = tracing::info_span!("worker", pod = %pod.name, worker = number);
    let _entered = span.enter();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            let _ = started.send(Err(CannotStart::System { what: "a runtime", place: format!("{}:{number}", pod.name), why }));
            return Ended::Died;
        }
    };
    let ended = runtime.block_on(async {
        let worker = match pod.blueprint.worker(pod.name.clone(), number, pod.workers()) {
            Ok(worker) => worker,
            Err(why) => {
                let _ = started.send(Err(why.into()));
                return Ended::Died;
            }
        };
        let (connections, queue) = mpsc::channel(BACKLOG);
        let (drain, drained) = oneshot::channel();
        let kill = CancellationToken::new();
        let killed = kill.clone();
        let life = Life { worker: worker.clone(), began: Instant::now(), connections, drain: Mutex::new(Some(drain)), kill };
        let _ = started.send(Ok(life));
        let order = async {
            match drained.await {
                Ok(plan) => plan,
                // All handles to this worker are dropped, so no order can arrive any more.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = server::serve(&worker, Source::Handed(queue), order) => Ended::Drained,
            () = killed.cancelled() => Ended::Died,
        }
    });
    // Drops every task at once: sockets end without a close frame, like those of a killed process.
    runtime.shutdown_background();
    ended
}
