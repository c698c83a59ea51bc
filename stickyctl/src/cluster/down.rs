//! `stickyctl down` on a cluster: lists, asks, and deletes only what stickyctl applied.

use super::connect::Cluster;
use super::errors::{ApiError, ask};
use super::inventory::{self, Item, is_claim};
use super::namespace::{self, Space};
use super::release::{Place, Release};
use crate::exit::{Exit, Explained, Failure};
use crate::output::{Mark, Output, short};
use crate::poll::{Deadline, until};
use door::Installed;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::ListParams;
use kube::{Api, Client};
use std::time::Duration;

mod door;
mod rest;
#[cfg(test)]
mod tests;

const PAUSE: Duration = Duration::from_millis(300);

/// What `down` is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) place: Place,
    /// `--yes`: delete without asking.
    pub(crate) yes: bool,
    /// Delete Redis's PersistentVolumeClaim too.
    pub(crate) delete_data: bool,
    /// Give up waiting after this long.
    pub(crate) timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// There was nothing to delete.
    Nothing,
    /// Everything that it may delete is gone.
    Deleted,
}

/// Why not everything was deleted.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("deleting needs a confirmation, and there is no terminal to ask on")]
    NobodyToAsk,
    #[error("nothing was deleted")]
    Declined,
    #[error("deleting {place}: {pods} pods and {objects} objects are still there after {}", short(*timeout))]
    Late { place: Place, pods: usize, objects: usize, timeout: Duration },
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NobodyToAsk => Exit::Usage,
            Self::Declined => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::NobodyToAsk => vec!["stickyctl down --yes".to_owned()],
            Self::Declined => Vec::new(),
            Self::Late { place, .. } => {
                vec![format!("kubectl get all -n {}   shows what is left; it goes by itself, unless a finalizer holds it", place.namespace)]
            }
        }
    }
}

/// The objects of a release, by what happens to them.
struct Inventory {
    /// What will be deleted.
    doomed: Vec<Item>,
    /// PersistentVolumeClaims that are kept.
    claims: Vec<Item>,
    /// Objects with the release's labels that another manager applied; they are kept.
    others: Vec<Item>,
    /// The namespace, if `up` created it.
    space: Option<Box<Namespace>>,
    /// The front door, if `up` installed it for this release and nothing else uses it.
    door: Option<Installed>,
}

/// Deletes a release and waits until its objects are gone.
///
/// # Errors
/// Helm manages the release, the user did not confirm, or an object was not deleted in time.
pub(crate) async fn run(cluster: &Cluster, request: &Request, output: Output) -> Result<Done, Failure> {
    let deadline = Deadline::after(request.timeout);
    let (client, place) = (&cluster.client, &request.place);
    let Inventory { doomed, claims, others, space, door } = take_stock(client, request).await?;
    // A namespace that contains something else stays, so on its own it is nothing to delete.
    let space_goes = space.is_some() && (!doomed.is_empty() || door.is_some() || rest::of(client, &place.namespace).await?.is_empty());
    if doomed.is_empty() && door.is_none() && !space_goes {
        match claims.as_slice() {
            [] => output.note(&format!("there is nothing of release {place}")),
            [claim] => output.note(&format!("there is nothing left of release {place} but {}; --delete-data deletes it", claim.title())),
            all => {
                output.note(&format!("there is nothing left of release {place} but {} PersistentVolumeClaims; --delete-data deletes them", all.len()))
            }
        }
        report_left(&[], &others, output);
        return Ok(Done::Nothing);
    }

    output.note(&format!("{}, namespace {}:\n", cluster.context, place.namespace));
    for item in &doomed {
        output.note(&format!("  {}", item.title()));
    }
    if let Some(door) = &door {
        output.note(&format!("  the front door that stickyctl up installed: {} in namespace {}", door.title, door.namespace));
    }
    if space.is_some() {
        output.note(&format!("  namespace {}, if nothing else is in it", place.namespace));
    }
    output.note("");
    confirm(request, &what(doomed.len(), door.is_some(), space.is_some().then_some(&place.namespace)), output)?;

    if !doomed.is_empty() {
        let line = output.live("deleted");
        for item in &doomed {
            line.says(&item.title());
            item.delete(client, &place.namespace).await?;
        }
        line.ends(Mark::Done, &objects(doomed.len()));
        gone(place, client, &doomed, deadline, output).await?;
    }
    if let Some(door) = &door {
        let line = output.live("front door");
        door::delete(client, door, &line, deadline).await?;
        line.ends(Mark::Done, &format!("{} and everything that was installed with it", door.title));
    }
    if let Some(space) = space {
        end_namespace(client, &space, &place.namespace, deadline, output).await?;
    }
    report_left(&claims, &others, output);
    Ok(Done::Deleted)
}

async fn take_stock(client: &Client, request: &Request) -> Result<Inventory, Failure> {
    let place @ Place { name, namespace } = &request.place;
    let release = Release::find(client, place).await?;
    if let Some(release) = &release {
        release.is_not_helms(&format!("helm uninstall {name} --namespace {namespace}"))?;
    }
    let (ours, others): (Vec<Item>, Vec<Item>) = inventory::list(client, place).await?.into_iter().partition(|item| item.is_ours || is_claim(item));
    let (claims, mut doomed): (Vec<Item>, Vec<Item>) = ours.into_iter().partition(is_claim);
    let claims = if request.delete_data {
        doomed.extend(claims);
        Vec::new()
    } else {
        claims
    };
    let space = match namespace::read(client, name, namespace).await? {
        Space::Ours(space) => Some(space),
        Space::Absent | Space::Theirs => None,
    };
    let door = door::installed(client, place).await?;
    Ok(Inventory { doomed, claims, others, space, door })
}

fn objects(count: usize) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}

/// Everything that is listed above the question, as in `11 objects, the front door and namespace demo`.
fn what(count: usize, door: bool, space: Option<&String>) -> String {
    let parts = [(count > 0).then(|| objects(count)), door.then(|| "the front door".to_owned()), space.map(|name| format!("namespace {name}"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => objects(0),
    }
}

fn confirm(request: &Request, what: &str, output: Output) -> Result<(), Error> {
    if request.yes {
        return Ok(());
    }
    if !output.can_ask() {
        return Err(Error::NobodyToAsk);
    }
    let data = if request.delete_data { ", including Redis's data" } else { "" };
    if output.confirm(&format!("Delete {what}{data}?")) { Ok(()) } else { Err(Error::Declined) }
}

/// Waits until objects and pods are gone: pods drain first, and close their sockets.
async fn gone(place: &Place, client: &Client, doomed: &[Item], deadline: Deadline, output: Output) -> Result<(), Failure> {
    // Without the Deployment, what goes is not pods.
    let drains = doomed.iter().any(|item| item.kind == "Deployment");
    let line = output.live(if drains { "drain" } else { "gone" });
    let all: Api<Pod> = Api::namespaced(client.clone(), &place.namespace);
    let params = ListParams::default().labels(&format!("app.kubernetes.io/name=sticky-sessions,app.kubernetes.io/instance={}", place.name));
    let (mut pods, mut left) = (0, 0);
    let done = until(deadline, PAUSE, async || {
        pods = ask(&format!("listing the pods of {}", place.name), all.list_metadata(&params)).await?.items.len();
        let items = inventory::list(client, place).await?;
        left = items.iter().filter(|item| doomed.iter().any(|gone| gone.title() == item.title())).count();
        line.says(&format!("{pods} pods and {left} objects are still there"));
        Ok::<_, ApiError>((pods == 0 && left == 0).then_some(()))
    });
    if done.await?.is_none() {
        line.ends(Mark::Failed, &format!("{pods} pods and {left} objects are still there"));
        return Err(Error::Late { place: place.clone(), pods, objects: left, timeout: deadline.timeout() }.into());
    }
    line.ends(Mark::Done, if drains { "all pods are gone; they closed their sockets cleanly" } else { "nothing is left of what was deleted" });
    Ok(())
}

/// Deletes the namespace if nothing is left in it. Other objects keep it, and so does a PersistentVolumeClaim.
async fn end_namespace(client: &Client, space: &Namespace, name: &str, deadline: Deadline, output: Output) -> Result<(), Failure> {
    let left = rest::of(client, name).await?;
    if let Some(first) = left.first() {
        let more = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
        output.phase(Mark::Skipped, "namespace", &format!("{name} stays, because it contains {first}{more}"), None);
        return Ok(());
    }
    let line = output.live("namespace");
    namespace::delete(client, space, deadline).await?;
    line.ends(Mark::Done, &format!("{name} deleted"));
    Ok(())
}

fn report_left(claims: &[Item], others: &[Item], output: Output) {
    for claim in claims {
        output.phase(Mark::Skipped, "data", &format!("{} stays; --delete-data deletes it", claim.title()), None);
    }
    let text = match others {
        [] => return,
        [one] => format!("{} has the release's labels, but somebody else applied it: it stays", one.title()),
        all => format!("{} objects have the release's labels, but somebody else applied them: they stay", all.len()),
    };
    output.phase(Mark::Skipped, "others", &text, None);
}
