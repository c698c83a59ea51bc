//! Where a run's requests go: the URL's host by name, and the connection wherever it was told to lead.

use super::ask::Way;
use super::cookie::Offer;
use super::tls::Tls;
use crate::exit::{Exit, Failure};
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Uri};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
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
    /// Whether bodies are read to their end, since they may name a pod.
    pub whole_bodies: bool,
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

    /// The addresses that are not of this machine alone, by what their names mean now; one whose name means nothing is among them.
    pub async fn foreign(&self) -> Vec<&str> {
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

/// A host, perhaps with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// In lower case, an IPv6 address with its brackets.
    pub name: String,
    /// The port, 1 to 65535.
    pub port: Option<u16>,
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no host: write shop.example, 10.0.0.7:8080 or [::1]:8080");
        // Without its brackets, which nothing else with so many colons has.
        if text.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self { name: format!("[{}]", text.to_ascii_lowercase()), port: None });
        }
        let authority: Authority = text.parse().map_err(|_| wrong())?;
        let (name, rest) = text.split_at_checked(authority.host().len()).ok_or_else(wrong)?;
        let brackets = name.strip_prefix('[').map(|inner| inner.strip_suffix(']').unwrap_or_default());
        if name.is_empty() || text.contains('@') || brackets.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_err()) {
            return Err(wrong());
        }
        let port = match rest.strip_prefix(':') {
            None | Some("") => None,
            Some(digits) => {
                let port = digits.parse().ok().filter(|port| *port > 0);
                Some(port.ok_or_else(|| format!("`{digits}` is no port: it is 1 to 65535"))?)
            }
        };
        Ok(Self { name: name.to_ascii_lowercase(), port })
    }
}

/// A path, as it stands in a request: perhaps with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub String);

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("`{text}` is no path: it begins with a slash"));
        }
        // What else can't stand in a request's first line (RFC 3986 section 3.3) would be found out by every single one.
        match text.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
            Some('#') => Err(format!("`{text}` is no path: what stands after a # is never asked, so leave it out")),
            Some(c) => Err(format!("`{text}` is no path: a {c:?} in it is written by its bytes, as %20 for a space")),
            None => text.parse::<PathAndQuery>().map(|_| Self(text.to_owned())).map_err(|e| format!("`{text}` is no path: {e}")),
        }
    }
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
        let host: Host = authority.as_str().parse().map_err(|why: String| wrong(&why))?;
        let path: Path = uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|why: String| wrong(&why))?;
        Ok(Self { tls, host: host.name, port: host.port.unwrap_or(if tls { 443 } else { 80 }), path: path.0 })
    }

    /// Where a connection goes that is told a host, perhaps without a port.
    #[must_use]
    pub fn address(&self, host: &Host) -> String {
        format!("{}:{}", host.name, host.port.unwrap_or(self.port))
    }

    /// A host as `Host` has it: with its port, or the URL's, where that is not the scheme's own.
    #[must_use]
    pub fn authority(&self, host: &Host) -> String {
        let (usual, port) = (if self.tls { 443 } else { 80 }, host.port.unwrap_or(self.port));
        if port == usual { host.name.clone() } else { format!("{}:{port}", host.name) }
    }
}

/// The path of a request target, without its query.
#[must_use]
pub fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

#[cfg(test)]
impl Target {
    /// A site of a test: plain HTTP at an address, whose one path may name a pod in its body.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn urls() {
        let parts = Parts::read("https://Shop.Example:8443/a?b=c").unwrap();
        assert_eq!(parts, Parts { tls: true, host: "shop.example".to_owned(), port: 8443, path: "/a?b=c".to_owned() });
        let local = Parts::read("http://[::1]").unwrap();
        assert_eq!((local.port, local.path.as_str(), local.authority(&"[::1]".parse().unwrap())), (80, "/", "[::1]".to_owned()));
        assert_eq!(Parts::read("http://x:/#/login").unwrap(), Parts::read("http://x").unwrap());
        for (bad, says) in [
            ("shop.example", "begins with no"),
            ("ftp://x/", "neither"),
            ("http://u:secret@x/", "password"),
            ("http:///x", ""),
            ("http://shop.example:80800/", "`80800` is no port"),
            ("http://shop.example:0/", "`0` is no port"),
            ("http://[::1/", ""),
            ("http://[::x]/", ""),
            ("http://::1/", ""),
            ("http://x/a b", ""),
        ] {
            let failure = Parts::read(bad).unwrap_err();
            assert!(failure.exit == Exit::Usage && failure.what.contains(says) && !failure.what.contains("secret"), "{bad}: {}", failure.what);
        }
        assert_eq!(path_of("/a?b=/c"), "/a");
    }

    #[test]
    fn hosts() {
        let read = |text: &str| text.parse::<Host>().map(|host| (host.name, host.port));
        for (text, name, port) in [
            ("Shop.Example", "shop.example", None),
            ("shop.example:8443", "shop.example", Some(8443)),
            ("10.0.0.7", "10.0.0.7", None),
            ("10.0.0.7:80", "10.0.0.7", Some(80)),
            ("::1", "[::1]", None),
            ("[FD00::1]", "[fd00::1]", None),
            ("[::1]:8080", "[::1]", Some(8080)),
        ] {
            assert_eq!(read(text), Ok((name.to_owned(), port)), "{text}");
        }
        for bad in ["", ":80", "a b", "x:80800", "x:0", "x:http", "x:80:80", "[::1", "[::x]", "[shop]", "u@x", "http://x", "x/", "x:80/y"] {
            assert!(read(bad).is_err(), "{bad}: {:?}", read(bad));
        }
        let url = Parts::read("https://shop.example:8443/").unwrap();
        for (text, address, authority) in
            [("10.0.0.7", "10.0.0.7:8443", "10.0.0.7:8443"), ("x:443", "x:443", "x"), ("x:80", "x:80", "x:80"), ("::1", "[::1]:8443", "[::1]:8443")]
        {
            let host = text.parse().unwrap();
            assert_eq!((url.address(&host).as_str(), url.authority(&host).as_str()), (address, authority), "{text}");
        }
    }

    #[test]
    fn paths() {
        for good in ["/", "/a/b?c=d&e=%20", "/a;b=(c)|{d}"] {
            assert_eq!(good.parse::<Path>().map(|path| path.0), Ok(good.to_owned()));
        }
        for (bad, says) in [("page", "begins with a slash"), ("/a b", "%20"), ("/a#b", "after a #"), ("/ä", "by its bytes"), ("/a\n", "by its bytes")]
        {
            assert!(bad.parse::<Path>().is_err_and(|why| why.contains(says)), "{bad}");
        }
    }
}
