//! Following logs, as others use it.

use super::advice;
use super::heard::Known;
use super::look;
use super::shared::Shared;
use super::sources::{Sources, Which};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::marker::Token;
use sticky_affinity::told::{Lines, Unasked};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// Follows logs. Dropping it ends that.
#[derive(Debug)]
pub(crate) struct Logs {
    shared: Arc<Shared>,
    /// Ends with this value.
    _tasks: JoinSet<()>,
}

impl Logs {
    /// Begins to read in the background; lines from before are ignored. Must be called inside a Tokio runtime.
    pub(crate) fn follow(sources: Sources, token: Token, which: Which) -> Self {
        let shared = Arc::new(Shared::new(token, which));
        let mut tasks = JoinSet::new();
        tasks.spawn(look::run(sources, shared.clone()));
        Self { shared, _tasks: tasks }
    }

    /// Waits until a line has settled each of these marks, but no longer than `patience`. Returns the marks that none has settled. A line settles
    /// a mark if it names a pod, or if it says that the front door answered by itself. One that has only an address of no pod settles it once
    /// the cluster was asked again, and a pod's own log had 3 s to name the pod.
    pub(crate) async fn settle(&self, wanted: &BTreeSet<u32>, patience: Duration) -> BTreeSet<u32> {
        let end = Instant::now() + patience;
        let mut missing = wanted.clone();
        loop {
            let news = self.shared.news.notified();
            tokio::pin!(news);
            // Before looking: a line that comes in between must not be missed.
            news.as_mut().enable();
            let mut next = end;
            {
                let state = self.shared.state();
                missing.retain(|mark| match self.shared.is_settled(&state, *mark) {
                    Ok(()) => false,
                    Err(until) => {
                        next = next.min(until.unwrap_or(end));
                        true
                    }
                });
            }
            if missing.is_empty() || Instant::now() >= end {
                return missing;
            }
            // Whether news or time: look again.
            let _ = timeout_at(next, news).await;
        }
    }

    /// What the logs said so far.
    pub(crate) fn lines(&self) -> Lines {
        let state = self.shared.state();
        let told = |(mark, known)| if let Known::Told(told) = known { Some((mark, told)) } else { None };
        Shared::known(&state).filter_map(told).collect()
    }

    /// Marks whose line says that the front door answered by itself, without any pod.
    pub(crate) fn unasked(&self) -> Unasked {
        let state = self.shared.state();
        Shared::known(&state).filter(|(_, known)| *known == Known::Unasked).map(|(mark, _)| mark).collect()
    }

    /// What could not be read, why, and what to try: one sentence or two each.
    pub(crate) fn troubles(&self) -> Vec<String> {
        advice::troubles(&self.shared.state(), &self.shared.which)
    }

    /// For tests: follows nothing, and knows the lines that it [hears](Self::hears).
    #[cfg(test)]
    pub(crate) fn deaf(token: Token, which: Which) -> Self {
        Self { shared: Arc::new(Shared::new(token, which)), _tasks: JoinSet::new() }
    }

    /// For tests: a line of a pod's log.
    #[cfg(test)]
    pub(crate) fn hears(&self, by: sticky_affinity::told::By, pod: &str, line: &str) {
        self.shared.line(by, &pod.into(), &super::cutter::Line { at: None, text: line.as_bytes(), cut: false });
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}
