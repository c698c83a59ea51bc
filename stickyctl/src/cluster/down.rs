//! `stickyctl down` on a cluster: lists, asks, and deletes only what was applied here.

use super::connect::connect;
use super::errors::ask;
use super::inventory::{self, Item, is_claim};
use super::release::{Release, ReleaseArgs};
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output, short};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, Client};
use std::time::{Duration, Instant};

mod door;
mod rest;

const LOOK: Duration = Duration::from_millis(300);

/// What `down` is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which release.
    pub release: ReleaseArgs,
    /// Do not ask.
    pub yes: bool,
    /// Take Redis' claim along.
    pub delete_data: bool,
    /// Give up waiting after this long.
    pub timeout: Duration,
}

/// Deletes a release.
///
/// # Errors
/// It was not confirmed ([`Exit::Usage`] without a terminal), or something does not go.
pub async fn run(ask: &Ask, output: Output) -> Result<Exit, Failure> {
    let deadline = Instant::now() + ask.timeout;
    let cluster = connect(&ask.release.cluster).await?;
    let (client, name, namespace) = (&cluster.client, &ask.release.name, &ask.release.namespace);
    // An annotation that can't be read is no reason to leave everything standing.
    let release = Release::find(client, name, namespace).await?;
    if let Some(release) = &release {
        release.is_not_helms(&format!("helm uninstall {name} --namespace {namespace}"))?;
    }
    let spec = release.and_then(|release| release.spec().ok());
    let (ours, others): (Vec<Item>, Vec<Item>) =
        inventory::list(client, name, namespace).await?.into_iter().partition(|item| item.is_ours || is_claim(item));
    let (claims, parts): (Vec<Item>, Vec<Item>) = ours.into_iter().partition(is_claim);
    let doomed: Vec<&Item> = parts.iter().chain(claims.iter().filter(|_| ask.delete_data)).collect();
    let space = our_namespace(client, name, namespace).await?;
    let door = door::installed(client, spec.as_ref(), name, namespace).await?;
    if doomed.is_empty() && door.is_none() && space.is_none() {
        output.note(&format!("nothing of release {name} is in namespace {namespace}"));
        tell_left(&claims, &others, ask, output);
        return Ok(Exit::Done);
    }

    output.note(&format!("{}, namespace {namespace}:\n", cluster.context));
    for item in &doomed {
        output.note(&format!("  {}", item.title()));
    }
    if let Some(door) = &door {
        output.note(&format!("  the front door that up installed: {} in namespace {}", door.title, door.namespace));
    }
    if space.is_some() {
        output.note(&format!("  namespace {namespace}, once nothing is left in it"));
    }
    output.note("");
    confirm(ask, doomed.len(), output)?;

    let line = output.live("deleted");
    for item in &doomed {
        line.says(&item.title());
        item.delete(client, namespace).await?;
    }
    line.ends(Mark::Done, &objects(doomed.len()));
    gone(ask, client, &doomed, deadline, output).await?;
    if let Some(door) = &door {
        let line = output.live("front door");
        door::delete(client, door, deadline).await?;
        line.ends(Mark::Done, &format!("{} and all that was installed with it", door.title));
    }
    if let Some(space) = space {
        end_namespace(client, &space, namespace, deadline, output).await?;
    }
    tell_left(if ask.delete_data { &[] } else { &claims }, &others, ask, output);
    output.note("");
    output.answer(&format!("{name} is down"));
    Ok(Exit::Done)
}

fn objects(count: usize) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}

fn confirm(ask: &Ask, count: usize, output: Output) -> Result<(), Failure> {
    if ask.yes {
        return Ok(());
    }
    if !Output::can_ask() {
        return Err(Failure::new(Exit::Usage, "deleting needs a yes, and there is no terminal to ask on").try_this("stickyctl down --yes"));
    }
    let data = if ask.delete_data { ", Redis' data too" } else { "" };
    if output.confirm(&format!("Delete {}{data}?", self::objects(count))) { Ok(()) } else { Err(Failure::new(Exit::Failed, "nothing was deleted")) }
}

/// Waits until objects and pods are gone: pods drain first, and their sockets are told.
async fn gone(ask_for: &Ask, client: &Client, doomed: &[&Item], deadline: Instant, output: Output) -> Result<(), Failure> {
    let (name, namespace) = (&ask_for.release.name, &ask_for.release.namespace);
    let line = output.live("drain");
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let selector = format!("app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/instance={name}");
    loop {
        let pods = ask(&format!("listing the pods of {name}"), pods.list(&ListParams::default().labels(&selector))).await?.items.len();
        let items = inventory::list(client, name, namespace).await?;
        let left = items.iter().filter(|item| doomed.iter().any(|gone| gone.title() == item.title())).count();
        if left == 0 && pods == 0 {
            line.ends(Mark::Done, "all pods are gone; their sockets were told");
            return Ok(());
        }
        line.says(&format!("{pods} pods and {left} objects are still going"));
        if Instant::now() > deadline {
            line.ends(Mark::Failed, &format!("{pods} pods and {left} objects are still there"));
            return Err(Failure::new(Exit::TimedOut, format!("deleting {name}: not all gone after {}", short(ask_for.timeout)))
                .try_this(format!("kubectl get all -n {namespace}   they go by themselves, unless a finalizer holds one")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The release's namespace, where it was made by `up`.
async fn our_namespace(client: &Client, name: &str, namespace: &str) -> Result<Option<Namespace>, Failure> {
    let all: Api<Namespace> = Api::all(client.clone());
    let doing = format!("reading namespace {namespace}");
    let found = ask(&doing, async {
        match all.get_opt(namespace).await {
            Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
            done => done,
        }
    });
    Ok(found.await?.filter(|found| inventory::is_our_namespace(found, name)))
}

/// Deletes the namespace if nothing is left in it; whatever somebody else put there keeps it, and so does a claim.
async fn end_namespace(client: &Client, space: &Namespace, namespace: &str, deadline: Instant, output: Output) -> Result<(), Failure> {
    let left = rest::of(client, namespace).await?;
    if let Some(first) = left.first() {
        let more = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
        output.phase(Mark::Skipped, "namespace", &format!("{namespace} stays: {first}{more} is in it"), None);
        return Ok(());
    }
    let line = output.live("namespace");
    let all: Api<Namespace> = Api::all(client.clone());
    let params = DeleteParams::default().preconditions(kube::api::Preconditions { uid: space.metadata.uid.clone(), ..Default::default() });
    ask(&format!("deleting namespace {namespace}"), all.delete(namespace, &params)).await?;
    while ask(&format!("reading namespace {namespace}"), all.get_opt(namespace)).await?.is_some() {
        if Instant::now() > deadline {
            return Err(Failure::new(Exit::TimedOut, format!("namespace {namespace} is being deleted and does not go"))
                .try_this(format!("kubectl get namespace {namespace} -o yaml   its conditions say what holds it")));
        }
        tokio::time::sleep(LOOK).await;
    }
    line.ends(Mark::Done, &format!("{namespace} deleted"));
    Ok(())
}

fn tell_left(claims: &[Item], others: &[Item], ask: &Ask, output: Output) {
    for claim in claims.iter().filter(|_| !ask.delete_data) {
        output.phase(Mark::Skipped, "data", &format!("{} stays; --delete-data takes it along", claim.title()), None);
    }
    if !others.is_empty() {
        let text = match others {
            [one] => format!("{} carries the release's labels and was applied by somebody else: it stays", one.title()),
            all => format!("{} objects carry the release's labels and were applied by somebody else: they stay", all.len()),
        };
        output.phase(Mark::Skipped, "others", &text, None);
    }
}
