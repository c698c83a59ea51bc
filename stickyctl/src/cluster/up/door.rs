//! The front door of a release: found, or installed on request.

use crate::cluster::connect::Cluster;
use crate::cluster::doors::gateway::crd;
use crate::cluster::doors::{self, Found, Proxy};
use crate::cluster::nodes::Nodes;
use crate::cluster::plan::Plan;
use crate::cluster::up::gateway;
use crate::cluster::up::request::Effective;
use crate::exit::Failure;
use crate::generate::front_door::version_to_write;
use crate::output::{Mark, Output};
use crate::poll::{Deadline, until};
use crate::spec::ingress::FrontDoor;
use kube::Client;
use std::time::Duration;
use tokio::time::Instant;

mod install;

const PAUSE: Duration = Duration::from_millis(300);
/// How long to wait for an existing front door that is not ready. Then the release is applied anyway, and the request through it
/// shows whether it works.
const PATIENCE: Duration = Duration::from_secs(30);

/// The front door of a release before anything is applied.
pub(super) struct Front {
    /// What serves the class.
    pub(super) found: Option<Found>,
    /// Whether the route is applied without session persistence, which the cluster can't store.
    pub(super) without_persistence: bool,
}

/// Finds the front door that serves the spec's class. Its namespace, and for Traefik its version, decide what is written, so both
/// are taken from what runs unless they were given on this call. For a Gateway that is the controller, and the shape of session
/// persistence.
///
/// # Errors
/// Another kind of front door has the class, or several have it. Sessions would not stick, unless it is forced.
pub(super) async fn find(client: &Client, effective: &mut Effective, force: bool, output: Output) -> Result<Front, Failure> {
    let all = doors::find(client, &effective.spec).await?;
    if let Some(only) = &all.only_in {
        let text = format!("searched only in namespace {}: no permission to list pods elsewhere", only.join(", "));
        output.phase(Mark::Warning, "front door", &text, None);
    }
    let found = all.serving(&effective.spec)?;
    let mut without_persistence = false;
    if let Some(gateways) = &all.gateways {
        let definition = crd::definition(client).await?;
        let adopted = gateway::adopt(effective, (gateways, found), &definition, force)?;
        for warning in &adopted.warnings {
            output.phase(Mark::Warning, "front door", warning, None);
        }
        without_persistence = adopted.without;
    }
    let Some(found) = found else { return Ok(Front { found: None, without_persistence }) };
    let (says_namespace, says_version) = (effective.says("ingress.frontDoorNamespace"), effective.says("ingress.frontDoorVersion"));
    let ingress = &mut effective.spec.ingress;
    if !says_namespace {
        ingress.front_door_namespace = None;
        if found.namespace != ingress.namespace() {
            ingress.front_door_namespace = Some(found.namespace.clone());
        }
    }
    if !says_version && ingress.front_door == FrontDoor::Traefik {
        ingress.front_door_version = found.version.as_deref().and_then(|version| version.parse().ok()).and_then(version_to_write);
    }
    Ok(Front { found: Some(found.clone()), without_persistence })
}

/// Waits for the front door that was found, installs one if there is none and one is wanted, or shows how to get one.
///
/// # Errors
/// It can't be applied, or its rollout does not finish.
pub(super) async fn provide(
    cluster: &Cluster,
    nodes: Option<&Nodes>,
    plan: &Plan,
    (found, wanted): (Option<Found>, bool),
    deadline: Deadline,
    output: Output,
) -> Result<Option<Found>, Failure> {
    let spec = &plan.spec;
    let is_gateway = spec.ingress.front_door == FrontDoor::Gateway;
    let class = spec.class();
    let name = Proxy::Door(spec.ingress.front_door).name();
    let install = match &found {
        // One of ours is applied again: it may be of an older version, or from before a node was labelled.
        Some(found) => wanted && found.ours,
        // A Gateway of somebody else has a controller of its own, and another implementation can't be installed.
        None if is_gateway && (spec.gateway.name.is_some() || !spec.gateway.is_envoy()) => false,
        // Nothing else reaches a release in a kind cluster.
        None => wanted || (cluster.kind().is_some() && output.suggest(&format!("No front door serves class {class}. Install {name}?"))),
    };
    if !install && found.is_none() {
        output.phase(Mark::Warning, "front door", &format!("nothing serves class {class}, so no request can reach the app yet"), None);
        output.note(&format!("  stickyctl up --install-front-door   installs {name}; any other front door for the class works as well"));
        return Ok(None);
    }
    let began = Instant::now();
    if install {
        install::run(cluster, nodes, plan, deadline, output).await?;
    }
    let what = if install { ", installed" } else { "" };
    if is_gateway {
        // It starts the proxies once there is a Gateway, so they are waited for after the release was applied.
        let Some(found) = doors::find(&cluster.client, spec).await?.serving(spec)?.cloned() else { return Ok(None) };
        output.phase(Mark::Done, "front door", &format!("{}, class {class}{what}, accepted", found.title()), Some(began.elapsed()));
        return Ok(Some(found));
    }
    let Some(found) = ready(&cluster.client, plan, deadline).await? else { return Ok(None) };
    let text = format!("{}, class {class}{what}, {} of {} ready", found.title(), found.ready(), found.pods.len());
    output.phase(if found.ready() > 0 { Mark::Done } else { Mark::Warning }, "front door", &text, Some(began.elapsed()));
    if spec.ingress.front_door == FrontDoor::Nginx {
        output.warning("ingress-nginx is retired: its last release was in March 2026, and it gets no more fixes.");
        output.note("  For a new setup: stickyctl up --front-door traefik, or --front-door gateway");
    }
    Ok(Some(found))
}

/// The front door once a pod of it is ready, or its state at the timeout.
async fn ready(client: &Client, plan: &Plan, deadline: Deadline) -> Result<Option<Found>, Failure> {
    let mut last = None;
    until(deadline.at_most(PATIENCE), PAUSE, async || {
        last = doors::find(client, &plan.spec).await?.serving(&plan.spec)?.cloned();
        Ok::<_, Failure>(last.as_ref().is_some_and(|found| found.ready() > 0).then_some(()))
    })
    .await?;
    Ok(last)
}
