//! The front door of a release: found, or installed where that is wanted.

use super::{Cluster, Loaded, Nodes, Plan};
use crate::cluster::apply::{Manner, Wanted, apply_patiently};
use crate::cluster::doors::{self, Found, Proxy};
use crate::cluster::rollout::stuck::stopped;
use crate::cluster::rollout::wait::{Wait, Workload};
use crate::exit::Failure;
use crate::generate::front_door::install::{Install, objects};
use crate::generate::front_door::version_to_write;
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use kube::Client;
use std::time::{Duration, Instant};

const LOOK: Duration = Duration::from_millis(300);

/// Finds the door that serves the spec's class. Where it runs and, for Traefik, its version decide what is written, so both are
/// taken from what runs unless they were said now.
///
/// # Errors
/// Another kind of door has the class, or two have it.
pub async fn find(client: &Client, spec: &mut StickyApp, loaded: &Loaded, output: Output) -> Result<Option<Found>, Failure> {
    let all = doors::find(client, spec).await?;
    if let Some(only) = &all.only_in {
        output.phase(Mark::Warning, "front door", &format!("looked for in {} only: no right to list pods elsewhere", only.join(", ")), None);
    }
    let Some(found) = all.serving(spec)? else { return Ok(None) };
    if !loaded.says("ingress.frontDoorNamespace") {
        spec.ingress.front_door_namespace = None;
        if found.namespace != spec.ingress.namespace() {
            spec.ingress.front_door_namespace = Some(found.namespace.clone());
        }
    }
    if !loaded.says("ingress.frontDoorVersion") && spec.ingress.front_door == FrontDoor::Traefik {
        spec.ingress.front_door_version = found.version.as_deref().and_then(|version| version.parse().ok()).and_then(version_to_write);
    }
    Ok(Some(found.clone()))
}

/// Waits for the door that was found, installs one where none is and one is wanted, or says how to get one.
///
/// # Errors
/// It does not come up.
pub async fn provide(
    cluster: &Cluster,
    nodes: Option<&Nodes>,
    plan: &Plan,
    found: Option<Found>,
    install: bool,
    deadline: Instant,
    output: Output,
) -> Result<Option<Found>, Failure> {
    let spec = &plan.spec;
    let class = &spec.ingress.class;
    let name = Proxy::Door(spec.ingress.front_door).name();
    let install = match &found {
        // One of ours is applied again: it may be of an older version, or have been asked for when no node was marked.
        Some(found) => install && found.ours,
        None => install || (cluster.kind().is_some() && output.confirm(&format!("Nothing serves class {class}. Install {name}?"))),
    };
    if !install && found.is_none() {
        output.phase(Mark::Warning, "front door", &format!("nothing serves class {class}: no request will reach the app yet"), None);
        output.note(&format!("  stickyctl up --install-front-door   installs {name}; an Ingress that is there is picked up by whatever comes"));
        return Ok(None);
    }
    let began = Instant::now();
    if install {
        self::install(cluster, nodes, plan, deadline, output).await?;
    }
    let found = until_ready(&cluster.client, spec, deadline).await?;
    let Some(found) = found else { return Ok(None) };
    let what = if install { "installed, " } else { "" };
    let ready = format!("{}, class {class}, {what}{} of {} ready", found.title(), found.ready(), found.pods.len());
    output.phase(if found.ready() > 0 { Mark::Done } else { Mark::Warning }, "front door", &ready, Some(began.elapsed()));
    if spec.ingress.front_door == FrontDoor::Nginx {
        output.warning("ingress-nginx had its last release in March 2026 and gets no more fixes.");
        output.note("  For something new: stickyctl up --front-door traefik");
    }
    Ok(Some(found))
}

async fn install(cluster: &Cluster, nodes: Option<&Nodes>, plan: &Plan, deadline: Instant, output: Output) -> Result<(), Failure> {
    // The door's rights lie in the release's namespace, so that has to be first.
    for namespace in plan.objects.iter().filter(|object| object.is("Namespace")) {
        apply_patiently(&cluster.client, namespace, Manner::default()).await?;
    }
    let door = Install::of(&plan.spec, nodes.is_some_and(|nodes| nodes.ingress_ready));
    let line = output.live("front door");
    for object in objects(&door).iter().filter_map(Wanted::of) {
        line.says(&object.title());
        // A class or a namespace that somebody else made stays theirs, and `down` leaves it.
        if (object.is("Namespace") || object.is("IngressClass")) && object.is_theirs(&cluster.client).await? {
            continue;
        }
        apply_patiently(&cluster.client, &object, Manner::default()).await?;
    }
    let (name, selector) = (door.name(), door.selector_text());
    let wait =
        Wait { client: &cluster.client, namespace: &door.namespace, name: &name, workload: Workload::Deployment, selector: &selector, deadline };
    // The phase's line comes from what is found then.
    wait.until_done(&line).await.map(drop).map_err(|stop| stopped(line, &name, stop, None, deadline.elapsed()))
}

/// The door, as soon as one of its pods is ready. One that is down is no reason to wait for ever: the release is applied, and the
/// answer will tell.
async fn until_ready(client: &Client, spec: &StickyApp, deadline: Instant) -> Result<Option<Found>, Failure> {
    let patience = deadline.min(Instant::now() + Duration::from_secs(30));
    loop {
        let found = doors::find(client, spec).await?.serving(spec)?.cloned();
        if found.as_ref().is_some_and(|found| found.ready() > 0) || Instant::now() > patience {
            return Ok(found);
        }
        tokio::time::sleep(LOOK).await;
    }
}
