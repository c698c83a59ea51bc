//! Waits until the pod of a Job runs, or until it is known that it won't.

use super::error::{InsideError, Of};
use super::manifest::{CONTAINER, RUN};
use crate::cluster::errors::{ApiError, ask, ask_if_allowed};
use crate::cluster::rollout::trouble::{self, Kind};
use crate::output::Live;
use crate::poll::{Deadline, until};
use k8s_openapi::api::core::v1::{ContainerState, Event, Pod};
use kube::api::ListParams;
use kube::{Api, Client};
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(300);
/// How long the pod may take to start: a node may have to join, an image to be pulled.
const START: Duration = Duration::from_mins(5);
/// Trouble that lasts this long is real.
const PATIENCE: Duration = Duration::from_secs(3);
/// A node may be about to join.
const NO_NODE: Duration = Duration::from_secs(20);
/// A Job that has no pod for this long is asked why.
const NO_POD: Duration = Duration::from_secs(2);

/// The pod of a run.
pub(super) async fn pod(client: &Client, of: &Of, run: &str) -> Result<Option<Pod>, ApiError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &of.namespace);
    let params = ListParams::default().labels(&format!("{RUN}={run}"));
    let found = ask(&format!("listing the pods of job {} in namespace {}", of.name, of.namespace), pods.list(&params)).await?;
    Ok(found.items.into_iter().next())
}

/// The state of the pod's container.
pub(super) fn state(pod: &Pod) -> Option<&ContainerState> {
    let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
    containers.iter().find(|container| container.name == CONTAINER)?.state.as_ref()
}

/// Waits for the pod's container to run, or to have ended; returns the name of the pod.
pub(super) async fn started(client: &Client, of: &Of, run: &str, line: &Live) -> Result<String, InsideError> {
    let began = Instant::now();
    let mut seen: Option<(Kind, Instant)> = None;
    let mut waits = "no pod yet".to_owned();
    let found = until(Deadline::after(START), PAUSE, async || {
        let Some(pod) = pod(client, of, run).await? else {
            let refused = if began.elapsed() > NO_POD { refusal(client, of).await? } else { None };
            if let Some(said) = refused {
                return Err(InsideError::Stuck { of: of.clone(), kind: Kind::Refused, said });
            }
            return Ok(None);
        };
        let name = pod.metadata.name.clone().unwrap_or_default();
        if state(&pod).is_some_and(|state| state.running.is_some() || state.terminated.is_some()) {
            return Ok(Some(name));
        }
        // Evicted, or the deadline of the Job passed.
        if let Some(status) = pod.status.as_ref().filter(|status| status.phase.as_deref() == Some("Failed")) {
            let why = status.message.as_ref().or(status.reason.as_ref()).cloned().unwrap_or_else(|| "it failed".to_owned());
            return Err(InsideError::Gone { of: of.clone(), why });
        }
        match trouble::of(&pod) {
            Some(trouble) => {
                let since = seen.filter(|(kind, _)| *kind == trouble.kind).map_or_else(Instant::now, |(_, since)| since);
                seen = Some((trouble.kind, since));
                let patience = if trouble.kind == Kind::Unschedulable { NO_NODE } else { PATIENCE };
                if since.elapsed() > patience && !trouble.may_pass() {
                    return Err(InsideError::Stuck { of: of.clone(), kind: trouble.kind, said: trouble.said });
                }
                waits = trouble.said;
            }
            None => {
                seen = None;
                let reason = state(&pod).and_then(|state| state.waiting.as_ref()?.reason.clone());
                waits = reason.unwrap_or_else(|| "not scheduled yet".to_owned());
            }
        }
        line.says(&waits);
        Ok(None)
    });
    found.await?.ok_or_else(|| InsideError::Late { of: of.clone(), after: START, waits })
}

/// Why the Job's controller could not create a pod: a quota, a policy, an admission webhook. Only an event says so.
async fn refusal(client: &Client, of: &Of) -> Result<Option<String>, ApiError> {
    let events: Api<Event> = Api::namespaced(client.clone(), &of.namespace);
    let params = ListParams::default().fields(&format!("involvedObject.name={},reason=FailedCreate", of.name));
    let found = ask_if_allowed(&format!("reading the events of job {}", of.name), events.list(&params)).await?;
    Ok(found.and_then(|list| list.items.into_iter().find_map(|event| event.message)))
}
