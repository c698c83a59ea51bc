//! Which site is tested, and the way to it.

use super::error::RequestError;
use super::way::{Front, Way};
use super::workload::locate;
use crate::cluster::connect::{Access, connect};
use crate::cluster::forward;
use crate::cluster::release::Place;
use crate::cluster::tunnel::Target;
use crate::cluster::workload::{Hints, Reference};
use crate::local::client::Client;
use crate::verify::logs::Sources;
use crate::verify::probe::watch::Witness;
use crate::verify::redacted::redacted;

/// Which site is tested.
#[derive(Debug)]
pub(crate) enum Site {
    /// Any site, with the pods behind it if a cluster reports their states.
    Url { url: String, pods: Option<Pods> },
    /// The demo on this machine.
    Local,
    /// An application of somebody else's on a cluster, through its front door.
    /// Without a namespace, in that of the kubeconfig's context.
    Workload { access: Access, namespace: Option<String>, reference: Reference, hints: Hints },
    /// A release on a cluster, through its front door.
    Release { access: Access, place: Place },
}

/// Pods on a cluster.
#[derive(Debug)]
pub(crate) struct Pods {
    pub(crate) access: Access,
    pub(crate) namespace: String,
    pub(crate) selector: String,
}

impl Site {
    /// Whether this app answers there, whose pods are known by the names that the app reports.
    pub(crate) const fn is_the_apps(&self) -> bool {
        matches!(self, Self::Local | Self::Release { .. })
    }

    /// Finds the site, and opens a tunnel if it takes one.
    pub(crate) async fn open(&self) -> Result<Way, RequestError> {
        let direct = |url: String, witness| Way {
            url,
            addresses: Vec::new(),
            tunnel: None,
            witness,
            front: None,
            logs: None,
            is_here: false,
            notes: Vec::new(),
        };
        let (access, place) = match self {
            // What has a colon may be a URL with a password, which is refused without showing it.
            Self::Url { url, .. } if !url.contains([':', '@']) => return Err(RequestError::Target(redacted(url))),
            Self::Url { url, pods: None } => return Ok(Way { is_here: is_the_demo(url).await, ..direct(url.clone(), None) }),
            Self::Url { url, pods: Some(pods) } => {
                let client = connect(&pods.access).await?.client;
                let (namespace, selector) = (pods.namespace.clone(), pods.selector.clone());
                let witness = Witness::Cluster { client: client.clone(), namespace: namespace.clone(), selector: selector.clone() };
                // Which front door serves the URL is not known, and neither is the Service.
                let logs = Sources { client, door: None, namespace, selector, service: String::new() };
                return Ok(Way { logs: Some(logs), ..direct(url.clone(), Some(witness)) });
            }
            Self::Local => {
                let client = Client::open()?;
                let url = format!("{}/whoami", client.status().await?.url.trim_end_matches('/'));
                return Ok(Way { is_here: true, ..direct(url, Some(Witness::Local(client))) });
            }
            Self::Workload { access, namespace, reference, hints } => {
                return locate(access, namespace.as_deref(), reference, hints).await?.open().await;
            }
            Self::Release { access, place } => (access, place),
        };
        let cluster = connect(access).await?;
        let route = forward::find(&cluster, place).await?;
        let host = route.host.as_deref().unwrap_or("127.0.0.1").replace('*', "any");
        let secure = Target::secure(&route.door).filter(|_| route.tls);
        if route.tls && secure.is_none() {
            return Err(RequestError::NoHttpsPort {
                route: format!("release {}", place.name),
                door: route.door.title(),
                url: format!("https://{host}/whoami"),
            });
        }
        let scheme = if route.tls { "https" } else { "http" };
        let target = secure.unwrap_or_else(|| Target::from(&route.door));
        let witness = Witness::Cluster { client: cluster.client.clone(), namespace: place.namespace.clone(), selector: route.selector.clone() };
        let (addresses, tunnel) = if cluster.inside {
            (route.addresses(&cluster.client, &target).await?, None)
        } else {
            let tunnel = forward::tunnel(&cluster.client, target.clone(), 0).await?;
            (vec![tunnel.addr().to_string()], Some(tunnel))
        };
        let logs = Sources {
            client: cluster.client.clone(),
            door: Some(target.clone()),
            namespace: place.namespace.clone(),
            selector: route.selector.clone(),
            service: place.name.clone(),
        };
        let front = Front { pods: target, product: route.door.product.clone(), promise: route.promise };
        let url = format!("{scheme}://{host}/whoami");
        Ok(Way { url, addresses, tunnel, witness: Some(witness), front: Some(front), logs: Some(logs), is_here: false, notes: Vec::new() })
    }
}

/// Whether a URL leads to the demo that runs on this machine.
async fn is_the_demo(url: &str) -> bool {
    let status = async { Client::open().ok()?.find().await.ok()? };
    // Its own URL ends in a slash.
    status.await.is_some_and(|status| url.starts_with(&status.url) || url == status.url.trim_end_matches('/'))
}
