//! Reads what a status is made of.

use super::build::{Seen, build};
use super::door;
use super::metrics;
use super::model::Status;
use super::pod::{Scrape, runs};
use super::route::others;
use crate::cluster::autoscaler::has_metrics_api;
use crate::cluster::connect::Cluster;
use crate::cluster::errors::ask;
use crate::cluster::release::{Release, none};
use crate::cluster::tunnel::PodPort;
use crate::cluster::tunnel::http::Conn;
use crate::exit::Failure;
use crate::generate::meta::pairs;
use crate::generate::service::{ADMIN, ADMIN_PORT};
use crate::spec::StickyApp;
use futures_util::StreamExt;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::jiff::Timestamp;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use std::time::Duration;

/// Pods that are asked at once: more gain nothing, each one is a connection to the API server (measured: 64 lists in parallel
/// took longer than one after another).
const AT_ONCE: usize = 4;
/// The most that one pod is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

/// Reads a release. What is not the release itself, and can't be read, becomes a note.
///
/// # Errors
/// The API server can't be asked, there is no such release, or its pods may not be listed.
pub async fn collect(cluster: &Cluster, name: &str, namespace: &str, door: &mut door::Seen) -> Result<Status, Failure> {
    let client = &cluster.client;
    let release = Release::find(client, name, namespace).await?.ok_or_else(|| none(name, namespace))?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let by_labels = ListParams::default().labels(&selector(&release));
    let pods = ask(&format!("listing the pods of {name} in namespace {namespace}"), pods.list(&by_labels)).await?.items;
    let mut notes = Vec::new();
    let ingresses = ingresses(client, namespace, &mut notes).await;
    let ingress = ingresses.iter().find(|ingress| ingress.name_any() == name).cloned();
    let service: Option<Service> = get(client, "service", name, namespace, &mut notes).await;
    let autoscaler: Option<HorizontalPodAutoscaler> = match release.autoscalers.first() {
        Some(scaler) => get(client, "autoscaler", scaler, namespace, &mut notes).await,
        None => None,
    };
    // Where it can't be asked there is one: the autoscaler's own words are better than a wrong guess.
    let has_metrics_api = match &autoscaler {
        Some(_) => has_metrics_api(client).await.unwrap_or(true),
        None => true,
    };
    let made_of = release.spec();
    let front_door = match &made_of {
        Ok(spec) => door.of(client, &living(spec, ingress.as_ref())).await.map_err(|why| notes.push(format!("the front door: {why}"))).ok(),
        Err(failure) => {
            notes.push(format!("the front door: {}", failure.what));
            None
        }
    };
    let kind = made_of.as_ref().map(|spec| spec.ingress.front_door).unwrap_or_default();
    notes.extend(others(&ingresses, name, kind));
    let asked = futures_util::stream::iter(pods).map(|pod| async { (scrape(client, &pod).await, pod) }).buffered(AT_ONCE);
    let pods = asked.map(|(asked, pod)| (pod, asked)).collect().await;
    Ok(build(Seen {
        context: cluster.context.clone(),
        now: Timestamp::now(),
        made_for: kind,
        deployment: release.deployment,
        pods,
        ingress,
        service,
        autoscaler,
        has_metrics_api,
        front_door,
        notes,
    }))
}

/// The class counts as the Ingress has it now.
fn living(spec: &StickyApp, ingress: Option<&Ingress>) -> StickyApp {
    let mut spec = spec.clone();
    if let Some(class) = ingress.and_then(|ingress| ingress.spec.as_ref()?.ingress_class_name.clone()) {
        spec.ingress.class = class;
    }
    spec
}

fn selector(release: &Release) -> String {
    let labels = release.deployment.spec.as_ref().and_then(|spec| spec.selector.match_labels.as_ref());
    labels.map(pairs).unwrap_or_default()
}

/// All Ingresses of the namespace: one more that names the release's Service changes what the release's own does.
async fn ingresses(client: &Client, namespace: &str, notes: &mut Vec<String>) -> Vec<Ingress> {
    let api: Api<Ingress> = Api::namespaced(client.clone(), namespace);
    match ask(&format!("listing the ingresses in namespace {namespace}"), api.list(&ListParams::default())).await {
        Ok(list) => list.items,
        Err(failure) => {
            notes.push(failure.what);
            Vec::new()
        }
    }
}

async fn get<K>(client: &Client, kind: &str, name: &str, namespace: &str, notes: &mut Vec<String>) -> Option<K>
where
    K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    ask(&format!("reading {kind} {name} in namespace {namespace}"), api.get_opt(name)).await.unwrap_or_else(|failure| {
        notes.push(failure.what);
        None
    })
}

async fn scrape(client: &Client, pod: &Pod) -> Result<Scrape, String> {
    if !runs(pod) {
        return Err("it does not run".to_owned());
    }
    let of = PodPort { namespace: pod.namespace().unwrap_or_default(), name: pod.name_any(), port: admin_port(pod) };
    let asked = tokio::time::timeout(PATIENCE, async {
        let mut conn = Conn::open(client, &of).await?;
        let metrics = conn.get("localhost", "/metrics", None).await?;
        if metrics.status != 200 {
            return Err(format!("GET /metrics: status {}", metrics.status));
        }
        let ready = conn.get("localhost", "/readyz", None).await?;
        let metrics = metrics::parse(&String::from_utf8_lossy(&metrics.body));
        Ok(Scrape { metrics, ready: serde_json::from_slice(&ready.body).ok() })
    });
    asked.await.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}

fn admin_port(pod: &Pod) -> u16 {
    let ports = pod.spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| container.ports.iter().flatten());
    let named = ports.into_iter().find(|port| port.name.as_deref() == Some(ADMIN)).map_or(ADMIN_PORT, |port| port.container_port);
    u16::try_from(named).unwrap_or_default()
}
