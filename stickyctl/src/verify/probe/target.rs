//! Where requests go: the host that they name, and the addresses that connections go to.

use super::answer::MOST_BODY;
use super::session::shape::{Line, Shape};
use super::session::template::{self, Template};
use super::session::values::Values;
use super::tls::Tls;
use super::way::Way;
use http::HeaderValue;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use sticky_affinity::cookie::Offer;
use sticky_affinity::jar::Place;

#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The virtual host, in lower case and without a port: the host for cookies and for the certificate.
    pub(crate) host: String,
    /// The `Host` header: with a port if it is not the scheme's default.
    pub(crate) authority: String,
    /// `HOST:PORT` to connect to, at least one; with several, each session alternates between all of them.
    pub(crate) addresses: Vec<String>,
    /// Local addresses that sessions connect from, in turn; empty lets the system choose.
    pub(crate) sources: Vec<IpAddr>,
    /// Whether requests use HTTP/2; sockets never do.
    pub(crate) http2: bool,
    /// Each session's first request.
    pub(crate) first: Shape,
    /// Cookies that each session starts with.
    pub(crate) cookies: Vec<Brought>,
    /// Later requests, in turn, each with its own path.
    pub(crate) later: Vec<Shape>,
    /// How certificates are verified; none for plain http.
    pub(crate) tls: Option<Tls>,
    /// Additional headers of every request.
    pub(crate) headers: Vec<Line>,
    /// The time limit of a probe.
    pub(crate) timeout: Duration,
    /// Whether bodies are read to their end because they may identify a pod.
    pub(crate) whole_bodies: bool,
}

impl Target {
    /// All paths as they were written, the one of first requests first.
    pub(crate) fn all_paths(&self) -> Vec<String> {
        let first = Some(&self.first).filter(|first| self.later.first().is_none_or(|later| later.path != first.path));
        first.into_iter().chain(&self.later).map(|shape| shape.path.to_string()).collect()
    }

    /// The texts of later requests with places for values.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.later.iter().flat_map(Shape::templates).chain(self.headers.iter().map(|line| &line.value))
    }

    /// Whether a later request can be sent only once an answer had the value of a capture.
    pub(super) fn needs_captures(&self, shape: &Shape) -> bool {
        shape.needs_captures() || self.headers.iter().any(|line| line.value.needs_captures())
    }

    /// A path of this site, as far as cookies care.
    pub(super) fn place<'a>(&'a self, path: &'a str) -> Place<'a> {
        Place { host: &self.host, path: path_of(path), tls: self.tls.is_some() }
    }

    pub(super) fn address(&self, way: Way) -> &str {
        &self.addresses[way.to % self.addresses.len()]
    }

    pub(crate) const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The first host of its addresses that has no IP address, and why, by a DNS lookup.
    pub(crate) async fn unresolved(&self) -> Option<(&str, String)> {
        for address in &self.addresses {
            let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
            let found = tokio::time::timeout(self.timeout, tokio::net::lookup_host(address)).await;
            let why = match found.map(|found| found.map(|mut all| all.next().is_some())) {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => "the name has no IP address".to_owned(),
                Ok(Err(why)) => why.to_string(),
                Err(_) => format!("no answer to the DNS lookup within {:?}", self.timeout),
            };
            return Some((host, why));
        }
        None
    }

    /// The addresses that may be on another machine, by a DNS lookup; an address that does not resolve is one of them.
    pub(crate) async fn foreign(&self) -> Vec<&str> {
        let mut foreign = Vec::new();
        for address in &self.addresses {
            let found: Vec<SocketAddr> = tokio::net::lookup_host(address).await.into_iter().flatten().collect();
            if found.is_empty() || !found.iter().all(|address| address.ip().to_canonical().is_loopback()) {
                foreign.push(address.as_str());
            }
        }
        foreign
    }
}

/// A cookie that each session starts with.
#[derive(Debug, Clone)]
pub(crate) struct Brought {
    pub(crate) offer: Offer,
    /// Its value, if that has a place for `{session}`.
    pub(crate) value: Option<Template>,
}

impl Brought {
    pub(super) fn offer(&self, values: &Values) -> Offer {
        let mut offer = self.offer.clone();
        if let Some(value) = self.value.as_ref().and_then(|value| value.filled(values, template::Place::Plain)) {
            offer.value = value.into_owned().into();
        }
        offer
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Socket {
    pub(crate) target: Target,
    /// Its path; none for sticky-app's, with a client id for each session.
    pub(crate) path: Option<Template>,
    pub(crate) origin: Option<HeaderValue>,
    /// The `Sec-WebSocket-Protocol` header.
    pub(crate) subprotocol: Option<Template>,
    /// A message to send first, if its reply identifies the pod.
    pub(crate) send: Option<Template>,
    /// Whether a text message may identify the pod, so that it is worth waiting for one.
    pub(crate) names_in_texts: bool,
    /// The largest message that it takes, in bytes; see [`largest_message`].
    pub(crate) largest: usize,
}

impl Socket {
    /// The texts of a handshake with places for values.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.path.iter().chain(&self.subprotocol).chain(&self.send).chain(self.target.headers.iter().map(|line| &line.value))
    }

    /// Whether it can be opened only once an answer had the value of a capture.
    pub(super) fn needs_captures(&self) -> bool {
        self.templates().any(Template::needs_captures)
    }
}

/// The largest message of a socket, in bytes, if so many sessions hold one: a site may leave a message unfinished on all of them.
pub(crate) fn largest_message(sessions: u32) -> usize {
    (UNFINISHED / (sessions as usize + 1)).min(MOST_BODY)
}

/// What unfinished messages of all sockets may take together, in bytes.
const UNFINISHED: usize = 64 << 20;

/// A path without its query.
fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

#[cfg(test)]
impl Target {
    /// A site for tests: plain HTTP at an address, with one path whose body may identify a pod.
    pub(super) fn plain(address: String, timeout: Duration) -> Self {
        let host = "shop.example".to_owned();
        Self {
            authority: host.clone(),
            host,
            addresses: vec![address],
            sources: Vec::new(),
            http2: false,
            first: Shape::get(Template::literal("/")),
            cookies: Vec::new(),
            later: vec![Shape::get(Template::literal("/"))],
            tls: None,
            headers: Vec::new(),
            timeout,
            whole_bodies: true,
        }
    }
}
