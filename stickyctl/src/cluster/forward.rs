//! `stickyctl forward`: a local port that is forwarded to the front door's pods.
//!
//! To the front door, never to the app's Service: a port-forward to a Service picks one pod and keeps it, so that everything looks
//! sticky, with or without affinity (kubernetes/kubernetes#15180; R34).

use super::connect::Cluster;
use super::doors::{self, Found};
use super::errors::{ApiError, ask};
use super::release::{self, Place, Release};
use super::route;
use super::tunnel::{self, Event, Target, Tunnel};
use crate::exit::{Exit, Explained};
use crate::generate::meta::{Component, selector_text};
use crate::output::Output;
use crate::spec::StickyApp;
use crate::spec::ingress::{FrontDoor, Persistence};
use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, Client};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use sticky_affinity::promise::Promise;
use tokio::time::Instant;

#[cfg(test)]
mod tests;

/// The same trouble is reported again only after this long: a page that retries opens a connection each second.
const AGAIN: Duration = Duration::from_secs(10);

/// Why there is nothing to forward to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Release(#[from] release::Error),
    #[error("release {0} has no {1} any more, so no front door routes to it")]
    NoRoute(Place, &'static str),
    /// No pod serves the class.
    #[error("no front door serves class {class}, so there is nothing to forward to")]
    NoDoor { class: String, is_gateways: bool },
    /// An implementation whose proxies are not pods of this cluster, or that has not created them yet.
    #[error("no pod in this cluster carries the traffic of gateway {gateway} ({door}), so there is nothing to forward to")]
    NoProxies { gateway: Place, door: String },
    /// It has pods, and none takes connections.
    #[error("no pod of {door} in namespace {namespace} is ready")]
    NotReady { door: String, namespace: String },
    #[error(transparent)]
    Doors(#[from] doors::serving::Error),
    #[error(transparent)]
    Tunnel(#[from] tunnel::Error),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Release(error) => error.exit(),
            Self::NoRoute(..) => Exit::Failed,
            Self::NoDoor { .. } | Self::NoProxies { .. } | Self::NotReady { .. } => Exit::Prerequisite,
            Self::Doors(error) => error.exit(),
            Self::Tunnel(error) => error.exit(),
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Release(error) => error.next_steps(),
            Self::NoRoute(..) => vec!["stickyctl up    creates it again".to_owned()],
            Self::NoProxies { gateway, .. } => vec![
                format!("kubectl get gateway {} -n {}   shows its address, for stickyctl verify URL", gateway.name, gateway.namespace),
                "stickyctl status   shows whether the Gateway was accepted".to_owned(),
            ],
            Self::NoDoor { is_gateways: true, .. } => {
                vec!["stickyctl up --install-front-door --front-door gateway   installs Envoy Gateway".to_owned()]
            }
            Self::NoDoor { .. } => vec![
                "stickyctl up --install-front-door                        installs ingress-nginx".to_owned(),
                "stickyctl up --install-front-door --front-door traefik   installs Traefik".to_owned(),
            ],
            Self::NotReady { namespace, .. } => vec![format!("kubectl get pods -n {namespace}")],
            Self::Doors(error) => error.next_steps(),
            Self::Tunnel(error) => error.next_steps(),
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// A tunnel to a release through its front door.
pub(crate) struct Opened {
    pub(crate) tunnel: Tunnel,
    /// The host in the route; `None` routes any host.
    pub(crate) host: Option<String>,
    /// Whether the route has a certificate.
    pub(crate) tls: bool,
    door: Found,
}

/// A release's route and the front door that serves it.
pub(crate) struct Route {
    /// The host in the route; `None` routes any host.
    pub(crate) host: Option<String>,
    /// Whether the route has a certificate.
    pub(crate) tls: bool,
    /// Selects the app's pods.
    pub(crate) selector: String,
    /// What the front door promises about sessions, with the affinity that the release has.
    pub(crate) promise: Promise,
    pub(crate) door: Found,
}

impl Route {
    /// The namespace of the front door's pods.
    pub(crate) fn door_namespace(&self) -> &str {
        &self.door.namespace
    }

    /// `HOST:PORT` of the front door's pods that are ready, for a process inside the cluster; `target` is these pods at one of their ports.
    pub(crate) async fn addresses(&self, client: &Client, target: &Target) -> Result<Vec<String>, Error> {
        let found = target.addresses(client).await?;
        if found.is_empty() { Err(Error::NotReady { door: self.door.title(), namespace: self.door.namespace.clone() }) } else { Ok(found) }
    }
}

/// Opens a tunnel to pods of a front door. Port 0 picks a free one.
///
/// # Errors
/// [`Error::Tunnel`].
pub(crate) async fn tunnel(client: &Client, target: Target, port: u16) -> Result<Tunnel, Error> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok(Tunnel::open(client.clone(), target, listen).await?)
}

impl Opened {
    /// The URL that a browser on this machine can open.
    pub(crate) fn url(&self) -> String {
        url(self.host.as_deref(), self.tunnel.addr())
    }

    /// Notes for the user, one line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        notes(&self.door, self.host.as_deref(), self.tls, self.tunnel.addr())
    }
}

/// Finds a release's route and front door, and opens a tunnel there. Port 0 picks a free one.
///
/// # Errors
/// [`Error`].
pub(crate) async fn open(cluster: &Cluster, place: &Place, port: u16) -> Result<Opened, Error> {
    let route = find(cluster, place).await?;
    let tunnel = tunnel(&cluster.client, Target::from(&route.door), port).await?;
    let Route { host, tls, door, .. } = route;
    Ok(Opened { tunnel, host, tls, door })
}

/// Finds a release's route and front door.
///
/// # Errors
/// [`Error`].
pub(crate) async fn find(cluster: &Cluster, place: &Place) -> Result<Route, Error> {
    let client = &cluster.client;
    let mut spec = Release::get(client, place).await?.spec()?;
    let is_gateways = spec.ingress.front_door == FrontDoor::Gateway;
    let way =
        if is_gateways { Way::through_gateway(client, &mut spec, place).await? } else { Way::through_ingress(client, &mut spec, place).await? };
    let doors = doors::find(client, &spec).await?;
    let door = doors.serving(&spec)?.cloned().ok_or_else(|| Error::NoDoor { class: spec.class().to_owned(), is_gateways })?;
    if is_gateways && door.pods.is_empty() {
        return Err(Error::NoProxies { gateway: doors::gateway::place(&spec), door: door.title() });
    }
    Ok(Route { host: way.host, tls: way.tls, selector: selector_text(&spec, Component::App), promise: promise(&spec), door })
}

/// Traefik has no ring.
fn promise(spec: &StickyApp) -> Promise {
    match (spec.ingress.front_door, spec.ingress.cookie.persistence) {
        (FrontDoor::Traefik, _) | (_, Persistence::Persistent) => Promise::Persistent,
        (FrontDoor::Nginx | FrontDoor::Gateway, Persistence::Balanced) => Promise::Ring,
    }
}

/// The route in the live Ingress or HTTPRoute, which may have changed since it was applied.
struct Way {
    host: Option<String>,
    tls: bool,
}

impl Way {
    /// Also takes over the class of the Ingress.
    async fn through_ingress(client: &Client, spec: &mut StickyApp, place: &Place) -> Result<Self, Error> {
        let ingresses: Api<Ingress> = Api::namespaced(client.clone(), &spec.namespace);
        let doing = format!("reading ingress {} in namespace {}", spec.name, spec.namespace);
        let found = ask(&doing, ingresses.get_opt(&spec.name)).await?.ok_or_else(|| Error::NoRoute(place.clone(), "Ingress"))?;
        let live = found.spec.unwrap_or_default();
        if let Some(class) = live.ingress_class_name {
            spec.ingress.class = class;
        }
        Ok(Self {
            host: live.rules.unwrap_or_default().into_iter().find_map(|rule| rule.host).filter(|host| !host.is_empty()),
            tls: live.tls.is_some_and(|tls| !tls.is_empty()),
        })
    }

    /// Also takes over the Gateway of the HTTPRoute. It has TLS if no listener that it may attach to takes plain HTTP.
    async fn through_gateway(client: &Client, spec: &mut StickyApp, place: &Place) -> Result<Self, Error> {
        let live = route::read(client, spec).await?;
        let parent = live.parent().ok_or_else(|| Error::NoRoute(place.clone(), "HTTPRoute"))?;
        if live.at != doors::gateway::place(spec) {
            (spec.gateway.name, spec.gateway.namespace) = (Some(live.at.name.clone()), Some(live.at.namespace.clone()));
        }
        spec.gateway.section.clone_from(&parent.section_name);
        Ok(Self { host: live.host(), tls: live.is_tls_only() })
    }
}

/// Every system resolves such a name to itself (RFC 6761, 6.3), so that it works in a browser as it is.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

fn url(host: Option<&str>, addr: SocketAddr) -> String {
    match host {
        Some(host) if is_local(host) => format!("http://{}:{}/", host.replace('*', "any"), addr.port()),
        _ => format!("http://{addr}/"),
    }
}

fn notes(door: &Found, host: Option<&str>, tls: bool, addr: SocketAddr) -> Vec<String> {
    let mut notes = vec![format!(
        "This is {} in namespace {}, which keeps each session on its pod. A port-forward to the app's Service would send everything to one pod.",
        door.title(),
        door.namespace
    )];
    if let Some(host) = host.filter(|host| !is_local(host)) {
        let (name, port) = (host.replace('*', "any"), addr.port());
        notes.push(format!("The route accepts only the host {host}:"));
        notes.push(format!("  curl -H 'Host: {name}' http://{addr}/"));
        notes.push(format!("  curl --resolve {name}:{port}:{} http://{name}:{port}/", addr.ip()));
        notes.push(format!("For a browser, add `{} {name}` to the hosts file and open http://{name}:{port}/", addr.ip()));
    }
    if tls {
        notes.push("The route has a certificate: a front door that enforces TLS redirects this plain-HTTP port.".to_owned());
    }
    if door.ready() == 0 {
        notes.push("None of its pods is ready yet; a connection waits up to 15 s for one.".to_owned());
    }
    notes
}

/// Reports what happens to a tunnel, forever; `hears` gets every event, and the output repeats none too often.
pub(crate) async fn report(tunnel: &mut Tunnel, output: Output, hears: impl Fn(&str)) -> std::convert::Infallible {
    let mut last: Option<(String, Instant)> = None;
    loop {
        match tunnel.event().await {
            Event::Moved { from, to } => {
                let text = format!("reopened: pod {from} is gone or not ready; new connections go to {to}");
                hears(&text);
                output.note(&text);
            }
            Event::Unreached(why) => {
                hears(&why);
                if last.as_ref().is_none_or(|(told, at)| *told != why || at.elapsed() > AGAIN) {
                    output.note(&format!("a connection was closed without an answer: {why}"));
                    last = Some((why, Instant::now()));
                }
            }
        }
    }
}
