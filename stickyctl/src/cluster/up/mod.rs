//! `stickyctl up` on a cluster: reads the cluster, plans, applies, waits, and sends a request.
//!
//! One file for each step that takes more than a call: `image` gets the image to the nodes, `door` finds or installs the front door,
//! `gateway` decides what the cluster's Gateway API means for the release, `route` waits until it is accepted, `secret` creates the
//! password, `canary` checks whose the canary's name is, `dry_run` shows the changes without making them, `prune` deletes what the spec
//! no longer has, and `autoscaler` reports what keeps one from working. [`request`] has the input and the result.

mod autoscaler;
mod canary;
mod door;
mod dry_run;
mod gateway;
mod image;
mod prune;
pub(crate) mod request;
mod route;
mod secret;
#[cfg(test)]
mod tests;

use super::answer::{self, By};
use super::apply::{Manner, Outcome, apply_patiently, rehearse};
use super::connect::{self, Cluster};
use super::doors::{Found, Proxy};
use super::namespace::{self, Space};
use super::nodes::{self, Nodes};
use super::plan::Plan;
use super::release::{Place, Release};
use super::replicas::Given;
use super::rollout::pods::serving;
use super::rollout::wait::Rollout;
use super::route::host;
use crate::cluster::rollout::error;
use crate::exit::Failure;
use crate::generate::meta::redis_name;
use crate::image::name::familiar;
use crate::output::{Mark, Output};
use crate::poll::Deadline;
use crate::spec::StickyApp;
use crate::spec::canary::beside;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::apps::v1::Deployment;
use request::{Done, DryRun, Effective, Request, SpecSource, Way};
use sticky_core::choice::Expose;

/// Creates a release, or applies what changed in it. `connecting` is awaited only after the spec in a file was checked.
///
/// # Errors
/// The failure, with its exit code. Objects that were already applied stay.
pub(crate) async fn run(
    request: &Request<'_>,
    connecting: impl Future<Output = Result<Cluster, connect::Error>>,
    output: Output,
) -> Result<Done, Failure> {
    let deadline = Deadline::after(request.timeout);
    if request.spec.has_file() {
        // A release can't change what a file says, so check a file before connecting to a cluster.
        request.spec.load(None)?;
    }
    let line = output.live("cluster");
    line.says("connecting");
    let cluster = connecting.await?;
    let client = &cluster.client;
    let (name, namespace) = request.spec.place();
    let place = Place { name, namespace };
    let release = Release::find(client, &place).await?;
    if let Some(release) = &release {
        let Place { name, namespace } = &place;
        release.is_not_helms(&format!("helm upgrade {name} CHART --namespace {namespace} --reuse-values --set KEY=VALUE"))?;
    }
    let mut effective = load(request.spec, release.as_ref())?;
    for warning in &effective.warnings {
        output.phase(Mark::Warning, "spec", warning, None);
    }
    let nodes = nodes::read(client).await?;
    line.above(&title(&cluster, &effective.spec));
    line.ends(Mark::Done, &about(&cluster, nodes.as_ref()));

    let front = door::find(client, &mut effective, request.force, output).await?;
    let given = effective.says("mode").then_some(Given { pods: effective.spec.mode.pods, takes_over: request.force_conflicts });
    let manner = Manner { force: request.force_conflicts, dry_run: false };
    let space = namespace::settled(client, &place.name, &place.namespace, deadline).await?;
    let mut plan = Plan::new(effective.spec, release.as_ref(), given, space != Space::Theirs)?;
    if front.without_persistence {
        plan.leave_persistence_out();
    }
    match request.dry_run {
        Some(DryRun::Client) => return Ok(Done::Client(dry_run::by_client(&plan)?)),
        Some(DryRun::Server) => return Ok(Done::Server(dry_run::by_server(client, &plan, manner, output).await?)),
        None => {}
    }
    canary::check_name(client, &plan.spec).await?;
    rehearse(client, &plan.rehearsal(), manner).await?;

    let spec = &plan.spec;
    image::provide(&cluster, nodes.as_ref(), spec, request, output).await?;
    let wanted = (front.found, request.install_front_door);
    let door = door::provide(&cluster, nodes.as_ref(), &plan, wanted, deadline, output).await?;
    apply(&cluster, &plan, manner, output).await?;
    let before = release.as_ref().and_then(|release| image_of(&release.deployment));
    let pods = wait(&cluster, spec, before, deadline, output).await?;
    // A route of another kind stays until this one works.
    let door = match door {
        Some(door) if spec.ingress.front_door == FrontDoor::Gateway => Some(route::accepted(client, spec, &door, deadline, output).await?),
        door => door,
    };
    prune::run(client, &plan, &place, output).await?;
    autoscaler::report(&cluster, spec, output).await?;
    if let Some(door) = &door {
        ask_the_app(&cluster, spec, door, deadline, output).await?;
    }
    let version = familiar(&spec.image.name).rsplit_once(':').map_or("unknown", |(_, tag)| tag).to_owned();
    Ok(Done::Up {
        name: spec.name.clone(),
        pods,
        workers: spec.mode.workers,
        canary: spec.canary.pods.into(),
        version,
        way: way(&cluster, nodes.as_ref(), spec, door.is_some()),
    })
}

/// What is given on this call on top of the release's annotation. An older stickyctl's own image in there was not the user's choice: this
/// version brings its own.
fn load(source: &dyn SpecSource, release: Option<&Release>) -> Result<Effective, Failure> {
    let Some(release) = release.filter(|_| !source.has_file()) else { return source.load(None) };
    let mut spec = release.annotation()?;
    if spec["image"]["name"].as_str().is_some_and(image::is_own)
        && let Some(image) = spec["image"].as_object_mut()
    {
        image.remove("name");
    }
    source.load(Some(spec))
}

fn title(cluster: &Cluster, spec: &StickyApp) -> String {
    format!(
        "{}, namespace {}: {} behind {}\n",
        cluster.context,
        spec.namespace,
        beside(spec.mode, spec.canary.pods.into()),
        Proxy::Door(spec.ingress.front_door).name()
    )
}

fn about(cluster: &Cluster, nodes: Option<&Nodes>) -> String {
    let nodes = nodes.map(|nodes| format!(", {} node{}", nodes.count, if nodes.count == 1 { "" } else { "s" })).unwrap_or_default();
    let kind = cluster.kind().map(|name| format!(", kind \"{name}\"")).unwrap_or_default();
    format!("Kubernetes {}{nodes}{kind}", cluster.version)
}

/// kind's documents give the label `ingress-ready` to a node whose port 80 is this machine's, and front doors listen there.
fn way(cluster: &Cluster, nodes: Option<&Nodes>, spec: &StickyApp, has_door: bool) -> Way {
    let on_this_machine = cluster.kind().is_some() && nodes.is_some_and(|nodes| nodes.ingress_ready) && spec.ingress.tls_secret.is_none();
    // Browsers resolve names below localhost to this machine.
    let host = spec.ingress.host.as_deref().unwrap_or("localhost");
    match has_door {
        false => Way::None,
        true if on_this_machine && (host == "localhost" || host.ends_with(".localhost")) => Way::Url(format!("http://{host}/")),
        true => Way::Forward,
    }
}

fn image_of(deployment: &Deployment) -> Option<&str> {
    deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()?.image.as_deref()
}

async fn apply(cluster: &Cluster, plan: &Plan, manner: Manner, output: Output) -> Result<(), Failure> {
    let line = output.live("applied");
    let (mut created, mut changed, mut unchanged) = (0, 0, 0);
    let mut password = None;
    plan.prepare(&cluster.client).await?;
    for object in &plan.objects {
        line.says(&object.title());
        if object.is("StatefulSet") {
            password = Some(secret::ensure(&cluster.client, &plan.spec).await?);
        }
        match apply_patiently(&cluster.client, object, manner).await? {
            Outcome::Created => created += 1,
            Outcome::Changed(_) => changed += 1,
            Outcome::Unchanged => unchanged += 1,
        }
    }
    plan.finish(&cluster.client).await?;
    created += usize::from(password == Some(secret::Password::Created));
    let mut parts = Vec::new();
    for (count, word) in [(created, "created"), (changed, "changed"), (unchanged, "unchanged")] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    line.ends(Mark::Done, &format!("{} objects: {}", created + changed + unchanged, parts.join(", ")));
    Ok(())
}

/// Waits for Redis, the app and its canary; the number of pods without the canary's.
async fn wait(cluster: &Cluster, spec: &StickyApp, before: Option<&str>, deadline: Deadline, output: Output) -> Result<usize, error::Error> {
    if spec.redis.url.is_none() {
        let (line, _) = Rollout::of_redis(&cluster.client, spec).finished(output.live("Redis"), deadline).await?;
        line.ends(Mark::Done, &format!("{}-0 ready", redis_name(spec)));
    }
    let (line, progress) = Rollout::of_app(&cluster.client, spec, before).finished(output.live("pods"), deadline).await?;
    line.ends(Mark::Done, &format!("{} of {} ready", progress.ready, progress.wanted));
    if let Some(canary) = Rollout::of_canary(&cluster.client, spec) {
        let (line, progress) = canary.finished(output.live("canary"), deadline).await?;
        line.ends(Mark::Done, &format!("{} of {} ready", progress.ready, progress.wanted));
    }
    Ok(progress.wanted)
}

async fn ask_the_app(cluster: &Cluster, spec: &StickyApp, door: &Found, deadline: Deadline, output: Output) -> Result<(), Failure> {
    if spec.ingress.tls_secret.is_some() {
        output.phase(Mark::Skipped, "answer", answer::TLS, None);
        return Ok(());
    }
    if door.pods.is_empty() {
        output.phase(Mark::Skipped, "answer", "not tested: no pod in this cluster carries the Gateway's traffic", None);
        return Ok(());
    }
    let line = output.live("answer");
    line.says("asking through the front door");
    let host = host(&cluster.client, spec).await?;
    let host = host.as_deref();
    let answer = answer::answer(&cluster.client, door, host, deadline).await?;
    if spec.expose_identity != Expose::Off {
        // A front door learns about pods one after another: sessions that begin while it knows one of them would stay on it for good.
        let among = serving(&cluster.client, spec).await?;
        line.says(&format!("reaching all {} pods with fresh sessions", among.len()));
        answer::spread(&cluster.client, door, host, (among.len(), By::Pod, &among), deadline).await?;
    }
    let end: String = answer.pod.chars().skip(answer.pod.chars().count().saturating_sub(5)).collect();
    let cookie = if answer.cookie.is_some() { "cookie set" } else { "no cookie" };
    line.ends(Mark::Done, &format!("through the front door: app ...{end}, {cookie}, WebSocket open"));
    Ok(())
}
