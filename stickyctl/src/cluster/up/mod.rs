//! `stickyctl up` on a cluster: reads, decides, applies, waits, asks.
//!
//! One file for each step that has more to it than a call: [`image`] gets the image to the nodes, `door` finds or installs the
//! front door, [`secret`] makes the password, `dry_run` shows instead of doing, and `autoscaler` tells what keeps one from its work.

mod autoscaler;
mod door;
mod dry_run;
pub mod image;
pub mod secret;
mod space;

use super::answer::{self, By};
use super::apply::{Manner, Outcome, apply_patiently, rehearse};
use super::connect::{Cluster, ClusterArgs, connect};
use super::doors::Proxy;
use super::inventory;
use super::nodes::{self, Nodes};
use super::plan::Plan;
use super::release::Release;
use super::replicas::Given;
use super::rollout::pods::serving;
use super::rollout::stuck::stopped;
use super::rollout::wait::{Wait, Workload};
use crate::cli::BinaryArgs;
use crate::exit::{Exit, Failure};
use crate::generate::meta::{Component, redis_name, selector_text};
use crate::image::load::Loader;
use crate::image::name::familiar;
use crate::input::{Input, SpecRequest};
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use crate::spec::load::Loaded;
use clap::{Args, ValueEnum};
use k8s_openapi::api::apps::v1::Deployment;
use std::time::{Duration, Instant};
use sticky_app::core::duration;
use sticky_core::choice::Expose;

/// Flags of `up` on a cluster, besides those of the spec.
#[derive(Debug, Clone, Args)]
pub struct ClusterUpArgs {
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    binary: BinaryArgs,
    /// Load the app's image by this command, with the archive on its stdin; split into words, no shell
    #[arg(long, value_name = "COMMAND")]
    image_loader: Option<String>,
    /// Install the front door where nothing serves the class
    #[arg(long)]
    install_front_door: bool,
    /// Take fields over that others own
    #[arg(long)]
    force_conflicts: bool,
    /// Show what would be applied (client), or let the API server say what would change (server)
    #[arg(long, value_name = "WHO")]
    dry_run: Option<DryRun>,
    /// Give up waiting after this long
    #[arg(long, default_value = "5m", value_parser = duration::parse)]
    timeout: Duration,
}

/// `--dry-run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Nothing is sent: the objects as YAML
    Client,
    /// The API server does everything but store it
    Server,
}

/// Brings a release up, or what changed of it.
///
/// # Errors
/// What went wrong, with its exit code; what was applied until then stays.
pub(crate) async fn run(args: &ClusterUpArgs, spec: SpecRequest, output: Output) -> Result<Exit, Failure> {
    let deadline = Instant::now() + args.timeout;
    let loader = args.image_loader.as_deref().map(Loader::parse).transpose()?;
    let input = Input::read(spec)?;
    let alone = input.load(None);
    if input.has_file() {
        // A release below it would change nothing: wrong is wrong before any cluster is asked.
        alone.refuse()?;
    }
    let line = output.live("cluster");
    line.says("asking");
    let cluster = connect(&args.cluster).await?;
    let release = Release::find(&cluster.client, &alone.spec.name, &alone.spec.namespace).await?;
    if let Some(release) = &release {
        release
            .is_not_helms(&format!("helm upgrade {} CHART --namespace {} --reuse-values --set KEY=VALUE", alone.spec.name, alone.spec.namespace))?;
    }
    let loaded = effective(&input, release.as_ref())?;
    let mut spec = loaded.checked(output)?;
    let nodes = nodes::read(&cluster.client).await?;
    let title = format!("{}, namespace {}: {} behind {}\n", cluster.context, spec.namespace, spec.mode, Proxy::Door(spec.ingress.front_door).name());
    line.above(&title);
    line.ends(Mark::Done, &about(&cluster, nodes.as_ref()));

    let door = door::find(&cluster.client, &mut spec, &loaded, output).await?;
    let given = loaded.says("mode").then_some(Given { pods: spec.mode.pods, takes_over: args.force_conflicts });
    let manner = Manner { force: args.force_conflicts, dry_run: false };
    let has_space = space::state(&cluster.client, &spec, deadline).await?;
    let plan = Plan::new(spec, release.as_ref(), given, has_space.is_applied())?;
    if let Some(who) = args.dry_run {
        return dry_run::run(&cluster.client, &plan, who, manner, output).await;
    }
    rehearse(&cluster.client, &plan.rehearsal(), manner).await?;

    let spec = &plan.spec;
    image::provide(&cluster, nodes.as_ref(), &spec.image.name, loader, args.binary.app_binary.as_deref(), args.timeout, output).await?;
    let door = door::provide(&cluster, nodes.as_ref(), &plan, door, args.install_front_door, deadline, output).await?;
    apply(&cluster, &plan, manner, output).await?;
    let before = release.as_ref().and_then(|release| image_of(&release.deployment));
    let pods = wait(&cluster, spec, before.as_deref(), deadline, args.timeout, output).await?;
    prune(&cluster, &plan, output).await?;
    autoscaler::tell(&cluster, spec, output).await?;
    if let Some(door) = &door {
        ask_the_app(&cluster, spec, door, deadline, output).await?;
    }
    say_goodbye(spec, pods, door.is_some(), output);
    Ok(Exit::Done)
}

impl Loaded {
    /// Refuses problems without printing warnings: the spec is loaded again.
    fn refuse(&self) -> Result<(), Failure> {
        if self.findings.problems.is_empty() { Ok(()) } else { self.checked(Output::new(true)).map(drop) }
    }
}

/// What is said now over what the release says of itself. The image of an older stickyctl is no choice of anybody's: this
/// version brings its own.
fn effective(input: &Input, release: Option<&Release>) -> Result<Loaded, Failure> {
    let Some(release) = release.filter(|_| !input.has_file()) else { return Ok(input.load(None)) };
    let mut spec = release.annotation()?;
    if spec["image"]["name"].as_str().is_some_and(image::is_own)
        && let Some(image) = spec["image"].as_object_mut()
    {
        image.remove("name");
    }
    Ok(input.load(Some(spec)))
}

fn about(cluster: &Cluster, nodes: Option<&Nodes>) -> String {
    let nodes = nodes.map(|nodes| format!(", {} node{}", nodes.count, if nodes.count == 1 { "" } else { "s" })).unwrap_or_default();
    let kind = cluster.kind().map(|name| format!(", kind \"{name}\"")).unwrap_or_default();
    format!("Kubernetes {}{nodes}{kind}", cluster.version)
}

fn image_of(deployment: &Deployment) -> Option<String> {
    deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()?.image.clone()
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
    if password == Some(secret::Password::None) {
        output.phase(Mark::Warning, "Redis", "it runs without a password: it was there before the first stickyctl up", None);
    }
    Ok(())
}

/// Deletes what an earlier spec of the release had and this one has not: an autoscaler, a Redis that is elsewhere now, policies.
/// Only when the new pods serve: the old ones need it. Data and passwords stay.
async fn prune(cluster: &Cluster, plan: &Plan, output: Output) -> Result<(), Failure> {
    let spec = &plan.spec;
    let items = inventory::list(&cluster.client, &spec.name, &spec.namespace).await?;
    let wanted = |item: &inventory::Item| plan.objects.iter().any(|object| object.is(&item.kind) && object.name() == item.name);
    for item in items.iter().filter(|item| item.is_ours && item.kind != "Secret" && !inventory::is_claim(item) && !wanted(item)) {
        item.delete(&cluster.client, &spec.namespace).await?;
        output.phase(Mark::Done, "removed", &format!("{}: the spec has none any more", item.title()), None);
    }
    Ok(())
}

/// Waits for Redis and the app; the number of pods.
async fn wait(
    cluster: &Cluster,
    spec: &StickyApp,
    before: Option<&str>,
    deadline: Instant,
    timeout: Duration,
    output: Output,
) -> Result<usize, Failure> {
    if spec.redis.url.is_none() {
        let name = redis_name(spec);
        let line = output.live("Redis");
        let selector = selector_text(spec, Component::Redis);
        let wait =
            Wait { client: &cluster.client, namespace: &spec.namespace, name: &name, workload: Workload::StatefulSet, selector: &selector, deadline };
        match wait.until_done(&line).await {
            Ok(_) => line.ends(Mark::Done, &format!("{name}-0 ready")),
            Err(stop) => return Err(stopped(line, &name, stop, None, timeout)),
        }
    }
    let line = output.live("pods");
    let selector = selector_text(spec, Component::App);
    let wait =
        Wait { client: &cluster.client, namespace: &spec.namespace, name: &spec.name, workload: Workload::Deployment, selector: &selector, deadline };
    match wait.until_done(&line).await {
        Ok(progress) => {
            line.ends(Mark::Done, &format!("{} of {} ready", progress.ready, progress.wanted));
            Ok(progress.wanted)
        }
        Err(stop) => Err(stopped(line, &spec.name, stop, before.filter(|image| *image != spec.image.name), timeout)),
    }
}

async fn ask_the_app(cluster: &Cluster, spec: &StickyApp, door: &super::doors::Found, deadline: Instant, output: Output) -> Result<(), Failure> {
    if spec.ingress.tls_secret.is_some() {
        output.phase(Mark::Skipped, "answer", "the route is for TLS, and is not asked without", None);
        return Ok(());
    }
    let line = output.live("answer");
    line.says("asking through the front door");
    let host = spec.ingress.host.as_deref();
    let answer = answer::answer(&cluster.client, door, host, deadline).await?;
    if spec.expose_identity != Expose::Off {
        // A front door learns of pods one after another: sessions that begin while it knows one of them would stay on it for good.
        let among = serving(cluster, spec).await?;
        line.says(&format!("fresh sessions reach {} pods", among.len()));
        answer::spread(&cluster.client, door, host, (among.len(), By::Pod, &among), deadline).await?;
    }
    let end: String = answer.pod.chars().skip(answer.pod.chars().count().saturating_sub(5)).collect();
    let cookie = if answer.cookie.is_some() { "cookie set" } else { "no cookie" };
    line.ends(Mark::Done, &format!("through the front door: app ...{end}, {cookie}, socket up"));
    Ok(())
}

fn say_goodbye(spec: &StickyApp, pods: usize, has_door: bool, output: Output) {
    let version = familiar(&spec.image.name).rsplit_once(':').map_or("unknown", |(_, tag)| tag);
    output.note("");
    output.answer(&format!("{} is up: {pods}x{}, version {version}", spec.name, spec.mode.workers));
    output.hint("\nNext:");
    if has_door {
        output.hint("  stickyctl forward     http://localhost:8080/ by way of the front door");
    } else {
        output.hint("  stickyctl up --install-front-door    a way in that keeps sessions together");
    }
    output.hint("  stickyctl status      pods, workers, sockets, cookie, route");
    if has_door {
        output.hint("  stickyctl verify      prove that it sticks");
    }
}
