//! Installs a front door, or applies again one that was installed.

use crate::cluster::apply::{Manner, Wanted, apply_patiently};
use crate::cluster::connect::Cluster;
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::inventory::is_managed;
use crate::cluster::nodes::Nodes;
use crate::cluster::plan::Plan;
use crate::cluster::rollout::wait::Rollout;
use crate::exit::{Exit, Explained, Failure};
use crate::gateway_api::GatewayClass;
use crate::generate::front_door::install::gateway::{WATCHED, certificates};
use crate::generate::front_door::install::{Install, objects};
use crate::output::{Live, Mark, Output, short};
use crate::poll::{Deadline, until};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(300);

/// Why Envoy Gateway can't be installed, or does not take its class.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// Its namespace has one already, and the names are fixed.
    #[error("installing Envoy Gateway for class {class}: namespace {namespace} has one already, {which}")]
    Taken { class: String, namespace: String, which: String },
    #[error("Envoy Gateway does not accept GatewayClass {class}: {said}")]
    NotAccepted { class: String, said: String },
    #[error("GatewayClass {class}: Envoy Gateway runs, and has not accepted it after {}", short(*timeout))]
    Late { class: String, namespace: String, timeout: Duration },
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Taken { .. } | Self::NotAccepted { .. } => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Taken { .. } => vec!["stickyctl up -f FILE   with another gateway.class and another ingress.frontDoorNamespace".to_owned()],
            Self::NotAccepted { class, .. } => vec![format!("kubectl describe gatewayclass {class}")],
            Self::Late { namespace, .. } => vec![format!("kubectl logs deployment/envoy-gateway -n {namespace}")],
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// Applies the front door for a release and waits until it runs. The caller ends the phase.
///
/// # Errors
/// It can't be applied, or does not become ready.
pub(super) async fn run(cluster: &Cluster, nodes: Option<&Nodes>, plan: &Plan, deadline: Deadline, output: Output) -> Result<(), Failure> {
    let client = &cluster.client;
    let door = Install::of(&plan.spec, nodes.is_some_and(|nodes| nodes.ingress_ready));
    let is_gateway = door.door == FrontDoor::Gateway;
    if is_gateway {
        is_free(client, &door).await?;
    }
    // The front door has a Role in the release's namespace, so that comes first.
    for namespace in plan.objects.iter().filter(|object| object.is("Namespace")) {
        apply_patiently(client, namespace, Manner::default()).await?;
    }
    let mut line = output.live("front door");
    for object in objects(&door).iter().filter_map(Wanted::of) {
        line.says(&object.title());
        // A class or a namespace that another manager created is not ours, and `down` leaves it alone.
        let is_shared = ["Namespace", "IngressClass", "GatewayClass"].iter().any(|kind| object.is(kind));
        if (is_shared && object.is_theirs(client).await?) || (object.is("Job") && has_certificates(client, &door).await?) {
            continue;
        }
        apply_patiently(client, &object, Manner::default()).await?;
        if object.is("Job") {
            (line, _) = Rollout::of_certificates(client, &door).finished(line, deadline).await?;
        }
    }
    let (line, _) = Rollout::of_front_door(client, &door).finished(line, deadline).await?;
    if is_gateway {
        accepted(client, &door, line, deadline).await?;
    }
    Ok(())
}

/// Whether the namespace has no Envoy Gateway but this one. One that somebody else installed would be overwritten in part only, and one of
/// ours for another class or namespace would leave its users without a front door.
async fn is_free(client: &Client, door: &Install) -> Result<(), Error> {
    let all: Api<Deployment> = Api::namespaced(client.clone(), &door.namespace);
    let doing = format!("looking for Envoy Gateway in namespace {}", door.namespace);
    let Some(found) = ask(&doing, all.get_metadata_opt(&door.name())).await? else { return Ok(()) };
    let taken = |which: String| Err(Error::Taken { class: door.class.clone(), namespace: door.namespace.clone(), which });
    let value = |map: &Option<std::collections::BTreeMap<String, String>>, key: &str| map.as_ref().and_then(|map| map.get(key)).cloned();
    if !is_managed(&found.metadata) {
        return taken("which stickyctl did not install".to_owned());
    }
    match value(&found.metadata.annotations, WATCHED) {
        Some(watched) if watched != door.watched => taken(format!("which serves namespace {watched}")),
        _ if value(&found.metadata.labels, "app.kubernetes.io/instance") != Some(door.instance()) => taken("for another class".to_owned()),
        _ => Ok(()),
    }
}

/// Whether an earlier installation created the certificates. The Secrets' content is not read.
async fn has_certificates(client: &Client, door: &Install) -> Result<bool, ApiError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &door.namespace);
    for name in certificates::SECRETS {
        if ask(&format!("looking for secret {name}"), secrets.get_metadata_opt(name)).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until Envoy Gateway has accepted its class.
async fn accepted(client: &Client, door: &Install, line: Live, deadline: Deadline) -> Result<(), Error> {
    let class = &door.class;
    let all: Api<GatewayClass> = Api::all(client.clone());
    line.says(&format!("waiting until Envoy Gateway accepts class {class}"));
    let state = until(deadline, PAUSE, async || {
        let found = ask(&format!("reading gatewayclass {class}"), all.get(class)).await?;
        let conditions = found.status.map(|status| status.conditions).unwrap_or_default();
        // Before a controller takes it, the API server's default says `Unknown`.
        Ok::<_, ApiError>(conditions.into_iter().find(|one| one.type_ == "Accepted" && one.status != "Unknown"))
    });
    let error = match state.await? {
        Some(condition) if condition.status == "True" => return Ok(()),
        Some(condition) => Error::NotAccepted { class: class.clone(), said: condition.message },
        None => Error::Late { class: class.clone(), namespace: door.namespace.clone(), timeout: deadline.timeout() },
    };
    line.ends(Mark::Failed, &format!("class {class} is not accepted"));
    Err(error)
}
