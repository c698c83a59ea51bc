//! `stickyctl forward`: a port of this machine that leads to the front door's pods.
//!
//! To the front door, never to the app's Service: a port-forward to a Service takes one pod and keeps it, so that everything
//! looks sticky, affinity or not (kubernetes/kubernetes#15180; R34).

use super::connect::connect;
use super::doors::{Found, find};
use super::errors::ask;
use super::release::{Release, ReleaseArgs, none};
use super::tunnel::{Event, Target, Tunnel};
use crate::exit::{Exit, Failure};
use crate::generate::meta::{Component, selector_text};
use crate::output::Output;
use crate::spec::StickyApp;
use clap::Args;
use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, Client};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// The same trouble is told again after this long only: a page that retries makes a connection each second.
const AGAIN: Duration = Duration::from_secs(10);

/// Flags of `forward`.
#[derive(Debug, Clone, Args)]
pub struct ForwardArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would take the text for that of every flag in it")]
    pub release: ReleaseArgs,
    /// The port on this machine; 0 takes a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub port: u16,
}

/// Opens the tunnel, prints its URL and keeps it until Ctrl-C.
///
/// # Errors
/// [`Exit::Prerequisite`]: no front door serves the release; [`Exit::Failed`]: there is no release, or the port is taken.
pub async fn run(args: ForwardArgs, output: Output) -> Result<Exit, Failure> {
    let mut way = open(&args.release, args.port).await?;
    let addr = way.tunnel.addr();
    let opened = async {
        output.answer(&url(way.host.as_deref(), addr));
        for line in notes(&way.door, way.host.as_deref(), way.tls, addr) {
            output.note(&line);
        }
        output.hint("Ctrl-C ends it.");
        tell(&mut way.tunnel, output, |_| {}).await
    };
    tokio::select! {
        // In this order: who reads the URL and ends the command at once is heard.
        biased;
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
        never = opened => match never {},
    }
}

/// A way into a release, through its front door.
pub struct Opened {
    /// The tunnel.
    pub tunnel: Tunnel,
    /// The host that the route answers to; any, where there is none.
    pub host: Option<String>,
    /// Whether the route has a certificate.
    pub tls: bool,
    /// The client of its cluster.
    pub client: Client,
    /// What selects the app's pods.
    pub selector: String,
    door: Found,
}

/// Finds a release's route and front door, and opens a tunnel there; port 0 takes a free one.
///
/// # Errors
/// As [`run`].
pub async fn open(release: &ReleaseArgs, port: u16) -> Result<Opened, Failure> {
    let cluster = connect(&release.cluster).await?;
    let (name, namespace) = (&release.name, &release.namespace);
    let release = Release::find(&cluster.client, name, namespace).await?.ok_or_else(|| none(name, namespace))?;
    let mut spec = release.spec()?;
    let way = Way::of(&cluster.client, &spec).await?;
    spec.ingress.class = way.class;
    let doors = find(&cluster.client, &spec).await?;
    let door = doors.serving(&spec)?.ok_or_else(|| no_door(&spec))?.clone();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let tunnel = Tunnel::open(cluster.client.clone(), Target::from(&door), listen).await?;
    Ok(Opened { tunnel, host: way.host, tls: way.tls, client: cluster.client, selector: selector_text(&spec, Component::App), door })
}

/// What the Ingress says now.
struct Way {
    class: String,
    host: Option<String>,
    tls: bool,
}

impl Way {
    async fn of(client: &Client, spec: &StickyApp) -> Result<Self, Failure> {
        let ingresses: Api<Ingress> = Api::namespaced(client.clone(), &spec.namespace);
        let doing = format!("reading ingress {} in namespace {}", spec.name, spec.namespace);
        let found = ask(&doing, ingresses.get_opt(&spec.name)).await?.ok_or_else(|| {
            Failure::new(Exit::Failed, format!("the release {} has no Ingress any more, so no front door routes to it", spec.name))
                .try_this("stickyctl up    writes it again")
        })?;
        let live = found.spec.unwrap_or_default();
        Ok(Self {
            class: live.ingress_class_name.unwrap_or_else(|| spec.ingress.class.clone()),
            host: live.rules.unwrap_or_default().into_iter().find_map(|rule| rule.host).filter(|host| !host.is_empty()),
            tls: live.tls.is_some_and(|tls| !tls.is_empty()),
        })
    }
}

fn no_door(spec: &StickyApp) -> Failure {
    Failure::new(Exit::Prerequisite, format!("no front door serves class {}: there is nothing to forward to", spec.ingress.class))
        .try_this("stickyctl up --install-front-door                        installs ingress-nginx")
        .try_this("stickyctl up --install-front-door --front-door traefik   installs Traefik")
}

/// A name that every system takes for itself (RFC 6761, 6.3) works in a browser as it is.
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
        "This is {} in namespace {}, which keeps sessions on their pods. A port-forward to the app's Service would take one pod for everything.",
        door.title(),
        door.namespace
    )];
    if let Some(host) = host.filter(|host| !is_local(host)) {
        let (name, port) = (host.replace('*', "any"), addr.port());
        notes.push(format!("The route answers to the host {host} only:"));
        notes.push(format!("  curl -H 'Host: {name}' http://{addr}/"));
        notes.push(format!("  curl --resolve {name}:{port}:{} http://{name}:{port}/", addr.ip()));
        notes.push(format!("A browser needs the name: put `{} {name}` into the hosts file and open http://{name}:{port}/", addr.ip()));
    }
    if tls {
        notes.push("The route has a certificate: a front door that asks for TLS answers this plain port with a redirect.".to_owned());
    }
    if door.ready() == 0 {
        notes.push("None of its pods is ready yet; a connection waits a while for one.".to_owned());
    }
    notes
}

/// Says what happens to a tunnel, for as long as it is there; `hears` is told each time.
pub async fn tell(tunnel: &mut Tunnel, output: Output, hears: impl Fn(&str)) -> std::convert::Infallible {
    let mut last: Option<(String, Instant)> = None;
    loop {
        match tunnel.event().await {
            Event::Moved { from, to } => {
                let text = format!("reopened: pod {from} is gone or not ready, new connections go to {to}");
                hears(&text);
                output.note(&text);
            }
            Event::Unreached(why) => {
                hears(&why);
                if last.as_ref().is_none_or(|(told, at)| *told != why || at.elapsed() > AGAIN) {
                    output.note(&format!("a connection was closed unserved: {why}"));
                    last = Some((why, Instant::now()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::doors::{Proxy, Watch};
    use crate::spec::ingress::FrontDoor;

    fn at() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))
    }

    #[test]
    fn the_url_that_a_browser_can_open() {
        assert_eq!(url(None, at()), "http://127.0.0.1:8080/");
        assert_eq!(url(Some("demo.localhost"), at()), "http://demo.localhost:8080/");
        assert_eq!(url(Some("demo.example"), at()), "http://127.0.0.1:8080/", "with a note: this machine does not know the name");
        assert_eq!(url(Some("notlocalhost"), at()), "http://127.0.0.1:8080/");
    }

    #[test]
    fn a_host_is_explained() {
        let door = Found {
            proxy: Proxy::Door(FrontDoor::Traefik),
            version: Some("3.6.12".to_owned()),
            namespace: "traefik".to_owned(),
            workload: "deployment/traefik".to_owned(),
            classes: Vec::new(),
            watch: Watch::Everything,
            pods: Vec::new(),
            ours: false,
        };
        let said = |host, tls| notes(&door, host, tls, at()).join("\n");
        assert!(said(None, false).contains("Traefik 3.6.12 in namespace traefik") && !said(None, false).contains("Host:"));
        assert!(!said(Some("demo.localhost"), false).contains("Host:"));
        assert!(said(Some("*.demo.example"), false).contains("--resolve any.demo.example:8080:127.0.0.1 http://any.demo.example:8080/"));
        assert!(said(Some("demo.example"), true).contains("redirect"));
        assert!(said(None, false).contains("ready yet"));
    }
}
