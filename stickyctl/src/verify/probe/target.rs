//! Where requests go: the host that they name, and the addresses that connections go to.

use super::answer::MOST_BODY;
use super::tls::Tls;
use super::way::Way;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
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
    /// The path of each session's first request.
    pub(crate) first: String,
    /// The body that the first request posts; without one it is a GET.
    pub(crate) first_body: Option<Body>,
    /// Cookies that each session starts with.
    pub(crate) cookies: Vec<Offer>,
    /// The paths of later requests, in turn.
    pub(crate) paths: Vec<String>,
    /// How certificates are verified; none for plain http.
    pub(crate) tls: Option<Tls>,
    /// Additional headers of every request.
    pub(crate) headers: HeaderMap,
    /// The time limit of a probe.
    pub(crate) timeout: Duration,
    /// Whether bodies are read to their end because they may identify a pod.
    pub(crate) whole_bodies: bool,
}

impl Target {
    /// All paths, the one of first requests first.
    pub(crate) fn all_paths(&self) -> Vec<String> {
        let first = (self.paths.first() != Some(&self.first)).then(|| self.first.clone());
        first.into_iter().chain(self.paths.iter().cloned()).collect()
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

/// The body of a POST.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    pub(crate) kind: &'static str,
}

impl Body {
    /// JSON if the bytes are a JSON object or array, otherwise form data.
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let json = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok_and(|value| value.is_object() || value.is_array());
        Self { bytes, kind: if json { "application/json" } else { "application/x-www-form-urlencoded" } }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Socket {
    pub(crate) target: Target,
    /// Its path; none for sticky-app's, with a client id for each session.
    pub(crate) path: Option<String>,
    pub(crate) origin: Option<HeaderValue>,
    /// The `Sec-WebSocket-Protocol` header.
    pub(crate) subprotocol: Option<HeaderValue>,
    /// A message to send first, if its reply identifies the pod.
    pub(crate) send: Option<String>,
    /// Whether a text message may identify the pod, so that it is worth waiting for one.
    pub(crate) names_in_texts: bool,
    /// The largest message that it takes, in bytes; see [`largest_message`].
    pub(crate) largest: usize,
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
            first: "/".to_owned(),
            first_body: None,
            cookies: Vec::new(),
            paths: vec!["/".to_owned()],
            tls: None,
            headers: HeaderMap::new(),
            timeout,
            whole_bodies: true,
        }
    }
}
