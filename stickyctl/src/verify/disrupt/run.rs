//! Makes the changes, one after the other, each with sessions of its own.

use super::naming::name;
use super::prepare::Prepared;
use super::result::Disrupted;
use super::step::Step;
use crate::cluster::disrupt::{Error, act, left, settle};
use crate::cluster::tunnel::Tunnel;
use crate::output::{Live, Mark, Output};
use crate::poll::Deadline;
use crate::verify::beside::{self, FIRST_LOOK};
use crate::verify::logs::Logs;
use crate::verify::probe::steady::{self, Crowd, EVERY};
use crate::verify::probe::watch::Witness;
use crate::verify::probe::{Asking, Book};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use sticky_affinity::disrupt::{Disruption, judge};
use sticky_affinity::scenario;
use tokio::sync::oneshot;

/// Rounds of requests before a change, to see that all is well, and after everything has settled, to see where requests go.
const BEFORE: u32 = 3;
const AFTER: u32 = 4;
/// How long restoring the replica count may take.
const RESTORE: Duration = Duration::from_secs(30);

impl Prepared {
    /// Makes all changes, until `interrupted` is done. Then the replica count is what it was, or the user knows how to restore it. Returns the
    /// results so far, and whether it was interrupted.
    pub(crate) async fn run(
        self,
        (asking, logs): (&Asking, Option<&Logs>),
        tunnel: Option<&mut Tunnel>,
        output: Output,
        interrupted: impl Future<Output = ()>,
    ) -> (Vec<Disrupted>, bool) {
        let mut tunnel = tunnel;
        let was_interrupted = tokio::select! {
            biased;
            () = interrupted => true,
            () = self.all((asking, logs), &mut tunnel, output) => false,
        };
        self.restore(output).await;
        (self.results.into_inner().unwrap_or_else(PoisonError::into_inner), was_interrupted)
    }

    async fn all(&self, site: (&Asking, Option<&Logs>), tunnel: &mut Option<&mut Tunnel>, output: Output) {
        for (turn, step) in (0..).zip(&self.steps) {
            let line = output.live(step.kind().word());
            match self.one((*step, turn), site, tunnel.as_deref_mut(), output, &line).await {
                Ok(done) => {
                    let mark = match done.judged.mark {
                        scenario::Mark::Pass => Mark::Done,
                        scenario::Mark::Fail => Mark::Failed,
                        scenario::Mark::Skip => Mark::Skipped,
                    };
                    line.ends(mark, &done.judged.detail);
                    self.results.lock().unwrap_or_else(PoisonError::into_inner).push(done);
                }
                Err(error) => {
                    line.ends(Mark::Failed, &error.to_string());
                    let failed = self.failed(*step, &error.to_string());
                    self.results.lock().unwrap_or_else(PoisonError::into_inner).push(failed);
                    return;
                }
            }
        }
    }

    /// The results if nothing is done.
    pub(crate) fn skipped(&self, why: &str) -> Vec<Disrupted> {
        self.steps.iter().map(|step| self.failed(*step, why)).collect()
    }

    /// The result of a change that could not be made.
    fn failed(&self, step: Step, why: &str) -> Disrupted {
        let seen = self.observed(step, (0, 0));
        let mut judged = judge(&seen);
        (judged.mark, judged.detail) = (scenario::Mark::Skip, why.to_owned());
        judged.findings.clear();
        Disrupted { what: "nothing".to_owned(), workload: self.subject.reference.to_string(), took: Duration::ZERO, seen, judged }
    }

    fn observed(&self, step: Step, pods: (u32, u32)) -> Disruption {
        let run = sticky_affinity::run::Run::default();
        let (promise, tolerated) = (self.promise, self.tolerated);
        Disruption { kind: step.kind(), promise, pods, acted: Duration::ZERO, settled: None, tolerated, run }
    }

    async fn one(
        &self,
        (step, turn): (Step, u32),
        (asking, logs): (&Asking, Option<&Logs>),
        tunnel: Option<&mut Tunnel>,
        output: Output,
        line: &Live,
    ) -> Result<Disrupted, Error> {
        let before = self.subject.ready().await?;
        let witness = Witness::Cluster {
            client: self.subject.client.clone(),
            namespace: self.subject.namespace.clone(),
            selector: self.subject.selector.clone(),
        };
        let crowd = Crowd::of(asking);
        let book = Arc::new(crowd.book(turn));
        let (looked, first_look) = oneshot::channel();
        line.says(&format!("binding {} sessions", crowd.sessions));
        let work = async {
            // Without it all moves are unexplained, which the result says.
            let _ = tokio::time::timeout(FIRST_LOOK, first_look).await;
            tokio::time::sleep(EVERY * BEFORE).await;
            if step.takes_one() {
                name(asking, &book, logs).await;
            }
            let victim = if step.takes_one() { Some(most_used(&book, &before)) } else { None };
            let acted = book.age();
            let what = self.act(step, victim.as_deref().unwrap_or_default()).await?;
            line.says(&what);
            let deadline = Deadline::after(self.timeout);
            let is_settled = settle::settled(&self.subject, deadline, |says| line.says(&format!("{what}: {says}"))).await?;
            line.says(&format!("{what}: the front door learns of it"));
            tokio::time::sleep(self.lag).await;
            let settled = is_settled.then(|| book.age());
            tokio::time::sleep(EVERY * AFTER).await;
            line.says(&format!("{what}: requests that are still under way end"));
            Ok::<_, Error>((what, acted, settled))
        };
        let (what, acted, settled) = tokio::select! {
            done = steady::steady(asking, &book, crowd, turn, work) => done?,
            never = beside::trouble(tunnel, &book, output) => match never {},
            never = beside::witness(Some(&witness), &book, looked, output) => match never {},
        };
        line.says("waiting for the logs");
        name(asking, &book, logs).await;
        let wanted = u32::try_from(self.subject.again().await?.replicas()).unwrap_or(0);
        let pods = (u32::try_from(before.len()).unwrap_or(0), wanted);
        let seen = Disruption { acted, settled, run: book.run(), ..self.observed(step, pods) };
        let judged = judge(&seen);
        let took = settled.unwrap_or_else(|| book.age()).saturating_sub(acted);
        Ok(Disrupted { what, workload: self.subject.reference.to_string(), took, seen, judged })
    }

    /// Makes a change, and says in a clause what was done.
    pub(super) async fn act(&self, step: Step, pod: &str) -> Result<String, Error> {
        let subject = &self.subject;
        Ok(match step {
            Step::Up(to) => {
                self.touched.store(true, Ordering::SeqCst);
                match left::record(subject, to).await {
                    Ok(_) => {}
                    Err(error) => {
                        // What somebody else recorded is theirs.
                        self.touched.store(!matches!(error, Error::Left(..)), Ordering::SeqCst);
                        return Err(error);
                    }
                }
                act::scale(subject, to).await?;
                format!("scaled to {to} pods")
            }
            Step::Down(to) => {
                self.put_back().await?;
                format!("scaled back to {to} pods")
            }
            Step::Rollout => {
                act::restart(subject).await?;
                "restarted all pods".to_owned()
            }
            Step::Kill => {
                // A budget may have changed since the beginning.
                act::evict(subject, pod, true).await?;
                act::kill(subject, pod).await?;
                format!("deleted pod {pod} with a grace period of {} s", act::GRACE)
            }
            Step::Evict => {
                act::evict(subject, pod, false).await?;
                format!("evicted pod {pod}")
            }
        })
    }

    /// Restores what is recorded.
    async fn put_back(&self) -> Result<(), Error> {
        let now = self.subject.again().await?;
        match now.left() {
            Some(left::Left::Count(record) | left::Left::Only(record)) => left::restore(&now, &record).await?,
            Some(left::Left::Unreadable) | None => {}
        }
        self.touched.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Restores the replica count if it was changed and is not yet restored.
    pub(super) async fn restore(&self, output: Output) {
        if !self.touched.load(Ordering::SeqCst) {
            return;
        }
        let line = output.live("restored");
        let why = match tokio::time::timeout(RESTORE, self.put_back()).await {
            Ok(Ok(())) => return line.ends(Mark::Done, &format!("the replica count of {}", self.subject.reference)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no success within {} s", RESTORE.as_secs()),
        };
        line.ends(Mark::Failed, &format!("the replica count of {}: {why}", self.subject.reference));
        output.warning(&format!("restore it by hand: kubectl describe {} shows the annotation {}", self.subject.reference, left::ANNOTATION));
    }
}

/// The ready pod that most sessions are on; the last one by name if no session names one of them.
fn most_used(book: &Book, ready: &[String]) -> String {
    let bound = book.last_pods();
    let count = |pod: &&String| bound.iter().filter(|other| other == pod).count();
    ready.iter().max_by_key(count).cloned().unwrap_or_default()
}
