//! Prepares a run from a request: the target, its socket, the sample, and the contents of files.

use super::error::{MOST_PROBES, RequestError};
use super::identity::PodIdentity;
use super::model::Request;
use super::site::Site;
use super::url::{Host, Parts, Path};
use crate::verify::probe::Asking;
use crate::verify::probe::session::template::Template;
use crate::verify::probe::target::{Socket, Target, largest_message};
use crate::verify::probe::tls::Tls;
use http::Method;
use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;
use sticky_affinity::bounds;
use sticky_affinity::identity::Source;
use sticky_affinity::jar::Place;
use sticky_affinity::plan::Sample;
use sticky_affinity::scenario::{Chosen, Name};
use sticky_affinity::symptom::Symptom;

impl Request {
    /// What a run at `url` needs; `addresses` are where to connect, if not to the URL's host. Reads files, but sends nothing.
    pub(crate) fn asking(&self, url: &str, addresses: &[String]) -> Result<Asking, RequestError> {
        let parts = Parts::read(url)?;
        let target = self.target(&parts, addresses)?;
        let socket = self.socket(&parts, &target, addresses)?;
        self.check_captures(&target, socket.as_ref())?;
        let sample = self.sample();
        if sample.probes() > MOST_PROBES {
            return Err(RequestError::TooMany(sample.probes()));
        }
        if self.idle.is_some() && socket.is_none() {
            return Err(RequestError::IdleWithoutSocket);
        }
        Ok(Asking {
            // A release, here or on a cluster, has sticky-app's routes. At a URL, its way of identifying pods shows whether it does.
            app: self.is_perhaps_the_app() && self.http.ws_url.is_none(),
            lost_when: self.lost_when.clone(),
            // Depends on the logs that the way to the site brings.
            marking: None,
            pod: self.named_in().cloned().unwrap_or_else(Source::pod),
            worker: self.worker_identity.clone().unwrap_or_else(Source::worker),
            chosen: Chosen::new(&self.wanted(), &self.skip)?,
            idle: self.idle.filter(|_| !self.skip.contains(&Name::Idle)),
            reuse: self.reuse && !self.skip.contains(&Name::Reuse),
            shared: self.shared && !self.skip.contains(&Name::Shared),
            seed: u64::from(self.amount.seed.unwrap_or_else(|| fastrand::u32(1..10_000))),
            rate: self.amount.rate,
            over: self.amount.duration.unwrap_or_default(),
            show_values: self.show_values,
            captures: self.http.captures.clone(),
            follow: self.http.follow,
            target,
            socket,
            sample,
        })
    }

    /// The flags that say where answers identify their pod and their worker.
    fn identities(&self) -> impl Iterator<Item = &Source> {
        self.named_in().into_iter().chain(&self.worker_identity)
    }

    /// Where answers identify their pod, if the user says that they do.
    fn named_in(&self) -> Option<&Source> {
        if let Some(PodIdentity::Answer(source)) = &self.pod_identity { Some(source) } else { None }
    }

    /// Whether each capture has a name of its own and is used, and whether answers have the body that is searched.
    fn check_captures(&self, target: &Target, socket: Option<&Socket>) -> Result<(), RequestError> {
        let captures = &self.http.captures;
        let used: BTreeSet<usize> = target.templates().chain(socket.into_iter().flat_map(Socket::templates)).flat_map(Template::captures).collect();
        for (index, capture) in captures.iter().enumerate() {
            if captures[..index].iter().any(|other| other.name == capture.name) {
                return Err(RequestError::CapturedTwice(capture.name.clone()));
            }
            if !used.contains(&index) {
                return Err(RequestError::CapturedInVain(capture.name.clone()));
            }
        }
        match self.identities().find(|source| source.is_in_body()) {
            Some(source) if target.later.iter().any(|shape| shape.method == Method::HEAD) => Err(RequestError::NoBody(source.to_string())),
            _ => Ok(()),
        }
    }

    /// Whether what identifies a pod of this app is its name.
    pub(crate) fn identifies_pods(&self) -> bool {
        let name = |source: &Source| [Source::pod().to_string(), "json:/pod".to_owned()].contains(&source.to_string());
        self.named_in().is_none_or(name)
    }

    /// The scenarios in `--only`, with those that have a flag of their own; empty without `--only`.
    fn wanted(&self) -> Vec<Name> {
        let flags = [(self.idle.is_some(), Name::Idle), (self.reuse, Name::Reuse), (self.shared, Name::Shared)];
        let flags = flags.into_iter().filter(|(set, _)| *set && !self.only.is_empty());
        self.only.iter().copied().chain(flags.map(|(_, name)| name)).collect()
    }

    /// The requests of the sample, and about how long they take at least. Reads no file.
    pub(crate) fn estimate(&self) -> (u64, Duration) {
        let probes = self.sample().probes();
        // Sockets, replays and redirects come on top.
        let at_rate = Duration::from_secs_f64(probes as f64 * 2.0 / self.amount.rate);
        (probes, at_rate.max(self.amount.duration.unwrap_or_default()) + self.idle.unwrap_or_default())
    }

    fn sample(&self) -> Sample {
        let amount = &self.amount;
        let sample = Sample { sessions: amount.sessions, later: amount.requests, controls: amount.sessions * 2 };
        if amount.max_move_rate > 0.0 { sample.for_requests(bounds::needed(amount.max_move_rate)) } else { sample }
    }

    /// Whether nothing says that the site is not sticky-app, which names its pods in its own way.
    fn is_perhaps_the_app(&self) -> bool {
        !matches!(self.site, Site::Workload { .. }) && self.pod_identity.is_none() && self.lost_when.is_empty()
    }

    /// The socket to open: the requested one, sticky-app's own, or none at any other site.
    fn socket(&self, page: &Parts, target: &Target, addresses: &[String]) -> Result<Option<Socket>, RequestError> {
        let http = &self.http;
        let origin = http.origin.clone().or_else(|| format!("{}://{}", target.scheme(), target.authority).parse().ok());
        let (target, path) = match http.ws_url.as_deref() {
            None if !self.is_perhaps_the_app() => return Ok(None),
            None => (target.clone(), None),
            Some(path) if path.starts_with('/') => {
                let path: Path = path.parse().map_err(RequestError::SocketPath)?;
                (target.clone(), Some(self.template("--ws-url", &path.0)?))
            }
            Some(url) => {
                let parts = Parts::read(url)?;
                // --host is another name for the page's host, and for no other host.
                let host = http.host.as_ref().filter(|_| parts.host == page.host);
                (self.elsewhere(target, &parts, host, addresses)?, Some(self.template("--ws-url", &parts.path)?))
            }
        };
        let subprotocol =
            http.ws_subprotocol.as_ref().map(|name| self.template("--ws-subprotocol", name.to_str().unwrap_or_default())).transpose()?;
        let send = http.ws_send.as_ref().map(|text| self.template("--ws-send", text)).transpose()?;
        let names_in_texts = self.named_in().is_some_and(Source::is_in_body);
        let largest = largest_message(self.sample().sessions);
        Ok(Some(Socket { target, path, origin, subprotocol, send, names_in_texts, largest }))
    }

    fn target(&self, parts: &Parts, addresses: &[String]) -> Result<Target, RequestError> {
        let http = &self.http;
        for source in &http.source_ips {
            // Sends nothing; an address of another machine cannot be bound.
            UdpSocket::bind((*source, 0)).map_err(|why| RequestError::SourceIp { address: *source, source: why })?;
        }
        let shapes = self.shapes(parts)?;
        let (host, addresses) = self.way(parts, http.host.as_ref(), addresses);
        let cookies = self.cookies(&Place { host: &host.name, path: "/", tls: parts.tls })?;
        Ok(Target {
            authority: parts.authority(&host),
            tls: if parts.tls { Some(self.tls(&host, None)?) } else { None },
            host: host.name,
            addresses,
            sources: http.source_ips.clone(),
            http2: http.http2,
            first: shapes.first,
            cookies,
            later: shapes.later,
            headers: shapes.headers,
            timeout: self.amount.timeout,
            whole_bodies: self.identities().any(Source::is_in_body) || self.lost_when.iter().any(Symptom::is_in_body),
        })
    }

    /// The same target at another URL, whose host may have another name. It keeps what came from files: a pipe can be read only once.
    pub(super) fn elsewhere(&self, target: &Target, parts: &Parts, host: Option<&Host>, addresses: &[String]) -> Result<Target, RequestError> {
        let (host, addresses) = self.way(parts, host, addresses);
        let tls = if parts.tls { Some(self.tls(&host, target.tls.as_ref())?) } else { None };
        Ok(Target { authority: parts.authority(&host), tls, host: host.name, addresses, ..target.clone() })
    }

    /// The site's name, and the addresses to connect to.
    fn way(&self, parts: &Parts, host: Option<&Host>, addresses: &[String]) -> (Host, Vec<String>) {
        let own = Host { name: parts.host.clone(), port: Some(parts.port) };
        let addresses = match self.http.connect.as_slice() {
            [] if addresses.is_empty() => vec![parts.address(&own)],
            [] => addresses.to_vec(),
            all => all.iter().map(|host| parts.address(host)).collect(),
        };
        (host.cloned().unwrap_or(own), addresses)
    }

    /// How certificates are verified, for a host that a certificate can name; `known` is reused.
    fn tls(&self, host: &Host, known: Option<&Tls>) -> Result<Tls, RequestError> {
        Tls::name(&host.name)?;
        Ok(known.cloned().map_or_else(|| Tls::new(self.http.ca.as_deref(), self.http.insecure), Ok)?)
    }
}
