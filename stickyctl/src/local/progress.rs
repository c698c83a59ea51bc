//! How far a change of the demo has come.

use super::api::Status;
use sticky_core::mode::Mode;
use sticky_core::readiness::State;

/// The pods of a status, as a change counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// Pods of the mode, not of the canary, that stay and have all their workers ready.
    pub(super) ready: usize,
    /// Pods that drain.
    pub(super) leaving: usize,
    /// Sockets of those.
    sockets: usize,
    /// Seconds until the last of those is gone.
    left_s: u64,
}

impl Progress {
    pub(super) fn of(status: &Status, want: Mode) -> Self {
        let leaving = || status.pods.iter().filter(|pod| pod.left_s.is_some());
        let staying = status.pods.iter().filter(|pod| pod.left_s.is_none() && !pod.canary);
        let ready =
            staying.filter(|pod| pod.workers.len() == usize::from(want.workers) && pod.workers.iter().all(|worker| worker.state == State::Ready));
        Self {
            ready: ready.count(),
            leaving: leaving().count(),
            sockets: leaving().flat_map(|pod| &pod.workers).map(|worker| worker.sockets).sum(),
            left_s: leaving().filter_map(|pod| pod.left_s).max().unwrap_or(0),
        }
    }

    /// What is waited for. `no_redis` is whether Redis does not answer.
    pub(super) fn words(self, want: Mode, no_redis: bool) -> String {
        let pods = usize::from(want.pods);
        if self.ready < pods {
            let why = if no_redis { "; Redis does not answer, and a new pod is ready once it has reached it" } else { "" };
            return format!("{} of {pods} pods ready{why}", self.ready);
        }
        match self.leaving {
            0 => format!("{pods} of {pods} pods ready"),
            n => format!("{n} draining, {} sockets left, {} s at most", self.sockets, self.left_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for() {
        let want: Mode = "3x1".parse().unwrap();
        let seen = Progress { ready: 1, leaving: 0, sockets: 0, left_s: 0 };
        assert_eq!(seen.words(want, false), "1 of 3 pods ready");
        assert_eq!(seen.words(want, true), "1 of 3 pods ready; Redis does not answer, and a new pod is ready once it has reached it");
        let seen = Progress { ready: 3, leaving: 2, sockets: 7, left_s: 4 };
        assert_eq!(seen.words(want, true), "2 draining, 7 sockets left, 4 s at most");
    }
}
