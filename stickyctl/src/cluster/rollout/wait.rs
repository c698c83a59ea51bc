//! Reads the cluster until a rollout is done, or until it is known that it will not be.

use super::progress::{Progress, of_deployment, of_stateful_set};
use super::trouble::{Kind, Trouble, waits_for_volume};
use crate::cluster::errors::ask;
use crate::exit::{Exit, Failure};
use crate::output::{Live, short};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{ListParams, LogParams};
use kube::{Api, Client};
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);
/// A trouble that stands this long is one: a container that was refused once may be let in by the next try.
const PATIENCE: Duration = Duration::from_secs(3);
/// A node may be about to come (an autoscaler), or a volume about to be made.
const NO_NODE: Duration = Duration::from_secs(10);
/// Volumes are mounted within this time, or an event says why not.
const MOUNT: Duration = Duration::from_secs(3);

/// Something with pods that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// The app's Deployment.
    Deployment,
    /// Redis' StatefulSet.
    StatefulSet,
}

/// What is waited for.
pub struct Wait<'a> {
    /// The client.
    pub client: &'a Client,
    /// Namespace of everything.
    pub namespace: &'a str,
    /// The workload's name.
    pub name: &'a str,
    /// Which kind of workload it is.
    pub workload: Workload,
    /// The labels of its pods, as a selector.
    pub selector: &'a str,
    /// When to give up.
    pub deadline: Instant,
}

/// Why a wait ended without what was waited for.
pub enum Stop {
    /// It will not come up by itself.
    Trouble(Box<Stuck>),
    /// It took too long; the last state.
    Late(Progress),
    /// The cluster could not be asked.
    Failure(Failure),
}

/// A rollout that is stuck.
pub struct Stuck {
    /// Why.
    pub trouble: Trouble,
    /// The last state.
    pub progress: Progress,
    /// The last line that the process wrote, where it wrote one.
    pub last_words: Option<String>,
    /// The node of the pod.
    pub node: Option<String>,
    /// The pod's image.
    pub image: Option<String>,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Wait<'_> {
    /// Waits until all pods are new and ready.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn until_done(&self, line: &Live) -> Result<Progress, Stop> {
        let mut seen: Option<(Kind, Instant)> = None;
        let mut creating: Option<Instant> = None;
        loop {
            let (mut progress, pods) = self.look().await?;
            if progress.done {
                return Ok(progress);
            }
            if progress.trouble.is_none() {
                let pod = pods.iter().find(|pod| waits_for_volume(pod) && pod.metadata.deletion_timestamp.is_none());
                creating = pod.and(creating.or_else(|| Some(Instant::now())));
                if let (Some(pod), Some(since)) = (pod, creating)
                    && since.elapsed() > MOUNT
                {
                    progress.trouble = self.mount_trouble(pod).await?;
                }
            }
            match &progress.trouble {
                Some(trouble) => {
                    let since = seen.filter(|(kind, _)| *kind == trouble.kind).map_or_else(Instant::now, |(_, since)| since);
                    seen = Some((trouble.kind, since));
                    let patience = if trouble.kind == Kind::Unschedulable { NO_NODE } else { PATIENCE };
                    if since.elapsed() > patience {
                        return Err(Stop::Trouble(Box::new(self.stuck(trouble.clone(), progress, &pods).await)));
                    }
                }
                None => seen = None,
            }
            line.says(&words(&progress));
            if Instant::now() > self.deadline {
                return Err(Stop::Late(progress));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// One look.
    async fn look(&self) -> Result<(Progress, Vec<Pod>), Failure> {
        let params = ListParams::default().labels(self.selector);
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.namespace);
        let doing = |what: &str| format!("reading the {what} of {} in namespace {}", self.name, self.namespace);
        // The workload first: pods that are newer than it are no harm, a status that is newer than the pods would be.
        let progress = match self.workload {
            Workload::Deployment => {
                let all: Api<Deployment> = Api::namespaced(self.client.clone(), self.namespace);
                let deployment = ask(&doing("deployment"), all.get(self.name)).await?;
                let sets: Api<ReplicaSet> = Api::namespaced(self.client.clone(), self.namespace);
                let sets = ask(&doing("replica sets"), sets.list(&params)).await?.items;
                let pods = ask(&doing("pods"), pods.list(&params)).await?.items;
                (of_deployment(&deployment, &sets, &pods), pods)
            }
            Workload::StatefulSet => {
                let all: Api<StatefulSet> = Api::namespaced(self.client.clone(), self.namespace);
                let set = ask(&doing("stateful set"), all.get(self.name)).await?;
                let pods = ask(&doing("pods"), pods.list(&params)).await?.items;
                (of_stateful_set(&set, &pods), pods)
            }
        };
        Ok(progress)
    }

    /// A Secret or ConfigMap that a volume names and that is not there shows in an event only.
    async fn mount_trouble(&self, pod: &Pod) -> Result<Option<Trouble>, Failure> {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let events: Api<Event> = Api::namespaced(self.client.clone(), self.namespace);
        let params = ListParams::default().fields(&format!("involvedObject.name={name},reason=FailedMount"));
        let found = ask(&format!("reading the events of pod {name}"), events.list(&params)).await?;
        let said = found.items.into_iter().filter_map(|event| event.message).find(|message| message.contains("not found"));
        Ok(said.map(|said| Trouble { kind: Kind::Missing, pod: name, container: String::new(), said }))
    }

    async fn stuck(&self, trouble: Trouble, progress: Progress, pods: &[Pod]) -> Stuck {
        let pod = pods.iter().find(|pod| pod.metadata.name.as_deref() == Some(&trouble.pod));
        let spec = pod.and_then(|pod| pod.spec.as_ref());
        let container = spec.and_then(|spec| spec.containers.iter().find(|container| container.name == trouble.container));
        let last_words = if matches!(trouble.kind, Kind::Crash | Kind::Memory) { self.last_words(&trouble).await } else { None };
        Stuck {
            node: spec.and_then(|spec| spec.node_name.clone()),
            image: container.and_then(|container| container.image.clone()),
            trouble,
            progress,
            last_words,
        }
    }

    /// The last line of a container that ended. Of the one before first: the one that just started has not said much.
    async fn last_words(&self, trouble: &Trouble) -> Option<String> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.namespace);
        for previous in [true, false] {
            let params = LogParams {
                container: Some(trouble.container.clone()),
                previous,
                tail_lines: Some(5),
                limit_bytes: Some(8_192),
                ..LogParams::default()
            };
            // A log that can't be had must not hide the trouble itself.
            let Ok(text) = ask("reading a log", pods.logs(&trouble.pod, &params)).await else { continue };
            let line = text.lines().rev().find(|line| !line.trim().is_empty());
            // The kubelet answers 200 with this text where the old container's log is gone.
            if let Some(line) = line.filter(|line| !line.starts_with("unable to retrieve container logs")) {
                return Some(line.trim().chars().take(300).collect());
            }
        }
        None
    }
}

/// As in `2 of 3 ready; ...9xkfd: running, not ready yet`.
#[must_use]
pub fn words(progress: &Progress) -> String {
    let trouble = progress.trouble.as_ref().map(|trouble| trouble.said.clone());
    let why = trouble.or_else(|| progress.waits.clone()).map(|why| format!("; {why}")).unwrap_or_default();
    format!("{} of {} ready{why}", progress.ready, progress.wanted)
}

/// A failure for a rollout that took too long.
#[must_use]
pub fn late(what: &str, progress: &Progress, timeout: Duration) -> Failure {
    Failure::new(Exit::TimedOut, format!("{what}: not there after {}; last seen: {}", short(timeout), words(progress)))
        .try_this("stickyctl status           what there is now; the cluster goes on by itself")
        .try_this("stickyctl up --timeout 5m  waits longer")
}
