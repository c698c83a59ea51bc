//! The pods of a run: the requested number, the running ones, and the loop that reconciles the two.

use super::api::{BusStatus, DOWN, PodStatus, Status, WorkerStatus};
use super::door::Backends;
use super::error::CannotStart;
use super::pod::{Ended, Pod, lock};
use super::refused::Refused;
use super::route::Candidate;
use super::size;
use crate::poll::{Deadline, until};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use sticky_app::server::{Blueprint, Handed};
use sticky_core::drain::Plan;
use sticky_core::identity::PodName;
use sticky_core::mode::Mode;
use sticky_core::readiness::{State, pod_state};
use sticky_core::topology::{Affinity, DoorView};
use sticky_core::version::Version;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Delay before a killed pod is replaced: about what a cluster needs to schedule and start one.
const REPLACE_AFTER: Duration = Duration::from_secs(3);
/// The drain plan of `down`: no pod takes over, so there is nothing to wait for.
const GOODBYE: Plan = Plan { delay: Duration::ZERO, window: Duration::from_secs(1) };

/// The canary pods of a run. Their number doesn't change.
pub(super) struct Canary {
    pub pods: u16,
    /// What they report.
    pub version: Version,
}

struct Inner {
    want: Mode,
    pods: Vec<Arc<Pod>>,
    draining: HashMap<PodName, Instant>,
    next_number: u32,
    failure: Option<String>,
}

/// The pods of a run.
pub(super) struct Pods {
    blueprint: Blueprint,
    door: watch::Sender<DoorView>,
    canary: Canary,
    plan: Plan,
    inner: Mutex<Inner>,
    // One change at a time: two concurrent ones would both start the missing pods.
    changing: tokio::sync::Mutex<()>,
    ended: mpsc::UnboundedSender<(PodName, u16, Ended)>,
    /// Cancelled when the run has to end.
    pub down: CancellationToken,
    url: String,
    began: Instant,
}

impl Pods {
    /// Starts with no pods. Surplus pods will drain by `plan`. `door` is what the blueprint follows.
    #[must_use]
    pub(super) fn new(blueprint: Blueprint, door: watch::Sender<DoorView>, canary: Canary, plan: Plan, want: Mode, url: String) -> Arc<Self> {
        let (ended, mut ends) = mpsc::unbounded_channel();
        let inner = Inner { want, pods: Vec::new(), draining: HashMap::new(), next_number: 1, failure: None };
        let pods = Arc::new(Self {
            blueprint,
            door,
            canary,
            plan,
            inner: Mutex::new(inner),
            changing: tokio::sync::Mutex::new(()),
            ended,
            down: CancellationToken::new(),
            url,
            began: Instant::now(),
        });
        let watching = Arc::downgrade(&pods);
        tokio::spawn(async move {
            while let Some((pod, worker, how)) = ends.recv().await {
                let Some(pods) = watching.upgrade() else { return };
                pods.worker_ended(&pod, worker, how);
            }
        });
        let watching = Arc::downgrade(&pods);
        tokio::spawn(async move {
            let mut look = tokio::time::interval(Duration::from_secs(1));
            loop {
                look.tick().await;
                let Some(pods) = watching.upgrade() else { return };
                pods.end_the_deaf();
            }
        });
        pods
    }

    /// Reconciles the pods: starts new ones first, and drains old ones only when the new ones listen.
    ///
    /// # Errors
    /// A pod did not start; the running pods are unaffected.
    pub(super) async fn settle(self: &Arc<Self>) -> Result<(), CannotStart> {
        let _one = self.changing.lock().await;
        let (want, missing) = {
            let inner = lock(&self.inner);
            let missing = |is_canary, want| {
                let fit = inner.pods.iter().filter(|p| inner.serves(p) && p.workers() == inner.want.workers && p.is_canary == is_canary);
                std::iter::repeat_n(is_canary, usize::from(want).saturating_sub(fit.count()))
            };
            (inner.want, missing(false, inner.want.pods).chain(missing(true, self.canary.pods)).collect::<Vec<bool>>())
        };
        for is_canary in missing {
            if let Err(why) = self.start_pod(want.workers, is_canary).await {
                lock(&self.inner).failure = Some(why.to_string());
                return Err(why);
            }
        }
        let leaving: Vec<Arc<Pod>> = {
            let mut inner = lock(&self.inner);
            inner.failure = None;
            let (fit, unfit): (Vec<_>, Vec<_>) = inner.pods.iter().filter(|p| inner.serves(p)).cloned().partition(|p| p.workers() == want.workers);
            // The newest leave first: they hold the fewest sessions. Canary pods are never too many.
            let surplus = fit.into_iter().filter(|p| !p.is_canary).skip(usize::from(want.pods));
            let leaving: Vec<_> = unfit.into_iter().chain(surplus).collect();
            let until = Instant::now() + self.plan.total();
            inner.draining.extend(leaving.iter().map(|p| (p.name.clone(), until)));
            leaving
        };
        leaving.iter().flat_map(|pod| pod.lives()).for_each(|life| life.drain(self.plan));
        Ok(())
    }

    async fn start_pod(self: &Arc<Self>, workers: u16, is_canary: bool) -> Result<(), CannotStart> {
        let number = {
            let mut inner = lock(&self.inner);
            inner.next_number += 1;
            inner.next_number - 1
        };
        let name = PodName::new(&format!("app-{number}"))?;
        let token = format!("{:016x}", getrandom::u64().map_err(CannotStart::NoRandomness)?);
        let mut blueprint = self.blueprint.clone();
        if is_canary {
            blueprint.version = self.canary.version.clone();
        }
        let pod = Pod::new(name, token, workers, blueprint, is_canary);
        for worker in 0..workers {
            if let Err(why) = pod.start_worker(worker, self.ended.clone()).await {
                // A pod with only some of its workers doesn't count.
                pod.lives().iter().for_each(|life| life.kill());
                return Err(why);
            }
        }
        lock(&self.inner).pods.push(pod);
        Ok(())
    }

    /// Sets the requested mode and starts reconciling.
    ///
    /// # Errors
    /// [`Refused::GoingDown`], [`Refused::TooLarge`].
    pub(super) fn want(self: &Arc<Self>, change: impl FnOnce(Mode) -> Mode) -> Result<(), Refused> {
        if self.down.is_cancelled() {
            return Err(Refused::GoingDown);
        }
        {
            let mut inner = lock(&self.inner);
            inner.want = size::check(change(inner.want), self.canary.pods)?;
            inner.failure = None;
        }
        self.settle_soon(Duration::ZERO);
        Ok(())
    }

    /// Makes the front door keep sessions on their pods, or not, from the next request on. Every map shows it at once.
    pub(super) fn keep_together(&self, affinity: Affinity) {
        self.door.send_modify(|view| view.door.affinity = affinity);
    }

    fn settle_soon(self: &Arc<Self>, after: Duration) {
        let pods = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if !pods.down.is_cancelled()
                && let Err(why) = pods.settle().await
            {
                tracing::error!("{why}");
            }
        });
    }

    /// Kills a pod (`app-2`) or one of its workers (`app-2:1`).
    ///
    /// # Errors
    /// [`Refused::Unknown`].
    pub(super) fn kill(self: &Arc<Self>, target: &str) -> Result<(), Refused> {
        let unknown = || Refused::Unknown(target.chars().take(80).collect());
        let (name, worker) = match target.split_once(':') {
            Some((name, worker)) => (name, Some(worker.parse::<usize>().map_err(|_| unknown())?)),
            None => (target, None),
        };
        let pod = lock(&self.inner).pods.iter().find(|p| p.name.as_str() == name).cloned().ok_or_else(unknown)?;
        match worker {
            Some(worker) => {
                let life = lock(&pod.slots).get(worker).and_then(|slot| slot.life.clone()).ok_or_else(unknown)?;
                life.kill();
            }
            None => {
                // Out of the list first, so that its workers are not started again.
                self.forget(&pod.name);
                pod.lives().iter().for_each(|life| life.kill());
                self.settle_soon(REPLACE_AFTER);
            }
        }
        Ok(())
    }

    fn forget(&self, pod: &PodName) {
        let mut inner = lock(&self.inner);
        inner.pods.retain(|p| p.name != *pod);
        inner.draining.remove(pod);
    }

    fn worker_ended(self: &Arc<Self>, name: &PodName, worker: u16, how: Ended) {
        let Some(pod) = lock(&self.inner).pods.iter().find(|p| p.name == *name).cloned() else { return };
        let last = {
            let mut slots = lock(&pod.slots);
            if let Some(slot) = slots.get_mut(usize::from(worker)) {
                slot.life = None;
                slot.restarts += 1;
            }
            slots.iter().all(|slot| slot.life.is_none())
        };
        let leaving = lock(&self.inner).draining.contains_key(name);
        if how == Ended::Drained || leaving || self.down.is_cancelled() {
            if last {
                self.forget(name);
            }
            return;
        }
        let (pods, name) = (self.clone(), name.clone());
        tokio::spawn(async move {
            tracing::warn!(pod = %name, worker, "worker ended; restarting it");
            if let Err(why) = pod.start_worker(worker, pods.ended.clone()).await {
                tracing::error!("{why}");
            }
            pods.follow_the_pod(&pod);
        });
    }

    /// Ends workers that started while their pod was being killed or drained.
    fn follow_the_pod(&self, pod: &Pod) {
        let (known, leaving) = {
            let inner = lock(&self.inner);
            (inner.pods.iter().any(|p| p.name == pod.name), !inner.serves(pod))
        };
        for life in pod.lives() {
            match (known, leaving) {
                (false, _) => life.kill(),
                (true, true) => life.drain(self.plan),
                (true, false) => {}
            }
        }
    }

    fn end_the_deaf(&self) {
        let pods = lock(&self.inner).pods.clone();
        for life in pods.iter().flat_map(|p| p.lives()).filter(|life| life.worker.report().deaf) {
            tracing::warn!("a worker receives nothing from the bus although the bus answers; replacing it");
            life.kill();
        }
    }

    /// Ends everything within 2 s: closes the sockets first, then kills what is left.
    pub(super) async fn end(&self) {
        let _one = self.changing.lock().await;
        let lives: Vec<_> = lock(&self.inner).pods.iter().flat_map(|p| p.lives()).collect();
        lives.iter().for_each(|life| life.drain(GOODBYE));
        let none_left = async || Ok::<_, Infallible>(lock(&self.inner).pods.iter().all(|p| p.lives().is_empty()).then_some(()));
        let Ok(gone) = until(Deadline::after(GOODBYE.window + Duration::from_secs(1)), Duration::from_millis(10), none_left).await;
        if gone.is_none() {
            lock(&self.inner).pods.iter().flat_map(|p| p.lives()).for_each(|life| life.kill());
        }
    }

    /// The answer of `GET /status`.
    #[must_use]
    pub(super) fn status(&self) -> Status {
        let inner = lock(&self.inner);
        let pods: Vec<PodStatus> = inner.pods.iter().map(|pod| pod_status(pod, inner.draining.get(&pod.name))).collect();
        let fit = |p: &PodStatus| p.state == State::Ready && p.workers.len() == usize::from(inner.want.workers);
        let count = |canary| pods.iter().filter(|p| p.canary == canary).count();
        let settled = count(false) == usize::from(inner.want.pods) && count(true) == usize::from(self.canary.pods) && pods.iter().all(fit);
        // The memory bus is never down.
        let up = self.blueprint.relay.is_up_at_once() || inner.pods.iter().flat_map(|p| p.lives()).all(|l| l.worker.report().bus_up);
        let (kind, fanout) = (self.blueprint.relay.kind(), self.blueprint.relay.fanout());
        Status {
            schema: Status::SCHEMA.to_owned(),
            url: self.url.clone(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            up_s: self.began.elapsed().as_secs(),
            mode: inner.want.to_string(),
            canary: self.canary.pods,
            settled,
            failure: inner.failure.clone(),
            door: self.door.borrow().door.clone(),
            bus: BusStatus { kind: kind.to_owned(), fanout: fanout.word().to_owned(), state: if up { "ok" } else { DOWN }.to_owned() },
            pods,
        }
    }
}

impl Inner {
    fn serves(&self, pod: &Pod) -> bool {
        !self.draining.contains_key(&pod.name)
    }
}

fn pod_status(pod: &Pod, leaving: Option<&Instant>) -> PodStatus {
    let slots = lock(&pod.slots);
    let workers: Vec<WorkerStatus> = slots
        .iter()
        .enumerate()
        .map(|(number, slot)| WorkerStatus {
            worker: u16::try_from(number).unwrap_or(u16::MAX),
            state: slot.life.as_ref().map_or(State::Starting, |life| life.worker.state()),
            sockets: slot.life.as_ref().map_or(0, |life| life.worker.report().sockets),
            restarts: slot.restarts,
            age_s: slot.life.as_ref().map_or(0, |life| life.began.elapsed().as_secs()),
        })
        .collect();
    let state = if leaving.is_some() { State::Draining } else { pod_state(workers.iter().map(|w| w.state)) };
    let left_s = leaving.map(|until| until.saturating_duration_since(Instant::now()).as_secs());
    PodStatus { pod: pod.name.to_string(), version: pod.blueprint.version.to_string(), canary: pod.is_canary, state, left_s, workers }
}

impl Backends for Pods {
    fn candidates(&self) -> Vec<Candidate> {
        let inner = lock(&self.inner);
        let candidate = |pod: &Arc<Pod>| Candidate { pod: pod.name.to_string(), token: pod.token.clone(), draining: !inner.serves(pod) };
        inner.pods.iter().map(candidate).collect()
    }

    fn hand(&self, pod: &str, connection: Handed) -> Result<(), Handed> {
        let found = lock(&self.inner).pods.iter().find(|p| p.name.as_str() == pod).cloned();
        match found {
            Some(pod) => pod.hand(connection),
            None => Err(connection),
        }
    }
}
