//! Checkpoints of a run whose requests are identified by logs: it waits for lines where what follows depends on who answered.

use super::listening::Source;
use super::progress::Progress;
use super::running::Running;
use std::collections::BTreeSet;
use std::time::Instant;
use sticky_affinity::run::{Run, Stopped};

impl Running<'_> {
    /// After a round: finds out once whether answers name their pod, or else logs do. Returns whether the run ends here because nothing does,
    /// which is then in the book: the rest would be a load on the site for no result.
    pub(super) async fn is_unlogged(&self) -> bool {
        let (Some(marking), Source::Open) = (&self.asking.marking, self.listening.source.get()) else { return false };
        let names = |run: &Run| run.shots().any(|shot| shot.pod().is_some());
        if marking.or_answers && self.book.look(names) {
            self.go_by_answers();
            return false;
        }
        self.wait_for_lines().await;
        if self.book.look(names) {
            self.listening.source.set(Source::Logs);
            return false;
        }
        let is_open = self.book.look(|run| run.shots().all(|shot| !shot.is_unidentified() && !shot.is_by_stranger()));
        if is_open {
            // Only errors so far, which no log has to explain.
            return false;
        }
        if !self.asking.lost_when.is_empty() {
            self.go_by_answers();
            return false;
        }
        self.book.note(|run| run.stopped = Some(Stopped::Unlogged));
        true
    }

    /// Waits, within bounds, until logs have told who gave the answers so far.
    pub(super) async fn settle(&self) {
        if self.listening.source.get() == Source::Logs {
            self.wait_for_lines().await;
        }
    }

    fn go_by_answers(&self) {
        self.listening.source.set(Source::Answers);
        self.book.ends_marking();
    }

    async fn wait_for_lines(&self) {
        let (Some(logs), Some(marking)) = (self.listening.logs, &self.asking.marking) else { return };
        let wanted: BTreeSet<u32> = &self.book.look(Run::awaited) - &self.listening.late.borrow();
        if wanted.is_empty() {
            return;
        }
        (self.progress)(Progress::Waits { lines: wanted.len() });
        let began = Instant::now();
        let missing = logs.settle(&wanted, marking.patience).await;
        self.listening.late.borrow_mut().extend(missing);
        self.book.identify(logs, began.elapsed());
    }
}
