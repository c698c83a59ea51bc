//! Where a run's requests go: the URL's host by name, and the connection wherever it was told to lead.

use super::ask::Way;
use super::cookie::Offer;
use super::tls::Tls;
use crate::exit::{Exit, Failure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use std::net::IpAddr;
use std::time::Duration;

/// A site.
#[derive(Debug, Clone)]
pub struct Target {
    /// The virtual host, in lower case and without a port: the cookies' host, and the certificate's.
    pub host: String,
    /// As `Host` has it: with the port where it is not the scheme's own.
    pub authority: String,
    /// `HOST:PORT` to connect to, at least one; of several each session asks all in turn.
    pub addresses: Vec<String>,
    /// Addresses of this machine that sessions come from, in turn; none: as the system chooses.
    pub sources: Vec<IpAddr>,
    /// Whether requests go over HTTP/2; sockets never do.
    pub http2: bool,
    /// The path of each session's first request.
    pub first: String,
    /// What that request posts; none: it is a GET.
    pub first_body: Option<Body>,
    /// Cookies that each session begins with.
    pub cookies: Vec<Offer>,
    /// The paths that each session asks then, one after another.
    pub paths: Vec<String>,
    /// How TLS is checked; none over plain http.
    pub tls: Option<Tls>,
    /// Headers of each request.
    pub headers: HeaderMap,
    /// The most that one probe may take.
    pub timeout: Duration,
}

impl Target {
    /// All paths that are asked, the one of first requests first.
    #[must_use]
    pub fn all_paths(&self) -> Vec<String> {
        let first = (self.paths.first() != Some(&self.first)).then(|| self.first.clone());
        first.into_iter().chain(self.paths.iter().cloned()).collect()
    }

    /// Where a connection goes.
    #[must_use]
    pub fn address(&self, way: Way) -> &str {
        &self.addresses[way.to % self.addresses.len()]
    }

    /// `http` or `https`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

/// A body that is posted.
#[derive(Debug, Clone)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    /// The media type.
    pub kind: &'static str,
}

impl Body {
    /// A JSON object or array says so itself; anything else is taken for a form.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let json = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok_and(|value| value.is_object() || value.is_array());
        Self { bytes, kind: if json { "application/json" } else { "application/x-www-form-urlencoded" } }
    }
}

/// A site's WebSocket.
#[derive(Debug, Clone)]
pub struct Socket {
    /// Where it is.
    pub target: Target,
    /// Its path; none: sticky-app's, with an id of each session's own.
    pub path: Option<String>,
    /// `Origin`: the page's, as a browser says it, unless another was said.
    pub origin: Option<HeaderValue>,
    /// `Sec-WebSocket-Protocol`.
    pub subprotocol: Option<HeaderValue>,
    /// What is sent first, where the identity is in the answer to it.
    pub send: Option<String>,
    /// Whether the identity may be in a text, so that one is worth waiting for.
    pub names_in_texts: bool,
}

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Whether it is https.
    pub tls: bool,
    /// The host, in lower case, an IPv6 address with its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Parts {
    /// Reads a URL.
    ///
    /// # Errors
    /// It is none of http or https, names no host, or holds a password ([`Exit::Usage`]).
    pub fn read(url: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::new(Exit::Usage, format!("the URL `{url}`: {why}")).try_this("stickyctl verify https://shop.example/");
        let uri: Uri = url.parse().map_err(|e: http::uri::InvalidUri| wrong(&e.to_string()))?;
        let tls = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            Some(_) => return Err(wrong("it is neither http:// nor https://")),
            None => return Err(wrong("it begins with no http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(Failure::new(Exit::Usage, "the URL holds a name or a password, which would stand in the argument list")
                .try_this("--header @FILE    with a line `Authorization: …`"));
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { tls, host: authority.host().to_ascii_lowercase(), port, path })
    }

    /// As `Host` has it.
    #[must_use]
    pub fn authority(&self, host: &str) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host.to_owned() } else { format!("{host}:{}", self.port) }
    }

    /// Whether the host is this machine by name or address.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let plain = self.host.trim_start_matches('[').trim_end_matches(']');
        plain == "localhost" || plain.ends_with(".localhost") || plain.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// The path of a request target, without its query.
#[must_use]
pub fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn urls() {
        let parts = Parts::read("https://Shop.Example:8443/a?b=c").unwrap();
        assert_eq!(parts, Parts { tls: true, host: "shop.example".to_owned(), port: 8443, path: "/a?b=c".to_owned() });
        assert_eq!((parts.authority("other.example"), parts.is_local()), ("other.example:8443".to_owned(), false));
        let local = Parts::read("http://[::1]").unwrap();
        assert_eq!((local.port, local.path.as_str(), local.is_local(), local.authority(&local.host)), (80, "/", true, "[::1]".to_owned()));
        for (bad, says) in [("shop.example", "begins with no"), ("ftp://x/", "neither"), ("http://u:secret@x/", "password"), ("http:///x", "")] {
            let failure = Parts::read(bad).unwrap_err();
            assert!(failure.exit == Exit::Usage && failure.what.contains(says) && !failure.what.contains("secret"), "{bad}: {}", failure.what);
        }
        assert_eq!(path_of("/a?b=/c"), "/a");
    }
}
