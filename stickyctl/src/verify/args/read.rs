//! From the flags to what is asked: the site, the sample, the files.

use super::VerifyArgs;
use crate::cluster::connect::connect;
use crate::cluster::forward;
use crate::cluster::tunnel::Tunnel;
use crate::exit::{Exit, Failure};
use crate::local::client::Client;
use crate::verify::at_file::AtFile;
use crate::verify::baseline;
use crate::verify::bounds;
use crate::verify::identity::Source;
use crate::verify::plan::Sample;
use crate::verify::probe::Asking;
use crate::verify::report::harmless;
use crate::verify::save::Place;
use crate::verify::scenario::{Chosen, Name};
use crate::verify::target::{Host, Parts, Path, Socket, Target};
use crate::verify::tell::Told;
use crate::verify::tls::Tls;
use crate::verify::watch::Witness;
use http::HeaderMap;
use std::net::UdpSocket;
use std::path::PathBuf;

impl VerifyArgs {
    /// What is told, with the files looked at that are to be written.
    ///
    /// # Errors
    /// A file can't be written, or the baseline is none ([`Exit::Usage`]).
    pub(in crate::verify) fn told(&self) -> Result<Told, Failure> {
        let place = |path: &Option<PathBuf>| path.as_deref().map(Place::new).transpose();
        let baseline = self.told.baseline.as_deref();
        let told = Told {
            output: self.told.output,
            page: place(&self.told.report)?,
            junit: place(&self.told.junit_file)?,
            baseline: baseline.map(|path| Ok::<_, Failure>((harmless(&path.display().to_string()), baseline::read(path)?))).transpose()?,
        };
        if told.page.is_some() && told.page == told.junit {
            return Err(Failure::new(Exit::Usage, "--report and --junit-file name the same file"));
        }
        Ok(told)
    }

    /// Where the site is: what was said, the local one, or a release on a cluster.
    pub(in crate::verify) async fn site(&self) -> Result<Site, Failure> {
        let plain = |url: String, witness| Site { url, address: None, tunnel: None, witness };
        if let Some(url) = &self.url {
            let Some(selector) = self.pods.clone() else { return Ok(plain(url.clone(), None)) };
            let client = connect(&self.release.cluster.access()).await?.client;
            return Ok(plain(url.clone(), Some(Witness::Cluster { client, namespace: self.release.namespace.clone(), selector })));
        }
        if self.local.local {
            let client = Client::open()?;
            let url = format!("{}/whoami", client.status().await?.url.trim_end_matches('/'));
            return Ok(plain(url, Some(Witness::Local(client))));
        }
        let cluster = connect(&self.release.cluster.access()).await?;
        let way = forward::open(&cluster, &self.release.place(), 0).await?;
        let host = way.host.as_deref().unwrap_or("127.0.0.1").replace('*', "any");
        if way.tls {
            return Err(Failure::new(Exit::Usage, format!("the route of {} has a certificate, and the tunnel's end is plain", self.release.name))
                .try_this(format!("stickyctl verify https://{host}/whoami")));
        }
        let witness = Witness::Cluster { client: way.client, namespace: self.release.namespace.clone(), selector: way.selector };
        let address = Some(way.tunnel.addr().to_string());
        Ok(Site { url: format!("http://{host}/whoami"), address, tunnel: Some(way.tunnel), witness: Some(witness) })
    }

    /// How the site is asked; `address` is where its tunnel begins.
    pub(in crate::verify) fn asking(&self, parts: &Parts, address: Option<&str>) -> Result<Asking, Failure> {
        let target = self.target(parts, address)?;
        let socket = self.socket(parts, &target, address)?;
        let sample = self.sample();
        if sample.probes() > MOST_PROBES {
            return Err(Failure::new(Exit::Usage, format!("{} requests are more than a run can keep in mind", sample.probes()))
                .try_this(format!("--sessions and --requests whose product is below {MOST_PROBES}")));
        }
        if self.idle.is_some() && socket.is_none() {
            return Err(Failure::new(Exit::Usage, "--idle needs the site's WebSocket").try_this("--ws-url /PATH"));
        }
        Ok(Asking {
            // A release that runs here or on a cluster has its routes; at a URL it is sticky-app's way of telling pods that says so.
            app: self.pod_identity.is_none() && self.asked.ws_url.is_none(),
            pod: self.pod_identity.clone().unwrap_or_else(Source::pod),
            worker: self.worker_identity.clone().unwrap_or_else(Source::worker),
            chosen: Chosen::new(&self.wanted(), &self.skip)?,
            idle: self.idle.filter(|_| !self.skip.contains(&Name::Idle)),
            reuse: self.reuse && !self.skip.contains(&Name::Reuse),
            seed: u64::from(self.amount.seed.unwrap_or_else(|| fastrand::u32(1..10_000))),
            rate: self.amount.rate,
            over: self.amount.duration.unwrap_or_default(),
            show_values: self.told.show_values,
            target,
            socket,
            sample,
        })
    }

    /// What `--only` names, with what is asked for by a flag of its own; nothing where it is not used.
    fn wanted(&self) -> Vec<Name> {
        let flags = [(self.idle.is_some(), Name::Idle), (self.reuse, Name::Reuse)].into_iter().filter(|(set, _)| *set && !self.only.is_empty());
        self.only.iter().copied().chain(flags.map(|(_, name)| name)).collect()
    }

    /// The rate of moves that is put up with, 0 to 1.
    pub(in crate::verify) const fn tolerated(&self) -> f64 {
        self.amount.max_move_rate.0
    }

    /// Whether a larger load than usual was agreed to.
    pub(in crate::verify) const fn agreed(&self) -> bool {
        self.amount.yes
    }

    fn sample(&self) -> Sample {
        let amount = &self.amount;
        let sample = Sample { sessions: amount.sessions, later: amount.requests, controls: amount.sessions * 2 };
        if amount.max_move_rate.0 > 0.0 { sample.for_requests(bounds::needed(amount.max_move_rate.0)) } else { sample }
    }

    /// The socket that is opened: the one that was said, sticky-app's own, or none at a stranger's site.
    fn socket(&self, page: &Parts, target: &Target, address: Option<&str>) -> Result<Option<Socket>, Failure> {
        let asked = &self.asked;
        let origin = asked.origin.clone().or_else(|| format!("{}://{}", target.scheme(), target.authority).parse().ok());
        let (target, path) = match asked.ws_url.as_deref() {
            None if self.pod_identity.is_some() => return Ok(None),
            None => (target.clone(), None),
            Some(path) if path.starts_with('/') => {
                let path: Path = path.parse().map_err(|why| Failure::new(Exit::Usage, format!("--ws-url: {why}")))?;
                (target.clone(), Some(path.0))
            }
            Some(url) => {
                let parts = Parts::read(url)?;
                // The other name is the page's host's, and of no host beside it.
                let host = asked.host.as_ref().filter(|_| parts.host == page.host);
                (self.elsewhere(target, &parts, host, address)?, Some(parts.path))
            }
        };
        let (subprotocol, send) = (asked.ws_subprotocol.clone(), asked.ws_send.clone());
        let names_in_texts = self.pod_identity.as_ref().is_some_and(Source::is_in_body);
        Ok(Some(Socket { target, path, origin, subprotocol, send, names_in_texts }))
    }

    fn target(&self, parts: &Parts, address: Option<&str>) -> Result<Target, Failure> {
        let asked = &self.asked;
        for source in &asked.source_ip {
            // Nothing is sent by that; an address that is another machine's can't be bound.
            UdpSocket::bind((*source, 0)).map_err(|e| {
                Failure::new(Exit::Usage, format!("--source-ip {source}: {e}")).try_this("an address of this machine, as `ip address` lists them")
            })?;
        }
        let mut headers = HeaderMap::new();
        for file in &asked.header {
            headers.extend(file.headers()?);
        }
        let (host, addresses) = self.way(parts, asked.host.as_ref(), address);
        Ok(Target {
            authority: parts.authority(&host),
            tls: if parts.tls { Some(self.tls(&host, None)?) } else { None },
            host: host.name,
            addresses,
            sources: asked.source_ip.clone(),
            http2: asked.http2,
            first: asked.first.as_ref().map_or(&parts.path, |path| &path.0).clone(),
            first_body: asked.first_body.as_ref().map(AtFile::body).transpose()?,
            cookies: asked.cookie.iter().map(|file| file.cookies(parts.tls)).collect::<Result<Vec<_>, _>>()?.concat(),
            paths: std::iter::once(&parts.path).chain(asked.path.iter().map(|path| &path.0)).cloned().collect(),
            headers,
            timeout: self.amount.timeout,
            whole_bodies: [&self.pod_identity, &self.worker_identity].into_iter().flatten().any(Source::is_in_body),
        })
    }

    /// The same by another URL, whose host may have another name. What was read from files stays: a pipe has it only once.
    fn elsewhere(&self, target: &Target, parts: &Parts, host: Option<&Host>, address: Option<&str>) -> Result<Target, Failure> {
        let (host, addresses) = self.way(parts, host, address);
        let tls = if parts.tls { Some(self.tls(&host, target.tls.as_ref())?) } else { None };
        Ok(Target { authority: parts.authority(&host), tls, host: host.name, addresses, ..target.clone() })
    }

    /// The name that a URL's site is asked by, and where connections go.
    fn way(&self, parts: &Parts, host: Option<&Host>, address: Option<&str>) -> (Host, Vec<String>) {
        let own = Host { name: parts.host.clone(), port: Some(parts.port) };
        let addresses = match self.asked.connect.as_slice() {
            [] => vec![address.map_or_else(|| parts.address(&own), str::to_owned)],
            all => all.iter().map(|host| parts.address(host)).collect(),
        };
        (host.cloned().unwrap_or(own), addresses)
    }

    /// How certificates are checked, of a host whose name one can hold; as it is known already, where it is.
    fn tls(&self, host: &Host, known: Option<&Tls>) -> Result<Tls, Failure> {
        Tls::name(&host.name).map_err(|why| Failure::new(Exit::Usage, why).try_this("--host NAME    as the site's certificate has it"))?;
        known.cloned().map_or_else(|| Tls::new(self.asked.ca.as_deref(), self.asked.insecure), Ok)
    }
}

/// The most requests of a run: each is kept in mind, a few hundred bytes.
const MOST_PROBES: u64 = 500_000;

/// Where a site is.
pub(in crate::verify) struct Site {
    /// Its URL.
    pub url: String,
    /// Where to connect, if not there.
    pub address: Option<String>,
    /// What leads there; it ends with this value.
    pub tunnel: Option<Tunnel>,
    /// Who says how its pods are.
    pub witness: Option<Witness>,
}
