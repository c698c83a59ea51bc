//! Polls the cluster until a rollout is done, or can't finish.

use super::advice::Part;
use super::error::{Error, Stuck};
use super::progress::{Progress, of_deployment, of_job, of_stateful_set, with_end};
use super::trouble::{Kind, Trouble, waits_for_volume};
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::ready::is_ready;
use crate::cluster::readyz::{reason, runs};
use crate::generate::front_door::install::Install;
use crate::generate::front_door::install::gateway::certificates;
use crate::generate::meta::{Component, Track, redis_name, selector_text, track_text};
use crate::output::{Live, Mark};
use crate::poll::{Deadline, until};
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, Secret};
use kube::api::{ListParams, LogParams};
use kube::{Api, Client};
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(300);
/// Trouble that lasts this long is real: a container that was rejected once may be admitted by the next attempt.
const PATIENCE: Duration = Duration::from_secs(3);
/// A node may be about to join (an autoscaler), or a volume about to be provisioned.
const NO_NODE: Duration = Duration::from_secs(10);
/// Volumes are mounted within this time, or an event says why not.
const MOUNT: Duration = Duration::from_secs(3);
/// A container that runs this long without being ready is asked why.
const STARTS: Duration = Duration::from_secs(3);
/// Characters of a log line that are shown.
const LONGEST: usize = 300;

/// A workload whose rollout is waited for.
pub(crate) struct Rollout<'a> {
    client: &'a Client,
    namespace: &'a str,
    name: String,
    part: Part,
    /// The labels of its pods, as a selector.
    selector: String,
    /// The image before this rollout.
    before: Option<&'a str>,
    /// The labels of the Redis that its pods need, as a selector, if it is the release's own.
    redis: Option<String>,
}

impl<'a> Rollout<'a> {
    /// The app's Deployment. `before` is the image before this rollout, if there was one.
    pub(crate) fn of_app(client: &'a Client, spec: &'a StickyApp, before: Option<&'a str>) -> Self {
        let before = before.filter(|image| *image != spec.image.reference());
        Self { before, ..Self::of_track(client, spec, Track::Stable, Part::App) }
    }

    /// The canary's Deployment; `None` without canary pods.
    pub(crate) fn of_canary(client: &'a Client, spec: &'a StickyApp) -> Option<Self> {
        (spec.canary.pods > 0).then(|| Self::of_track(client, spec, Track::Canary, Part::Canary))
    }

    /// One of the app's Deployments. Both have a revision 1, so the pods and ReplicaSets of the other must not be among its own.
    fn of_track(client: &'a Client, spec: &'a StickyApp, track: Track, part: Part) -> Self {
        let redis = spec.redis.url.is_none().then(|| selector_text(spec, Component::Redis));
        Self { client, namespace: &spec.namespace, name: track.deployment(spec), part, selector: track_text(spec, track), before: None, redis }
    }

    /// The StatefulSet of the release's own Redis.
    pub(crate) fn of_redis(client: &'a Client, spec: &'a StickyApp) -> Self {
        let selector = selector_text(spec, Component::Redis);
        Self { client, namespace: &spec.namespace, name: redis_name(spec), part: Part::Redis, selector, before: None, redis: None }
    }

    /// The Deployment of a front door that `up` installs.
    pub(crate) fn of_front_door(client: &'a Client, door: &'a Install) -> Self {
        let selector = door.selector_text();
        Self { client, namespace: &door.namespace, name: door.name(), part: Part::FrontDoor, selector, before: None, redis: None }
    }

    /// The Job that creates the certificates of an Envoy Gateway that `up` installs.
    pub(crate) fn of_certificates(client: &'a Client, door: &'a Install) -> Self {
        let (name, selector) = (certificates::JOB.to_owned(), certificates::selector_text(door));
        Self { client, namespace: &door.namespace, name, part: Part::Certificates, selector, before: None, redis: None }
    }

    /// Waits until all pods are new and ready, and shows progress on `line`. On failure it ends the line; on success the
    /// caller ends it with the returned text.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) async fn finished(&self, line: Live, deadline: Deadline) -> Result<(Live, Progress), Error> {
        match self.wait(&line, deadline).await {
            Ok(progress) => Ok((line, progress)),
            Err(error) => {
                if !matches!(error, Error::Api(_)) {
                    line.ends(Mark::Failed, &error.brief());
                }
                Err(error)
            }
        }
    }

    async fn wait(&self, line: &Live, deadline: Deadline) -> Result<Progress, Error> {
        let mut last = None;
        let mut seen: Option<(Kind, Instant)> = None;
        let mut creating: Option<Instant> = None;
        let mut running: Option<Instant> = None;
        let done = until(deadline, PAUSE, async || {
            let (mut progress, pods) = self.look().await?;
            if progress.done {
                return Ok(Some(progress));
            }
            if progress.trouble.is_none() {
                let pod = pods.iter().find(|pod| waits_for_volume(pod) && pod.metadata.deletion_timestamp.is_none());
                creating = pod.and(creating.or_else(|| Some(Instant::now())));
                if let (Some(pod), Some(since)) = (pod, creating)
                    && since.elapsed() > MOUNT
                {
                    progress.trouble = self.mount_trouble(pod).await?;
                }
                let pod = pods.iter().find(|pod| {
                    matches!(self.part, Part::App | Part::Canary) && runs(pod) && !is_ready(pod) && pod.metadata.deletion_timestamp.is_none()
                });
                running = pod.and(running.or_else(|| Some(Instant::now())));
                if let (Some(pod), Some(since)) = (pod, running)
                    && since.elapsed() > STARTS
                    && let Some(why) = reason(self.client, pod).await
                {
                    progress.waits = Some(with_end(pod, &why));
                }
            }
            match &progress.trouble {
                Some(trouble) => {
                    let since = seen.filter(|(kind, _)| *kind == trouble.kind).map_or_else(Instant::now, |(_, since)| since);
                    seen = Some((trouble.kind, since));
                    let patience = if trouble.kind == Kind::Unschedulable { NO_NODE } else { PATIENCE };
                    if since.elapsed() > patience && !trouble.may_pass() && !self.has_come(trouble).await {
                        return Err(Error::Stuck(Box::new(self.stuck(trouble.clone(), progress, &pods).await)));
                    }
                }
                None => seen = None,
            }
            line.says(&progress.to_string());
            last = Some(progress);
            Ok(None)
        });
        match (done.await?, last) {
            (Some(progress), _) => Ok(progress),
            (None, Some(progress)) => {
                let advice = match &progress.trouble {
                    Some(trouble) => self.stuck(trouble.clone(), progress.clone(), &self.look().await?.1).await.steps(),
                    None => self.redis_steps(&progress),
                };
                Err(Error::Late { what: self.name.clone(), timeout: deadline.timeout(), progress, advice })
            }
            // The first poll happens before the deadline is checked, so this is not expected.
            (None, None) => Err(ApiError::late(&format!("rolling out {}", self.name)).into()),
        }
    }

    async fn look(&self) -> Result<(Progress, Vec<Pod>), ApiError> {
        let params = ListParams::default().labels(&self.selector);
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.namespace);
        let doing = |what: &str| format!("reading the {what} of {} in namespace {}", self.name, self.namespace);
        // Reads the workload first: pods newer than its status are harmless, a status newer than the pods is not.
        let progress = match self.part {
            Part::App | Part::Canary | Part::FrontDoor => {
                let all: Api<Deployment> = Api::namespaced(self.client.clone(), self.namespace);
                let deployment = ask(&doing("deployment"), all.get(&self.name)).await?;
                let sets: Api<ReplicaSet> = Api::namespaced(self.client.clone(), self.namespace);
                let sets = ask(&doing("replica sets"), sets.list(&params)).await?.items;
                let pods = ask(&doing("pods"), pods.list(&params)).await?.items;
                (of_deployment(&deployment, &sets, &pods), pods)
            }
            Part::Redis => {
                let all: Api<StatefulSet> = Api::namespaced(self.client.clone(), self.namespace);
                let set = ask(&doing("stateful set"), all.get(&self.name)).await?;
                let pods = ask(&doing("pods"), pods.list(&params)).await?.items;
                (of_stateful_set(&set, &pods), pods)
            }
            Part::Certificates => {
                let all: Api<Job> = Api::namespaced(self.client.clone(), self.namespace);
                let job = ask(&doing("job"), all.get(&self.name)).await?;
                let pods = ask(&doing("pods"), pods.list(&params)).await?.items;
                (of_job(&job, &pods), pods)
            }
        };
        Ok(progress)
    }

    /// What to try if the pods wait for Redis.
    fn redis_steps(&self, progress: &Progress) -> Vec<String> {
        if !progress.waits.as_ref().is_some_and(|why| why.contains("Redis")) {
            return Vec::new();
        }
        let namespace = self.namespace;
        vec![match &self.redis {
            Some(selector) => format!("kubectl get pods -n {namespace} -l {selector}   shows the release's Redis"),
            None => "redis.url in the spec      names the Redis; it must answer the pods".to_owned(),
        }]
    }

    /// A Secret or ConfigMap that a volume refers to and that is missing shows only in an event.
    async fn mount_trouble(&self, pod: &Pod) -> Result<Option<Trouble>, ApiError> {
        let name = pod.metadata.name.clone().unwrap_or_default();
        let events: Api<Event> = Api::namespaced(self.client.clone(), self.namespace);
        let params = ListParams::default().fields(&format!("involvedObject.name={name},reason=FailedMount"));
        let found = ask(&format!("reading the events of pod {name}"), events.list(&params)).await?;
        let said = found.items.into_iter().filter_map(|event| event.message).find(|message| message.contains("not found"));
        Ok(said.map(|said| Trouble { kind: Kind::Missing, pod: name, container: String::new(), said }))
    }

    /// Whether the Secret that a pod misses exists by now: the kubelet looks for it again within some seconds, up to two minutes for a
    /// volume.
    async fn has_come(&self, trouble: &Trouble) -> bool {
        let Some(name) = trouble.missing_secret() else { return false };
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), self.namespace);
        // Who may not read Secrets learns what the pod misses, as if it were still missing.
        ask(&format!("looking for secret {name}"), secrets.get_metadata_opt(name)).await.is_ok_and(|found| found.is_some())
    }

    async fn stuck(&self, trouble: Trouble, progress: Progress, pods: &[Pod]) -> Stuck {
        let pod = pods.iter().find(|pod| pod.metadata.name.as_deref() == Some(&trouble.pod));
        let spec = pod.and_then(|pod| pod.spec.as_ref());
        let container = spec.and_then(|spec| spec.containers.iter().find(|container| container.name == trouble.container));
        let last_words = if matches!(trouble.kind, Kind::Crash | Kind::Memory) { self.last_words(&trouble).await } else { None };
        Stuck {
            what: self.name.clone(),
            part: self.part,
            namespace: self.namespace.to_owned(),
            node: spec.and_then(|spec| spec.node_name.clone()),
            image: container.and_then(|container| container.image.clone()),
            before: self.before.map(str::to_owned),
            trouble,
            progress,
            last_words,
        }
    }

    /// The last line of a container that exited. The previous container comes first: one that just started has not written much.
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
            // A log that can't be read must not hide the trouble itself.
            let Ok(text) = ask("reading a log", pods.logs(&trouble.pod, &params)).await else { continue };
            let line = text.lines().rev().find(|line| !line.trim().is_empty());
            // The kubelet answers 200 with this text if the old container's log is gone.
            if let Some(line) = line.filter(|line| !line.starts_with("unable to retrieve container logs")) {
                return Some(line.trim().chars().take(LONGEST).collect());
            }
        }
        None
    }
}
