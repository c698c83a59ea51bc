//! The pods behind a tunnel.

use crate::cluster::doors::detect::doors;
use crate::cluster::doors::{Door, Found, Marks};
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::ready::is_ready;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use std::net::{IpAddr, SocketAddr};

/// Where a connection through the API server ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodPort {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) port: u16,
}

/// The pods behind a tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A front door's that its arguments reveal, each at its own port for plain HTTP.
    FrontDoor {
        /// The namespace of its pods.
        namespace: String,
        /// The owner of its pods, as in `deployment/traefik`.
        workload: String,
        /// Whether connections go to its port for HTTPS; pods without one are left out.
        secure: bool,
    },
    /// Pods with given labels, all at one port: those of a Gateway, for example.
    Labelled {
        /// The namespace of the pods.
        namespace: String,
        /// The labels as a selector: `app=web,tier=edge`.
        selector: String,
        /// The port's number in each pod.
        port: u16,
    },
    /// One pod, for as long as it is ready.
    One(PodPort),
}

impl From<&Found> for Target {
    fn from(door: &Found) -> Self {
        let namespace = door.namespace.clone();
        match &door.marks {
            Marks::Arguments => Self::FrontDoor { namespace, workload: door.workload.clone(), secure: false },
            Marks::Labels { selector, port, .. } => Self::Labelled { namespace, selector: selector.clone(), port: *port },
        }
    }
}

impl Target {
    /// The pods of a front door at their port for HTTPS; `None` if none is known.
    pub(crate) fn secure(door: &Found) -> Option<Self> {
        let namespace = door.namespace.clone();
        match &door.marks {
            Marks::Arguments if door.pods.iter().all(|pod| pod.https_port.is_none()) => None,
            Marks::Arguments => Some(Self::FrontDoor { namespace, workload: door.workload.clone(), secure: true }),
            Marks::Labels { selector, https_port, .. } => https_port.map(|port| Self::Labelled { namespace, selector: selector.clone(), port }),
        }
    }

    /// Its pods that are ready and not terminating, oldest first.
    ///
    /// # Errors
    /// They can't be listed.
    pub async fn ready(&self, client: &Client) -> Result<Vec<PodPort>, ApiError> {
        Ok(self.ports(&self.pods(client).await?))
    }

    async fn pods(&self, client: &Client) -> Result<Vec<Pod>, ApiError> {
        let (Self::FrontDoor { namespace, .. } | Self::Labelled { namespace, .. } | Self::One(PodPort { namespace, .. })) = self;
        let wanted = match self {
            // A front door's pods are recognized by their arguments, not by their labels.
            Self::FrontDoor { .. } => ListParams::default(),
            Self::Labelled { selector, .. } => ListParams::default().labels(selector),
            Self::One(pod) => ListParams::default().fields(&format!("metadata.name={}", pod.name)),
        };
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let listed = ask(&format!("listing pods in namespace {namespace}"), pods.list(&wanted)).await?;
        let mut ready: Vec<Pod> = listed.items.into_iter().filter(is_ready).collect();
        ready.sort_by_key(|pod| (pod.creation_timestamp().map(|time| time.0), pod.name_any()));
        Ok(ready)
    }

    /// `HOST:PORT` of each pod that is ready, oldest first: where a process inside the cluster reaches them without a tunnel.
    ///
    /// # Errors
    /// They can't be listed.
    pub(crate) async fn addresses(&self, client: &Client) -> Result<Vec<String>, ApiError> {
        let ready = self.pods(client).await?;
        let ip = |one: &PodPort| {
            let pod = ready.iter().find(|pod| pod.metadata.name.as_ref() == Some(&one.name))?;
            let ip = pod.status.as_ref()?.pod_ip.as_deref()?.parse::<IpAddr>().ok()?;
            Some(SocketAddr::from((ip, one.port)).to_string())
        };
        Ok(self.ports(&ready).iter().filter_map(ip).collect())
    }

    fn ports(&self, ready: &[Pod]) -> Vec<PodPort> {
        match self {
            Self::One(pod) => ready.iter().filter(|one| one.name_any() == pod.name).map(|_| pod.clone()).collect(),
            Self::Labelled { namespace, port, .. } => {
                ready.iter().map(|pod| PodPort { namespace: namespace.clone(), name: pod.name_any(), port: *port }).collect()
            }
            Self::FrontDoor { namespace, workload, secure } => {
                let pods = doors(ready, &[]).into_iter().filter(|found| found.workload == *workload).flat_map(|found| found.pods);
                let port = |pod: &Door| if *secure { pod.https_port } else { Some(pod.http_port) };
                pods.filter_map(|pod| Some(PodPort { port: port(&pod)?, namespace: namespace.clone(), name: pod.name })).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_front_doors_pods_each_at_its_own_port() {
        let pod = |name: &str, image: &str, args: &[&str]| {
            let owner = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "edge", "uid": "u", "controller": true});
            let spec = json!({"containers": [{"name": "c", "image": image, "args": args}]});
            serde_json::from_value::<Pod>(json!({"metadata": {"name": name, "namespace": "edge", "ownerReferences": [owner]}, "spec": spec})).unwrap()
        };
        let plain = ["--providers.kubernetesingressnginx=true", "--entrypoints.web.address=:8000"];
        let both = [plain[0], plain[1], "--entrypoints.websecure.address=:8443/tcp"];
        let pods = [pod("a", "traefik:v3.6.12", &both), pod("b", "debian", &["sleep"]), pod("c", "traefik:v3.6.12", &plain)];
        let target = |workload: &str, secure| Target::FrontDoor { namespace: "edge".to_owned(), workload: workload.to_owned(), secure };
        let at = |name: &str, port| PodPort { namespace: "edge".to_owned(), name: name.to_owned(), port };
        assert_eq!(target("daemonset/edge", false).ports(&pods), [at("a", 8_000), at("c", 8_000)]);
        assert_eq!(target("daemonset/edge", true).ports(&pods), [at("a", 8_443)]);
        assert_eq!(target("daemonset/other", false).ports(&pods), []);
    }
}
