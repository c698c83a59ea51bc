//! Looks at the cluster again and again: which pods there are, and which addresses they have.

use super::advice::missing_right;
use super::containers::{Container, of_app, of_door};
use super::door;
use super::shared::{Containers, Key, Shared, Topic};
use super::sources::Sources;
use super::stream::Stream;
use crate::cluster::doors::detect::doors;
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::tunnel::{PodPort, Target};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::jiff::Timestamp;
use kube::api::ListParams;
use kube::core::NamespaceResourceScope;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::told::By;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The time between two looks.
const PERIOD: Duration = Duration::from_secs(2);
/// The least time between two looks, if a stream asks for one.
const LEAST: Duration = Duration::from_millis(500);
/// Containers that are followed at a time, each with a connection of its own. The front door's come first.
const STREAMS: usize = 128;

/// Looks until it is dropped, and follows what it finds.
pub(super) async fn run(sources: Sources, shared: Arc<Shared>) {
    let began = Instant::now();
    let (mut streams, mut followed, mut is_asked) = (JoinSet::new(), BTreeSet::new(), false);
    loop {
        let look = shared.begin();
        let found = found(&sources, &shared).await;
        while streams.try_join_next().is_some() {}
        follow(&sources, &shared, began, &found.containers, &mut streams, &mut followed);
        if let Some(pods) = found.door.filter(|pods| !is_asked && !pods.is_empty()) {
            is_asked = true;
            for (n, text) in door::silence(&sources, &pods).await.into_iter().enumerate() {
                shared.trouble(Topic::Off(n), Some(text));
            }
        }
        shared.end(look);
        sleep(LEAST).await;
        // Whether a stream asks or time passes: look again.
        let _ = timeout(PERIOD.saturating_sub(LEAST), shared.wanted.notified()).await;
    }
}

/// Starts a stream for each container that has none.
fn follow(sources: &Sources, shared: &Arc<Shared>, began: Instant, containers: &Containers, streams: &mut JoinSet<()>, followed: &mut BTreeSet<Key>) {
    followed.retain(|key| containers.contains_key(key));
    let mut left_out = 0_usize;
    // The front door's before the application's.
    for by in [By::Access, By::Pod] {
        for (key, (_, restarts)) in containers.iter().filter(|(_, (one, _))| *one == by) {
            if followed.contains(key) {
                continue;
            }
            if streams.len() >= STREAMS {
                left_out += 1;
                continue;
            }
            followed.insert(key.clone());
            streams.spawn(Stream::new(sources.client.clone(), key.clone(), by, began, shared.clone()).run(*restarts));
        }
    }
    let text =
        format!("the logs of {left_out} containers are not read: only {STREAMS} are followed at a time. A pod that answers there stays unidentified");
    shared.trouble(Topic::TooMany, (left_out > 0).then_some(text));
}

/// What a look finds.
#[derive(Default)]
struct Found {
    /// Containers whose logs are wanted.
    containers: Containers,
    /// The front door's pods, if they could be listed.
    door: Option<Vec<Pod>>,
}

async fn found(sources: &Sources, shared: &Shared) -> Found {
    let mut found = Found::default();
    if let Some(target) = sources.door.as_ref().filter(|_| shared.which.access()) {
        found.door = door_pods(sources, shared, target).await;
        let text = format!("no pod of the front door is found in namespace {}, so its access log is not read", namespace(target));
        shared.trouble(Topic::Nobody(By::Access), found.door.as_ref().is_some_and(Vec::is_empty).then_some(text));
        add(&mut found.containers, found.door.iter().flatten(), By::Access, of_door);
    }
    let own = &sources.namespace;
    let labelled = ListParams::default().labels(&sources.selector);
    let pods: Option<Vec<Pod>> = list(sources, shared, ("", "pods"), own, &labelled).await;
    if shared.which.pods() {
        let text = format!("no pod matches the labels {} in namespace {own}, so no pod's log is read", sources.selector);
        shared.trouble(Topic::Nobody(By::Pod), pods.as_ref().is_some_and(Vec::is_empty).then_some(text));
        add(&mut found.containers, pods.iter().flatten(), By::Pod, of_app);
    }
    if shared.which.access() {
        shared.state().addresses.pods(pods.as_deref().unwrap_or_default());
        if !sources.service.is_empty() {
            service(sources, shared).await;
        }
    }
    // If a list failed, the containers that are known are still there.
    if pods.is_some() && (found.door.is_some() || sources.door.is_none() || !shared.which.access()) {
        shared.state().live = found.containers.clone();
    } else {
        let mut state = shared.state();
        state.live.append(&mut found.containers);
        found.containers = state.live.clone();
    }
    found
}

/// What the Service and its EndpointSlices say of addresses.
async fn service(sources: &Sources, shared: &Shared) {
    let (own, name) = (&sources.namespace, &sources.service);
    let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={name}"));
    let slices: Option<Vec<EndpointSlice>> = list(sources, shared, ("discovery.k8s.io", "endpointslices"), own, &of_service).await;
    let services: Api<Service> = Api::namespaced(sources.client.clone(), own);
    // Only to tell its address from one of a pod: it may be missing.
    let service = ask("reading the Service", services.get(name)).await.ok();
    let mut state = shared.state();
    state.addresses.slices(slices.as_deref().unwrap_or_default(), Timestamp::now());
    if let Some(service) = service {
        state.addresses.service(own, &service);
    }
}

fn add<'a>(containers: &mut Containers, pods: impl Iterator<Item = &'a Pod>, by: By, of: impl Fn(&Pod) -> Vec<Container>) {
    for pod in pods {
        let (namespace, uid) = (pod.namespace().unwrap_or_default(), pod.uid().unwrap_or_default());
        for one in of(pod) {
            containers.entry((namespace.clone(), pod.name_any(), uid.clone(), one.name)).or_insert((by, one.restarts));
        }
    }
}

fn namespace(target: &Target) -> &str {
    let (Target::FrontDoor { namespace, .. } | Target::Labelled { namespace, .. } | Target::One(PodPort { namespace, .. })) = target;
    namespace
}

/// The front door's pods, ready or not.
async fn door_pods(sources: &Sources, shared: &Shared, target: &Target) -> Option<Vec<Pod>> {
    let (namespace, params) = match target {
        // They are recognized by their arguments.
        Target::FrontDoor { namespace, .. } => (namespace, ListParams::default()),
        Target::Labelled { namespace, selector, .. } => (namespace, ListParams::default().labels(selector)),
        Target::One(pod) => (&pod.namespace, ListParams::default().fields(&format!("metadata.name={}", pod.name))),
    };
    let mut pods: Vec<Pod> = list(sources, shared, ("", "pods"), namespace, &params).await?;
    if let Target::FrontDoor { workload, .. } = target {
        let of_door: BTreeSet<String> =
            doors(&pods, &[]).into_iter().filter(|found| found.workload == *workload).flat_map(|found| found.pods).map(|pod| pod.name).collect();
        pods.retain(|pod| of_door.contains(&pod.name_any()));
    }
    Some(pods)
}

/// Lists objects; `None` with a trouble if that fails.
async fn list<K>(sources: &Sources, shared: &Shared, (group, resource): (&str, &'static str), namespace: &str, params: &ListParams) -> Option<Vec<K>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let topic = Topic::Reading(resource, namespace.to_owned());
    let api: Api<K> = Api::namespaced(sources.client.clone(), namespace);
    match ask(&format!("listing {resource} in namespace {namespace}"), api.list(params)).await {
        Ok(list) => {
            shared.trouble(topic, None);
            Some(list.items)
        }
        Err(error) => {
            let text = match &error {
                ApiError::Forbidden { .. } => missing_right(&error, "list", group, resource, namespace),
                _ => format!("{error}. It is tried again"),
            };
            shared.trouble(topic, Some(text));
            None
        }
    }
}
