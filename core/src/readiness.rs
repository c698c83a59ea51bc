//! Readiness of workers and pods.

use crate::stats::Counts;
use serde::{Deserialize, Serialize};

/// The state of a worker, and of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It does not take traffic yet.
    Starting,
    /// It listens, and has reached the bus at least once.
    Ready,
    /// It still serves, but is about to leave.
    Draining,
}

impl State {
    /// The state as the wire writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
        }
    }
}

/// The state of a worker.
///
/// It is ready once it listens and has reached the bus for the first time. Losing the bus later changes nothing: other
/// pods would have lost it too, so leaving the Service would only move sessions around.
#[must_use]
pub const fn worker_state(is_leaving: bool, listens: bool, bus_was_reached: bool) -> State {
    if is_leaving {
        State::Draining
    } else if listens && bus_was_reached {
        State::Ready
    } else {
        State::Starting
    }
}

/// The state of a pod whose workers are in `states`: draining as soon as one drains, else starting while one starts.
#[must_use]
pub fn pod_state(states: impl IntoIterator<Item = State>) -> State {
    states.into_iter().fold(State::Ready, |pod, worker| match (pod, worker) {
        (State::Draining, _) | (_, State::Draining) => State::Draining,
        (State::Starting, _) | (_, State::Starting) => State::Starting,
        _ => State::Ready,
    })
}

/// What a worker reports to its supervisor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether its state is [`State::Ready`].
    pub ready: bool,
    /// Whether its subscription to the bus is up now.
    pub bus_up: bool,
    /// Whether it hears nothing although the bus answers; only a restart helps.
    pub deaf: bool,
    /// Why the bus can't be reached.
    pub trouble: Option<String>,
    /// Sockets that it holds.
    pub sockets: usize,
    /// Its memory budget in bytes.
    pub memory_budget: u64,
    /// What its clients use of the budget, in bytes.
    pub memory_used: u64,
    /// Since this worker started.
    pub counts: Counts,
}

/// Whether a pod takes traffic, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every worker is ready and reaches the bus.
    Ready,
    /// The pod takes traffic, but not at full strength.
    Degraded,
    /// Not all workers have been ready yet.
    Starting,
    /// The pod is shutting down.
    Draining,
}

/// The answer of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// `/readyz` answers 200 for `ready` and `degraded`, and 503 for the others.
    pub status: Status,
    /// Why the status is not `ready`.
    pub reason: Option<String>,
    /// Workers that the pod has when all of them run.
    pub workers: usize,
    /// Workers that are ready.
    pub workers_ready: usize,
    /// Workers whose subscription to the bus is up.
    pub workers_on_the_bus: usize,
}

impl Readiness {
    /// The readiness of a pod from the latest report of each worker; `None` stands for a worker that has not reported since
    /// it was started. `restarts` counts workers that were replaced.
    #[must_use]
    pub fn of_pod(workers: &[Option<Report>], restarts: u64, is_draining: bool) -> Self {
        let count = |is: fn(&Report) -> bool| workers.iter().flatten().filter(|r| is(r)).count();
        let (all, ready, bus_up) = (workers.len(), count(|r| r.ready), count(|r| r.bus_up));
        let trouble = workers.iter().flatten().filter(|r| !r.bus_up).find_map(|r| r.trouble.as_deref());
        let (status, reason) = if is_draining {
            (Status::Draining, Some("the pod is shutting down".to_owned()))
        } else if ready == all && bus_up == all {
            (Status::Ready, None)
        } else if ready == all {
            (Status::Degraded, Some(format!("{} of {all} workers have no relay: {}", all - bus_up, trouble.unwrap_or("connecting to Redis"))))
        } else if ready > 0 && restarts > 0 {
            // A pod with a worker that is being replaced goes on with the others; one that has never been complete has not.
            (Status::Degraded, Some(format!("{} of {all} workers are being replaced", all - ready)))
        } else {
            let reason = match (trouble, workers.iter().flatten().any(|r| !r.ready && !r.bus_up)) {
                (Some(trouble), _) => format!("Redis has not been reached yet: {trouble}"),
                (None, true) => "Redis has not been reached yet".to_owned(),
                (None, false) => format!("{ready} of {all} workers are ready"),
            };
            (Status::Starting, Some(reason))
        };
        Self { status, reason, workers: all, workers_ready: ready, workers_on_the_bus: bus_up }
    }

    /// Whether the pod should get traffic: `/readyz` answers 200, and 503 otherwise.
    #[must_use]
    pub const fn takes_traffic(&self) -> bool {
        matches!(self.status, Status::Ready | Status::Degraded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workers: &[Option<(bool, bool)>], restarts: u64, draining: bool) -> Readiness {
        let workers: Vec<_> = workers.iter().map(|w| w.map(|(ready, bus_up)| Report { ready, bus_up, ..Report::default() })).collect();
        Readiness::of_pod(&workers, restarts, draining)
    }

    #[test]
    fn the_rule() {
        let says = |workers: &[_], restarts, draining| {
            let readiness = of(workers, restarts, draining);
            (readiness.takes_traffic(), readiness.status)
        };
        assert_eq!(says(&[Some((true, true))], 0, false), (true, Status::Ready));
        assert_eq!(says(&[Some((false, false))], 0, false), (false, Status::Starting));
        assert_eq!(says(&[None, Some((true, true))], 0, false), (false, Status::Starting));
        assert_eq!(says(&[Some((true, false)), Some((true, false))], 0, false), (true, Status::Degraded));
        assert_eq!(says(&[None, Some((true, true))], 1, false), (true, Status::Degraded));
        assert_eq!(says(&[None], 1, false), (false, Status::Starting));
        assert_eq!(says(&[Some((true, true))], 0, true), (false, Status::Draining));
        assert!(of(&[Some((false, false))], 0, false).reason.unwrap().contains("Redis"));
    }

    #[test]
    fn the_shape_on_the_wire() {
        assert_eq!(
            serde_json::to_value(of(&[Some((true, true))], 0, false)).unwrap(),
            serde_json::json!({"status": "ready", "reason": null, "workers": 1, "workers_ready": 1, "workers_on_the_bus": 1})
        );
    }

    #[test]
    fn a_pod_is_what_its_workers_are() {
        use State::{Draining, Ready, Starting};
        assert_eq!(pod_state([Ready, Ready]), Ready);
        assert_eq!(pod_state([Ready, Starting]), Starting);
        assert_eq!(pod_state([Draining, Starting, Ready]), Draining);
        assert_eq!((worker_state(true, true, true), worker_state(false, true, false), worker_state(false, true, true)), (Draining, Starting, Ready));
    }
}
