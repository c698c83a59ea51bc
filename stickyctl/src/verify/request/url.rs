//! Hosts, paths and URLs as users write them.

use crate::exit::{Exit, Explained};
use crate::verify::redacted::redacted;
use http::Uri;
use http::uri::{Authority, InvalidUri, PathAndQuery};
use std::borrow::Cow;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A host, with or without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// In lower case and ASCII: `xn--mller-kva.example` for `müller.example`. An IPv6 address has brackets.
    pub(crate) name: String,
    /// 1 to 65535.
    pub(crate) port: Option<u16>,
}

/// Why a text is not a [`Host`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    #[error("invalid host `{0}`: write it as shop.example, 10.0.0.7:8080 or [::1]:8080")]
    Malformed(String),
    #[error("invalid port `{0}`: a port is a number from 1 to 65535")]
    Port(String),
    #[error("invalid host `{0}`: it has a character that no domain name can have (IDNA, UTS 46)")]
    Name(String),
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        // What is before an @ may be a password.
        let wrong = || HostError::Malformed(text.rsplit('@').next().unwrap_or_default().to_owned());
        let text = &*ascii(text)?;
        // An IPv6 address without brackets; nothing else has as many colons.
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
            Some(digits) => Some(digits.parse().ok().filter(|port| *port > 0).ok_or_else(|| HostError::Port(digits.to_owned()))?),
        };
        Ok(Self { name: name.to_ascii_lowercase(), port })
    }
}

/// A host and perhaps a port, with an internationalized name in the form that DNS, certificates and requests have (RFC 5891 section 4.4).
fn ascii(text: &str) -> Result<Cow<'_, str>, HostError> {
    if text.is_ascii() || text.contains('@') {
        return Ok(text.into());
    }
    let (name, port) = text.split_once(':').map_or((text, ""), |(name, _)| text.split_at(name.len()));
    let name = idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::URL).map_err(|_| HostError::Name(name.to_owned()))?;
    Ok(format!("{name}{port}").into())
}

/// A URL whose host is in ASCII; the rest of it stays as it is.
fn with_ascii_host(url: &str) -> Result<Cow<'_, str>, HostError> {
    let Some((scheme, rest)) = url.split_once("://") else { return Ok(url.into()) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.is_ascii() {
        return Ok(url.into());
    }
    Ok(format!("{scheme}://{}{path}", ascii(authority)?).into())
}

/// The path of a request, with its query if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(pub(crate) String);

/// Why a text is not a [`Path`]. No variant has the values of its query, which may be secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PathError {
    #[error("invalid path `{0}`: a path begins with a slash")]
    NoSlash(String),
    #[error("invalid path `{0}`: remove the # and what follows, which is never sent to a server")]
    Fragment(String),
    #[error("invalid path `{text}`: percent-encode {found:?}, as in %20 for a space")]
    Character { text: String, found: char },
    #[error("invalid path `{text}`: {source}")]
    Malformed { text: String, source: InvalidUri },
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let owned = || redacted(text);
        if !text.starts_with('/') {
            return Err(PathError::NoSlash(owned()));
        }
        // Otherwise every single request would fail (RFC 3986 section 3.3).
        match text.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
            Some('#') => Err(PathError::Fragment(owned())),
            Some(found) => Err(PathError::Character { text: owned(), found }),
            None => text.parse::<PathAndQuery>().map(|_| Self(text.to_owned())).map_err(|source| PathError::Malformed { text: owned(), source }),
        }
    }
}

/// The parts of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) tls: bool,
    /// In lower case; an IPv6 address has brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// With its query.
    pub(crate) path: String,
}

/// Why a text is not a URL of a site. No variant has the values of its query, which may be secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("invalid URL `{url}`: {source}")]
    Malformed { url: String, source: InvalidUri },
    #[error("invalid URL `{0}`: it begins neither with http:// nor with https://")]
    Scheme(String),
    #[error("invalid URL `{0}`: it has no host")]
    NoHost(String),
    #[error("invalid URL `{url}`: {source}")]
    Host { url: String, source: HostError },
    #[error("invalid URL `{url}`: {source}")]
    Path { url: String, source: PathError },
    #[error(
        "the URL contains a user name or a password (or an @ that isn't percent-encoded), which other users of this machine could read from the argument list"
    )]
    Password,
}

impl Explained for UrlError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        vec![match self {
            Self::Password => "--header @FILE    with a line `Authorization: ...`".to_owned(),
            _ => "stickyctl verify https://shop.example/".to_owned(),
        }]
    }
}

impl Parts {
    /// Reads an http(s) or ws(s) URL.
    pub(crate) fn read(url: &str) -> Result<Self, UrlError> {
        let owned = || redacted(url);
        // Any part of a text that is no URL may be a part of a password.
        let perhaps = |other| if url.contains('@') { UrlError::Password } else { other };
        let in_ascii = with_ascii_host(url).map_err(|source| perhaps(UrlError::Host { url: owned(), source }))?;
        // A path that is not ASCII has an error of its own.
        let path_in = in_ascii.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        if let Some(path) = path_in.filter(|path| !path.is_ascii() && !in_ascii.contains('@')) {
            let path = format!("/{}", path.split('#').next().unwrap_or_default());
            path.parse::<Path>().map_err(|source| UrlError::Path { url: owned(), source })?;
        }
        let uri: Uri = in_ascii.parse().map_err(|source| perhaps(UrlError::Malformed { url: owned(), source }))?;
        let tls = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(UrlError::Scheme(owned())),
        };
        let authority = uri.authority().ok_or_else(|| UrlError::NoHost(owned()))?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Password);
        }
        let host: Host = authority.as_str().parse().map_err(|source| perhaps(UrlError::Host { url: owned(), source }))?;
        let path: Path = uri.path_and_query().map_or("/", |path| path.as_str()).parse().map_err(|source| UrlError::Path { url: owned(), source })?;
        Ok(Self { tls, host: host.name, port: host.port.unwrap_or(if tls { 443 } else { 80 }), path: path.0 })
    }

    /// `HOST:PORT` to connect to for a host, with the URL's port if the host has none.
    pub(crate) fn address(&self, host: &Host) -> String {
        format!("{}:{}", host.name, host.port.unwrap_or(self.port))
    }

    /// The `Host` header for a host: with its port, or else the URL's, unless that is the scheme's default.
    pub(crate) fn authority(&self, host: &Host) -> String {
        let (usual, port) = (if self.tls { 443 } else { 80 }, host.port.unwrap_or(self.port));
        if port == usual { host.name.clone() } else { format!("{}:{port}", host.name) }
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
        let parts = Parts::read("https://Müller.example:8443/a?b=c").unwrap();
        assert_eq!((parts.host.as_str(), parts.port, parts.path.as_str()), ("xn--mller-kva.example", 8443, "/a?b=c"));
        assert_eq!(parts.authority(&"müller.example".parse().unwrap()), "xn--mller-kva.example:8443");
        let local = Parts::read("http://[::1]").unwrap();
        assert_eq!((local.port, local.path.as_str(), local.authority(&"[::1]".parse().unwrap())), (80, "/", "[::1]".to_owned()));
        assert_eq!(Parts::read("http://x:/#/login").unwrap(), Parts::read("http://x").unwrap());
        for (bad, says) in [
            ("shop.example", "begins neither"),
            ("ftp://x/", "begins neither"),
            ("http://u:secret@x/", "password"),
            ("http://u:secret/x@x/", "password"),
            ("http://u:secret x@x/", "password"),
            ("ftp://x/?token=secret", "begins neither"),
            ("http://x:0/?token=secret", "http://x:0/?token=***"),
            ("http://x/ä?token=secret", "percent-encode 'ä'"),
            ("http://müller.example/ä?token=secret", "percent-encode 'ä'"),
            ("http://m\u{0}üller.example/?token=secret", "invalid host `m"),
            ("http://ü:secret@x/", "password"),
            ("http://x:80\u{fc}/?token=secret", "invalid"),
            ("http:///x", ""),
            ("http://shop.example:80800/", "invalid port `80800`"),
            ("http://shop.example:0/", "invalid port `0`"),
            ("http://[::1/", ""),
            ("http://[::x]/", ""),
            ("http://::1/", ""),
            ("http://x/a b", ""),
        ] {
            let why = Parts::read(bad).unwrap_err().to_string();
            assert!(why.contains(says) && !why.contains("secret"), "{bad}: {why}");
        }
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
            ("Müller.example", "xn--mller-kva.example", None),
            ("bücher.example:8443", "xn--bcher-kva.example", Some(8443)),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah", None),
            ("xn--mller-kva.example", "xn--mller-kva.example", None),
        ] {
            assert_eq!(read(text), Ok((name.to_owned(), port)), "{text}");
        }
        for text in ["a\u{0}ü", "\u{ad}", "xn--ü.example", "ü b.example", "ü/x", "ü@x"] {
            assert!(read(text).is_err(), "{text:?}: {:?}", read(text));
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
            assert_eq!(good.parse::<Path>().unwrap().0, good);
        }
        for (bad, says) in
            [("page", "begins with a slash"), ("/a b", "%20"), ("/a#b", "remove the #"), ("/ä", "percent-encode"), ("/a\n", "percent-encode")]
        {
            let bad = format!("{bad}?token=secret");
            assert!(bad.parse::<Path>().is_err_and(|why| why.to_string().contains(says) && !why.to_string().contains("secret")), "{bad}");
        }
    }
}
