//! `stickyctl scale` and `stickyctl mode` on a cluster: one path for both.

use super::answer::{By, spread};
use super::apply::Manner;
use super::connect::{Cluster, connect};
use super::doors;
use super::plan::Plan;
use super::release::{Release, ReleaseArgs, none};
use super::replicas::{Given, autoscaled};
use super::rollout::pods::{all, serving};
use super::rollout::stuck::stopped;
use super::rollout::wait::{Wait, Workload};
use crate::exit::{Exit, Failure};
use crate::generate::meta::{Component, selector_text};
use crate::output::{Mark, Output, short};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Pod;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use sticky_core::mode::Mode;

const LOOK: Duration = Duration::from_millis(300);

/// What to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The number of pods.
    Scale(u16),
    /// Pods and workers.
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

/// Changes it and waits: until all pods are of the new kind, and until those that have to go are gone.
///
/// # Errors
/// There is no release, an autoscaler owns the number, or the rollout does not come up.
pub async fn run(change: Change, args: &ReleaseArgs, timeout: Duration, output: Output) -> Result<Exit, Failure> {
    let deadline = Instant::now() + timeout;
    let cluster = connect(&args.cluster).await?;
    let (name, namespace) = (&args.name, &args.namespace);
    let release = Release::find(&cluster.client, name, namespace).await?.ok_or_else(|| none(name, namespace))?;
    if !release.autoscalers.is_empty() {
        return Err(autoscaled(&release.autoscalers));
    }
    let mut spec = release.spec()?;
    let replicas = release.replicas();
    let before = Mode { pods: u16::try_from(replicas).unwrap_or(0), ..spec.mode };
    let after = change.of(before);
    release.is_not_helms(&format!("helm upgrade {name} CHART --namespace {namespace} --reuse-values --set mode={after}"))?;
    output.note(&format!("{}\n", sentence(before, after)));

    spec.mode = after;
    let plan = Plan::new(spec, Some(&release), Some(Given { pods: after.pods, takes_over: true }), false)?;
    let leaving = serving(&cluster, &plan.spec).await?;
    let line = output.live("applied");
    plan.apply_deployment(&cluster.client, Manner::default()).await?;
    let what = if before.workers == after.workers { "replicas" } else { "replicas and workers" };
    line.ends(Mark::Done, &format!("{what} of deployment {name}"));

    let line = output.live(if before.workers == after.workers { "pods" } else { "new pods" });
    let selector = selector_text(&plan.spec, Component::App);
    let wait = Wait { client: &cluster.client, namespace, name, workload: Workload::Deployment, selector: &selector, deadline };
    match wait.until_done(&line).await {
        Ok(progress) => line.ends(Mark::Done, &format!("{} of {} ready, {}", progress.ready, progress.wanted, workers(after))),
        Err(stop) => return Err(stopped(line, name, stop, None, timeout)),
    }
    drain(&cluster, &plan.spec, &leaving, deadline, timeout, output).await?;
    reach(&cluster, &plan.spec, after, deadline, output).await?;
    output.note("");
    output.answer(&format!("{name} is {after}"));
    hints(before, after, output);
    Ok(Exit::Done)
}

fn workers(mode: Mode) -> String {
    if mode.workers == 1 { "one worker each".to_owned() } else { format!("{} workers each", mode.workers) }
}

fn sentence(before: Mode, after: Mode) -> String {
    let head = format!("{before} to {after}: replicas {} to {}", before.pods, after.pods);
    if before.workers == after.workers {
        return format!("{head}, workers stay {}", after.workers);
    }
    format!("{head}, workers {} to {}. Every pod is replaced.", before.workers, after.workers)
}

/// Waits until the pods that are leaving are gone. Meanwhile their sockets are asked to reconnect elsewhere.
async fn drain(
    cluster: &Cluster,
    spec: &StickyApp,
    before: &BTreeSet<String>,
    deadline: Instant,
    timeout: Duration,
    output: Output,
) -> Result<(), Failure> {
    let leaving = |pods: &[Pod]| pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_some()).count();
    let mut left = leaving(&all(cluster, spec).await?);
    if left == 0 {
        return Ok(());
    }
    let line = output.live("drain");
    while left > 0 {
        if Instant::now() > deadline {
            line.ends(Mark::Failed, &format!("{left} pods still drain"));
            return Err(Failure::new(Exit::TimedOut, format!("waiting for the pods that leave: {left} are still there after {}", short(timeout)))
                .try_this("stickyctl status --watch   they go by themselves"));
        }
        line.says(&format!("{left} pods are leaving; their sockets are asked to reconnect"));
        tokio::time::sleep(LOOK).await;
        left = leaving(&all(cluster, spec).await?);
    }
    let now = serving(cluster, spec).await?;
    let gone = before.difference(&now).count();
    let (pods, their) = if gone == 1 { ("pod", "its") } else { ("pods", "their") };
    line.ends(Mark::Done, &format!("{gone} {pods} left; {their} sockets were asked to reconnect (1012)"));
    Ok(())
}

/// Asks until every pod, or every worker of a single pod, has answered a fresh session. What is not shown to strangers can't be counted.
async fn reach(cluster: &Cluster, spec: &StickyApp, mode: Mode, deadline: Instant, output: Output) -> Result<(), Failure> {
    use sticky_core::choice::Expose;
    let Some(door) = doors::find(&cluster.client, spec).await?.serving(spec)?.filter(|door| door.ready() > 0).cloned() else {
        output.phase(Mark::Skipped, "answer", "no front door serves the release", None);
        return Ok(());
    };
    if spec.ingress.tls_secret.is_some() {
        output.phase(Mark::Skipped, "answer", "the route is for TLS, and is not asked without", None);
        return Ok(());
    }
    let (want, by, words) = match spec.expose_identity {
        Expose::Off => {
            output.phase(Mark::Skipped, "answer", "the app does not show its pods (exposeIdentity: off)", None);
            return Ok(());
        }
        Expose::Full if mode.workers > 1 => {
            let all = usize::from(mode.pods) * usize::from(mode.workers);
            (all, By::Worker, format!("{all} workers answer"))
        }
        _ => (usize::from(mode.pods), By::Pod, format!("fresh sessions reach {} pod{}", mode.pods, if mode.pods == 1 { "" } else { "s" })),
    };
    let line = output.live("answer");
    line.says("asking through the front door");
    let among = serving(cluster, spec).await?;
    spread(&cluster.client, &door, spec.ingress.host.as_deref(), (want, by, &among), deadline).await?;
    line.ends(Mark::Done, &words);
    Ok(())
}

fn hints(before: Mode, after: Mode, output: Output) {
    if after.workers > 1 && before.workers != after.workers {
        output.hint("\nThe cookie still chooses the pod and can't choose a worker inside it: \"sticky HTTP & in-memory WebSocket\" now");
        output.hint(&format!("misses about {} times in {}. The queue does not.", after.workers - 1, after.workers));
    } else if after.pods > before.pods && before.workers == after.workers {
        output.hint("\nSessions that exist stay on their pods; only new ones use the new pods.");
    } else if after.pods < before.pods && before.workers == after.workers {
        output.hint("\nSessions of the pods that left were moved; all others stayed.");
    }
    output.hint("Next: stickyctl status, stickyctl verify");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_keeps_workers_and_a_mode_says_both() {
        let before = Mode { pods: 1, workers: 4 };
        assert_eq!(Change::Scale(5).of(before), Mode { pods: 5, workers: 4 });
        assert_eq!(sentence(before, Mode { pods: 5, workers: 4 }), "1x4 to 5x4: replicas 1 to 5, workers stay 4");
        assert_eq!(sentence(Mode { pods: 5, workers: 1 }, before), "5x1 to 1x4: replicas 5 to 1, workers 1 to 4. Every pod is replaced.");
    }
}
