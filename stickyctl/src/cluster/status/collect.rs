//! Reads everything that a status needs.

use super::build::{Inputs, build};
use super::door;
use super::gateway;
use super::metrics;
use super::model::Status;
use super::pod::{Scrape, ScrapeError};
use super::route::others;
use crate::cluster::autoscaler::has_metrics_api;
use crate::cluster::connect::Cluster;
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::readyz::{admin, runs};
use crate::cluster::release::{self, Place, Release};
use crate::cluster::route;
use crate::cluster::tunnel::http::Conn;
use crate::exit::{Exit, Explained};
use crate::generate::meta::{TRACK, Track, canary_name, pairs};
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use futures_util::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::jiff::Timestamp;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use std::time::Duration;

/// Pods that are asked concurrently. More gain nothing: each one is a connection to the API server (measured: 64 lists in parallel
/// took longer than one after another).
const CONCURRENT: usize = 4;
/// Timeout for the answers of one pod.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such release.
    #[error(transparent)]
    Release(#[from] release::Error),
    /// The API server did not answer as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Release(error) => error.exit(),
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Release(error) => error.next_steps(),
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// Reads a release. Anything around it that can't be read becomes a note.
///
/// # Errors
/// There is no such release, its pods may not be listed, or the API server did not answer as it should.
pub async fn collect(cluster: &Cluster, place: &Place, door: &mut door::Seen) -> Result<Status, Error> {
    let client = &cluster.client;
    let Place { name, namespace } = place;
    let release = Release::get(client, place).await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let by_labels = ListParams::default().labels(&selector(&release));
    let pods = ask(&format!("listing the pods of {place}"), pods.list(&by_labels)).await?.items;
    let mut notes = Vec::new();
    let ingresses = ingresses(client, namespace, &mut notes).await;
    let ingress = ingresses.iter().find(|ingress| ingress.name_any() == *name).cloned();
    let canary: Option<Deployment> = get(client, "deployment", &canary_name(name), namespace, &mut notes).await;
    // A Deployment of somebody else may have the name.
    let canary = canary.filter(|canary| canary.labels().get(TRACK).is_some_and(|track| track == Track::Canary.word()));
    let service: Option<Service> = get(client, "service", name, namespace, &mut notes).await;
    let autoscaler: Option<HorizontalPodAutoscaler> = match release.autoscalers.first() {
        Some(scaler) => get(client, "autoscaler", scaler, namespace, &mut notes).await,
        None => None,
    };
    // If this can't be read, assume that there is one: the autoscaler's own conditions are better than a wrong guess.
    let has_metrics_api = match &autoscaler {
        Some(_) => has_metrics_api(client).await.unwrap_or(true),
        None => true,
    };
    let made_from = release.spec();
    let front_door = match &made_from {
        Ok(spec) => door.of(client, &living(spec, ingress.as_ref())).await.map_err(|why| notes.push(format!("front door: {why}"))).ok(),
        Err(error) => {
            notes.push(format!("front door: {error}"));
            None
        }
    };
    let kind = made_from.as_ref().map(|spec| spec.ingress.front_door).unwrap_or_default();
    let live = match &made_from {
        Ok(spec) if kind == FrontDoor::Gateway => route::read(client, spec).await.map_err(|why| notes.push(why.to_string())).ok(),
        _ => None,
    };
    let controller = door.controller().map(str::to_owned);
    if let (Some(live), Some(controller)) = (&live, &controller) {
        notes.extend(gateway::note(live, controller, front_door.as_ref().and_then(|door| door.version.as_deref())));
    }
    notes.extend(others(&ingresses, name, kind));
    let asked = futures_util::stream::iter(pods).map(|pod| async { (scrape(client, &pod).await, pod) }).buffered(CONCURRENT);
    let pods = asked.map(|(asked, pod)| (pod, asked)).collect().await;
    Ok(build(Inputs {
        context: cluster.context.clone(),
        now: Timestamp::now(),
        made_for: kind,
        deployment: release.deployment,
        canary,
        pods,
        ingress: ingress.filter(|_| kind != FrontDoor::Gateway),
        live,
        service,
        autoscaler,
        has_metrics_api,
        controller,
        front_door,
        notes,
    }))
}

/// The class is the one that the Ingress has now.
fn living(spec: &StickyApp, ingress: Option<&Ingress>) -> StickyApp {
    let mut spec = spec.clone();
    if let Some(class) = ingress.and_then(|ingress| ingress.spec.as_ref()?.ingress_class_name.clone()) {
        spec.ingress.class = class;
    }
    spec
}

/// The pods of both of the app's Deployments.
fn selector(release: &Release) -> String {
    let mut labels = release.deployment.spec.as_ref().and_then(|spec| spec.selector.match_labels.clone()).unwrap_or_default();
    labels.remove(TRACK);
    pairs(&labels)
}

/// All Ingresses of the namespace: another one for the release's Service affects what the release's own does.
async fn ingresses(client: &Client, namespace: &str, notes: &mut Vec<String>) -> Vec<Ingress> {
    let api: Api<Ingress> = Api::namespaced(client.clone(), namespace);
    match ask(&format!("listing the ingresses in namespace {namespace}"), api.list(&ListParams::default())).await {
        Ok(list) => list.items,
        Err(error) => {
            notes.push(error.to_string());
            Vec::new()
        }
    }
}

async fn get<K>(client: &Client, kind: &str, name: &str, namespace: &str, notes: &mut Vec<String>) -> Option<K>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    ask(&format!("reading {kind} {name} in namespace {namespace}"), api.get_opt(name)).await.unwrap_or_else(|error| {
        notes.push(error.to_string());
        None
    })
}

async fn scrape(client: &Client, pod: &Pod) -> Result<Scrape, ScrapeError> {
    if !runs(pod) {
        return Err(ScrapeError::NotRunning);
    }
    let asked = tokio::time::timeout(PATIENCE, async {
        let mut conn = Conn::open(client, &admin(pod)).await?;
        let metrics = conn.get("localhost", "/metrics", None).await?;
        if metrics.status != 200 {
            return Err(ScrapeError::Status(metrics.status));
        }
        let ready = conn.get("localhost", "/readyz", None).await?;
        let metrics = metrics::parse(&String::from_utf8_lossy(&metrics.body));
        Ok(Scrape { metrics, ready: serde_json::from_slice(&ready.body).ok() })
    });
    asked.await.unwrap_or(Err(ScrapeError::Late(PATIENCE)))
}
