//! Reads a cluster, page by page. What may not be read is left out and named.

use crate::cluster::doors::detect::is_front_door;
use crate::cluster::doors::gateway::crd;
use crate::cluster::errors::{ApiError, ask, sentence};
use crate::cluster::seen::{Seen, is_no_kind};
use crate::doctor::arguments::config_maps;
use crate::doctor::objects::{Namespaced, Objects, Origin, Read, Unread, Workload};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{ClusterResourceScope, Metadata, Resource};
use kube::Client;
use kube::api::{Api, ListParams};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Objects requested at a time.
const PAGE: u32 = 500;
/// Namespaces where front doors usually run, for users who may not list the pods of all.
const USUAL: [&str; 6] = ["ingress-nginx", "traefik", "haproxy-controller", "ingress-controller", "nginx-ingress", "envoy-gateway-system"];

/// Reads one namespace, or all. Controllers and classes are read from the whole cluster.
///
/// # Errors
/// The API server did not answer as it should. Missing permission and unknown kinds are no errors.
pub(crate) async fn read(client: &Client, namespace: Option<&str>) -> Result<Objects, ApiError> {
    let mut reader = Reader { client, namespace, unread: Vec::new() };
    let mut objects = Objects {
        origin: Origin::Cluster,
        classes: reader.everywhere("IngressClasses").await?,
        gateway_classes: reader.everywhere("GatewayClasses").await?,
        ingresses: reader.here("Ingresses").await?,
        routes: reader.here("HTTPRoutes").await?,
        policies: reader.here("BackendTrafficPolicies").await?,
        services: reader.here("Services").await?,
        autoscalers: reader.here("HorizontalPodAutoscalers").await?,
        ..Objects::default()
    };
    objects.gateways = reader.all_if_allowed("Gateways").await?;
    objects.slices = reader.here("EndpointSlices").await?.into_iter().map(|read| read.object).collect();
    objects.workloads.extend(reader.here::<Deployment>("Deployments").await?.into_iter().map(Workload::from));
    objects.workloads.extend(reader.here::<StatefulSet>("StatefulSets").await?.into_iter().map(Workload::from));
    objects.workloads.extend(reader.here::<DaemonSet>("DaemonSets").await?.into_iter().map(Workload::from));
    objects.pods = reader.pods().await?;
    objects.config_maps = reader.config_maps(&objects.pods).await?;
    if !objects.routes.is_empty() {
        objects.definition = match crd::definition(client).await? {
            Seen::Here(definition) => Some(*definition),
            Seen::Unread => {
                reader.unread.push(Unread { kind: "CustomResourceDefinitions", scope: String::new(), why: "permission denied".to_owned() });
                None
            }
            Seen::NoKind | Seen::Absent => None,
        };
    }
    objects.unread = reader.unread;
    Ok(objects)
}

/// What a request for a list brought.
enum Listed<K> {
    All(Vec<K>),
    NoKind,
    Forbidden(String),
}

struct Reader<'a> {
    client: &'a Client,
    /// `None` is all of them.
    namespace: Option<&'a str>,
    unread: Vec<Unread>,
}

impl Reader<'_> {
    /// Objects that belong to no namespace.
    async fn everywhere<K>(&mut self, kind: &'static str) -> Result<Vec<Read<K>>, ApiError>
    where
        K: Resource<Scope = ClusterResourceScope> + Metadata<Ty = ObjectMeta> + Clone + DeserializeOwned + Debug,
    {
        let listed = list(&format!("listing {kind}"), &Api::<K>::all(self.client.clone()), |_| true).await?;
        Ok(self.note(kind, String::new(), listed).unwrap_or_default())
    }

    /// The objects of the namespace.
    async fn here<K>(&mut self, kind: &'static str) -> Result<Vec<Read<K>>, ApiError>
    where
        K: Namespaced + Metadata<Ty = ObjectMeta> + Clone + DeserializeOwned + Debug,
    {
        let (api, scope) = self.api::<K>(self.namespace);
        let listed = list(&format!("listing {kind}{scope}"), &api, |_| true).await?;
        Ok(self.note(kind, scope, listed).unwrap_or_default())
    }

    /// The objects of all namespaces, or of this one without permission.
    async fn all_if_allowed<K>(&mut self, kind: &'static str) -> Result<Vec<Read<K>>, ApiError>
    where
        K: Namespaced + Metadata<Ty = ObjectMeta> + Clone + DeserializeOwned + Debug,
    {
        match list(&format!("listing {kind} in all namespaces"), &Api::<K>::all(self.client.clone()), |_| true).await? {
            Listed::Forbidden(_) if self.namespace.is_some() => self.here(kind).await,
            listed => Ok(self.note(kind, String::new(), listed).unwrap_or_default()),
        }
    }

    /// The pods of the namespace, and those of front doors in others.
    async fn pods(&mut self) -> Result<Vec<Read<Pod>>, ApiError> {
        let here = self.namespace.map(str::to_owned);
        let wanted = |pod: &Pod| here.is_none() || pod.metadata.namespace == here || is_front_door(pod);
        match list("listing the pods of all namespaces, to find front doors", &Api::<Pod>::all(self.client.clone()), wanted).await? {
            Listed::All(pods) => Ok(pods.into_iter().map(|object| Read { object, place: None }).collect()),
            other => {
                // What is left out is where front doors may run.
                self.note::<Pod>("Pods", " of all namespaces".to_owned(), other);
                let mut all = Vec::new();
                let usual = USUAL.into_iter().map(str::to_owned);
                for namespace in usual.chain(here.clone()).collect::<BTreeSet<String>>() {
                    let (api, scope) = self.api::<Pod>(Some(&namespace));
                    if let Listed::All(pods) = list(&format!("listing pods{scope}"), &api, wanted).await? {
                        all.extend(pods.into_iter().map(|object| Read { object, place: None }));
                    }
                }
                Ok(all)
            }
        }
    }

    /// Those that front doors name with `--configmap`, `-nginx-configmaps` and their like.
    async fn config_maps(&mut self, pods: &[Read<Pod>]) -> Result<Vec<Read<ConfigMap>>, ApiError> {
        let named: BTreeSet<(String, String)> =
            pods.iter().filter(|pod| is_front_door(&pod.object)).flat_map(|pod| config_maps(&pod.object)).collect();
        let mut all = Vec::new();
        for (namespace, name) in named {
            let (api, scope) = self.api::<ConfigMap>(Some(&namespace));
            let seen = crate::cluster::seen::see(&format!("reading configmap {name}{scope}"), &api, &name).await?;
            match seen {
                Seen::Here(object) => all.push(Read { object: *object, place: None }),
                Seen::Unread => self.unread.push(Unread { kind: "ConfigMaps", scope, why: format!("no permission to read {name}") }),
                Seen::NoKind | Seen::Absent => {}
            }
        }
        Ok(all)
    }

    fn api<K>(&self, namespace: Option<&str>) -> (Api<K>, String)
    where
        K: Namespaced + Metadata<Ty = ObjectMeta> + Clone + DeserializeOwned + Debug,
    {
        match namespace {
            Some(namespace) => (Api::namespaced(self.client.clone(), namespace), format!(" in namespace {namespace}")),
            None => (Api::all(self.client.clone()), " in all namespaces".to_owned()),
        }
    }

    fn note<K>(&mut self, kind: &'static str, scope: String, listed: Listed<K>) -> Option<Vec<Read<K>>> {
        match listed {
            Listed::All(all) => Some(all.into_iter().map(|object| Read { object, place: None }).collect()),
            Listed::NoKind => None,
            Listed::Forbidden(why) => {
                self.unread.push(Unread { kind, scope, why });
                None
            }
        }
    }
}

/// All objects that are wanted, page by page, each with a time limit of its own.
async fn list<K>(doing: &str, api: &Api<K>, wanted: impl Fn(&K) -> bool) -> Result<Listed<K>, ApiError>
where
    K: Metadata<Ty = ObjectMeta> + Clone + DeserializeOwned + Debug,
{
    let mut all = Vec::new();
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let page = ask(doing, async {
            match api.list(&params).await {
                Err(kube::Error::Api(status)) if is_no_kind(&status) => Ok(Err(Listed::NoKind)),
                Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(Err(Listed::Forbidden(sentence(&kube::Error::Api(status))))),
                done => done.map(Ok),
            }
        });
        let page = match page.await? {
            Ok(page) => page,
            Err(none) => return Ok(none),
        };
        all.extend(page.items.into_iter().filter(&wanted).map(|mut object| {
            // Half of an object's size, and no check reads it.
            object.metadata_mut().managed_fields = None;
            object
        }));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(Listed::All(all)),
        }
    }
}
