//! Which site is tested, and the way to it.

use super::error::RequestError;
use crate::cluster::connect::{Access, connect};
use crate::cluster::forward;
use crate::cluster::release::Place;
use crate::cluster::tunnel::Tunnel;
use crate::local::client::Client;
use crate::verify::probe::watch::Witness;

/// Which site is tested.
#[derive(Debug)]
pub(crate) enum Site {
    /// Any site, with the pods behind it if a cluster reports their states.
    Url { url: String, pods: Option<Pods> },
    /// The demo on this machine.
    Local,
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

/// The way to a site.
pub(crate) struct Way {
    pub(crate) url: String,
    /// Where to connect, if not to the URL's host.
    pub(crate) address: Option<String>,
    /// The tunnel to the address, which closes when it is dropped.
    pub(crate) tunnel: Option<Tunnel>,
    /// The source of the pods' states.
    pub(crate) witness: Option<Witness>,
}

impl Site {
    /// Whether this app answers there, whose pods are known by the names that the app reports.
    pub(crate) const fn is_the_apps(&self) -> bool {
        matches!(self, Self::Local | Self::Release { .. })
    }

    /// Finds the site, and opens a tunnel if it takes one.
    pub(crate) async fn open(&self) -> Result<Way, RequestError> {
        let direct = |url: String, witness| Way { url, address: None, tunnel: None, witness };
        let (access, place) = match self {
            Self::Url { url, pods: None } => return Ok(direct(url.clone(), None)),
            Self::Url { url, pods: Some(pods) } => {
                let client = connect(&pods.access).await?.client;
                let witness = Witness::Cluster { client, namespace: pods.namespace.clone(), selector: pods.selector.clone() };
                return Ok(direct(url.clone(), Some(witness)));
            }
            Self::Local => {
                let client = Client::open()?;
                let url = format!("{}/whoami", client.status().await?.url.trim_end_matches('/'));
                return Ok(direct(url, Some(Witness::Local(client))));
            }
            Self::Release { access, place } => (access, place),
        };
        let cluster = connect(access).await?;
        let way = forward::open(&cluster, place, 0).await?;
        let host = way.host.as_deref().unwrap_or("127.0.0.1").replace('*', "any");
        if way.tls {
            return Err(RequestError::RouteHasTls { release: place.name.clone(), host });
        }
        let witness = Witness::Cluster { client: way.client, namespace: place.namespace.clone(), selector: way.selector };
        let address = Some(way.tunnel.addr().to_string());
        Ok(Way { url: format!("http://{host}/whoami"), address, tunnel: Some(way.tunnel), witness: Some(witness) })
    }
}
