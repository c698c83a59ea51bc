//! `stickyctl scale` and `stickyctl mode` on a cluster: one path for both.

use super::answer::{self, By, spread};
use super::apply::Manner;
use super::connect::Cluster;
use super::doors;
use super::errors::ApiError;
use super::plan::Plan;
use super::release::{Place, Release};
use super::replicas::{Autoscaled, Given};
use super::rollout::pods::{all, serving};
use super::rollout::wait::Rollout;
use super::route::host;
use crate::exit::{Exit, Explained, Failure};
use crate::output::{Mark, Output, short};
use crate::poll::{Deadline, until};
use crate::spec::StickyApp;
use kube::Client;
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_core::choice::Expose;
use sticky_core::mode::Mode;

#[cfg(test)]
mod tests;

const PAUSE: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The number of pods.
    Scale(u16),
    /// The number of pods and of workers.
    Mode(Mode),
}

impl Change {
    fn of(self, before: Mode) -> Mode {
        match self {
            Self::Scale(pods) => Mode { pods, ..before },
            Self::Mode(mode) => mode,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) name: String,
    pub(crate) before: Mode,
    pub(crate) after: Mode,
}

/// Pods that are still terminating at the deadline.
#[derive(Debug, thiserror::Error)]
#[error("waiting for the pods that leave: {left} still there after {}", short(*timeout))]
struct Draining {
    left: usize,
    timeout: Duration,
}

impl Explained for Draining {
    fn exit(&self) -> Exit {
        Exit::TimedOut
    }

    fn next_steps(&self) -> Vec<String> {
        vec!["stickyctl status --watch   shows them until they are gone".to_owned()]
    }
}

/// Makes the change and waits until all new pods are ready and surplus pods are gone.
///
/// # Errors
/// There is no such release, an autoscaler owns the number, or the rollout does not finish.
pub(crate) async fn run(cluster: &Cluster, change: Change, place: &Place, timeout: Duration, output: Output) -> Result<Changed, Failure> {
    let deadline = Deadline::after(timeout);
    let client = &cluster.client;
    let release = Release::get(client, place).await?;
    if !release.autoscalers.is_empty() {
        return Err(Autoscaled(release.autoscalers).into());
    }
    let mut spec = release.spec()?;
    let before = Mode { pods: u16::try_from(release.replicas()).unwrap_or(0), ..spec.mode };
    let after = change.of(before);
    let Place { name, namespace } = place;
    release.is_not_helms(&format!("helm upgrade {name} CHART --namespace {namespace} --reuse-values --set mode={after}"))?;
    output.note(&format!("{}\n", sentence(before, after)));

    spec.mode = after;
    let plan = Plan::new(spec, Some(&release), Some(Given { pods: after.pods, takes_over: true }), false)?;
    let leaving = serving(client, &plan.spec).await?;
    let line = output.live("applied");
    let same_workers = before.workers == after.workers;
    plan.apply_deployment(client, !same_workers, Manner::default()).await?;
    let what = if same_workers { "replicas" } else { "replicas and workers" };
    line.ends(Mark::Done, &format!("{what} of deployment {name}"));

    let line = output.live(if same_workers { "pods" } else { "new pods" });
    let (line, progress) = Rollout::of_app(client, &plan.spec, None).finished(line, deadline).await?;
    line.ends(Mark::Done, &format!("{} of {} ready, {}", progress.ready, progress.wanted, workers(after)));
    if !same_workers && let Some(canary) = Rollout::of_canary(client, &plan.spec) {
        let (line, progress) = canary.finished(output.live("canary"), deadline).await?;
        line.ends(Mark::Done, &format!("{} of {} ready, {}", progress.ready, progress.wanted, workers(after)));
    }
    drain(client, &plan.spec, &leaving, deadline, output).await?;
    reach(client, &plan.spec, after, deadline, output).await?;
    Ok(Changed { name: name.clone(), before, after })
}

fn workers(mode: Mode) -> String {
    if mode.workers == 1 { "1 worker each".to_owned() } else { format!("{} workers each", mode.workers) }
}

fn sentence(before: Mode, after: Mode) -> String {
    let head = format!("{before} to {after}: replicas {} to {}", before.pods, after.pods);
    if before.workers == after.workers {
        return format!("{head}, workers stay {}", after.workers);
    }
    format!("{head}, workers {} to {}. Every pod is replaced.", before.workers, after.workers)
}

/// Waits until surplus pods are gone. Meanwhile the app asks their sockets to reconnect elsewhere.
async fn drain(client: &Client, spec: &StickyApp, before: &BTreeSet<String>, deadline: Deadline, output: Output) -> Result<(), Failure> {
    let leaving = async || {
        let pods = all(client, spec).await?;
        Ok::<_, ApiError>(pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_some()).count())
    };
    let mut left = leaving().await?;
    if left == 0 {
        return Ok(());
    }
    let line = output.live("drain");
    let gone = until(deadline, PAUSE, async || {
        left = leaving().await?;
        line.says(&format!("{left} pods are leaving; their sockets are asked to reconnect"));
        Ok::<_, ApiError>((left == 0).then_some(()))
    });
    if gone.await?.is_none() {
        line.ends(Mark::Failed, &format!("{left} pods are still draining"));
        return Err(Draining { left, timeout: deadline.timeout() }.into());
    }
    let now = serving(client, spec).await?;
    let gone = before.difference(&now).count();
    let (pods, their) = if gone == 1 { ("pod", "its") } else { ("pods", "their") };
    line.ends(Mark::Done, &format!("{gone} {pods} left; {their} sockets were asked to reconnect (1012)"));
    Ok(())
}

/// Asks until every pod, or every worker, has answered a fresh session. What the app does not expose can't be counted.
async fn reach(client: &Client, spec: &StickyApp, mode: Mode, deadline: Deadline, output: Output) -> Result<(), Failure> {
    let skip = |why: &str| output.phase(Mark::Skipped, "answer", why, None);
    let Some(door) = doors::find(client, spec).await?.serving(spec)?.filter(|door| door.ready() > 0).cloned() else {
        skip("not tested: no front door serves the release");
        return Ok(());
    };
    if spec.ingress.tls_secret.is_some() {
        skip(answer::TLS);
        return Ok(());
    }
    let among = serving(client, spec).await?;
    // A canary pod that isn't ready is not what this change is about.
    let pods = if spec.canary.pods > 0 { among.len() } else { mode.pods.into() };
    let (want, by, words) = match spec.expose_identity {
        Expose::Off => {
            skip("not tested: the app does not expose its pods (exposeIdentity: off)");
            return Ok(());
        }
        Expose::Full if mode.workers > 1 => {
            let all = pods * usize::from(mode.workers);
            (all, By::Worker, format!("all {all} workers answer"))
        }
        _ => (pods, By::Pod, format!("fresh sessions reach {pods} pod{}", if pods == 1 { "" } else { "s" })),
    };
    let line = output.live("answer");
    line.says("asking through the front door");
    let host = host(client, spec).await?;
    spread(client, &door, host.as_deref(), (want, by, &among), deadline).await?;
    line.ends(Mark::Done, &words);
    Ok(())
}
