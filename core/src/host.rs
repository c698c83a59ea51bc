//! The host that a request or an Origin names (RFC 9110 section 4.2, RFC 3986 section 3.2).

use std::net::{IpAddr, Ipv6Addr};

/// A host without its port. Names are in lower case and without the dot of the root, and an IPv4 address mapped to IPv6 is the
/// IPv4 address, so that equal hosts compare equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// A text that is no host with an optional port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHost {
    /// No host is there.
    #[error("the host is empty")]
    Empty,
    /// What follows the last colon is no port.
    #[error("a port is a number up to 65535")]
    Port,
    /// An IPv6 address lacks its brackets, or has something beside them, or isn't one.
    #[error("an IPv6 address is written in brackets: [::1]:8080")]
    Brackets,
    /// It has a character that a name can't have.
    #[error("a host name has letters, digits, hyphens, underscores and dots")]
    Name,
}

impl Host {
    /// Reads `HOST` or `HOST:PORT`, as in a `Host` header. The port may be empty (RFC 3986 section 3.2.3) and is dropped.
    ///
    /// Names are narrower than the grammar, which also allows `%` and `!$&'()*+,;=`: no name that anybody can look up has those.
    ///
    /// # Errors
    /// [`BadHost`] for any other text, user information and paths among them.
    pub fn parse(text: &str) -> Result<Self, BadHost> {
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(BadHost::Brackets)?;
            check_port(port.strip_prefix(':').or(port.is_empty().then_some("")).ok_or(BadHost::Brackets)?)?;
            let address: Ipv6Addr = address.parse().map_err(|_| BadHost::Brackets)?;
            return Ok(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(BadHost::Brackets);
        }
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        check_port(port)?;
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return Err(BadHost::Empty);
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return Err(BadHost::Name);
        }
        Ok(name.parse().map_or_else(|_| Self::Name(name.to_ascii_lowercase()), Self::Address))
    }

    /// Reads the host of a web page's Origin; `None` for `null` and for schemes that no page of this site has.
    #[must_use]
    pub fn of_origin(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        web.then(|| Self::parse(authority).ok()).flatten()
    }

    /// Whether it is a name or an address of loopback (RFC 6761 section 6.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => is_loopback(*address),
        }
    }
}

/// Whether an address is of loopback; `::ffff:127.0.0.1` is, too.
#[must_use]
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn check_port(text: &str) -> Result<(), BadHost> {
    let fits = text.bytes().all(|b| b.is_ascii_digit()) && (text.is_empty() || text.parse::<u16>().is_ok());
    fits.then_some(()).ok_or(BadHost::Port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Result<Host, BadHost> {
        Ok(Host::Name(text.to_owned()))
    }

    fn address(text: &str) -> Result<Host, BadHost> {
        Ok(Host::Address(text.parse().unwrap()))
    }

    #[test]
    fn hosts_with_and_without_a_port() {
        for (text, means) in [
            ("localhost", name("localhost")),
            ("LOCALHOST.:8080", name("localhost")),
            ("localhost:", name("localhost")),
            ("a_b.example-1:65535", name("a_b.example-1")),
            ("127.0.0.1.", address("127.0.0.1")),
            ("127.0.0.1:80", address("127.0.0.1")),
            ("[::1]", address("::1")),
            ("[::1]:80", address("::1")),
            ("[::ffff:127.0.0.1]", address("127.0.0.1")),
            // Not the address that browsers make of it: they send that.
            ("127.1", name("127.1")),
        ] {
            assert_eq!(Host::parse(text), means, "{text}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for (text, why) in [
            ("", BadHost::Empty),
            (":80", BadHost::Empty),
            (".", BadHost::Empty),
            ("localhost:abc", BadHost::Port),
            ("localhost:65536", BadHost::Port),
            ("localhost:+80", BadHost::Port),
            ("localhost:80:80", BadHost::Port),
            ("::1", BadHost::Brackets),
            ("fe80::1", BadHost::Brackets),
            ("[::1]evil.example", BadHost::Brackets),
            ("[::1", BadHost::Brackets),
            ("[::1]80", BadHost::Brackets),
            ("[::1]:x", BadHost::Port),
            ("[localhost]", BadHost::Brackets),
            ("[127.0.0.1]", BadHost::Brackets),
            ("[fe80::1%lo]", BadHost::Brackets),
            ("[]", BadHost::Brackets),
            ("user@localhost", BadHost::Name),
            ("localhost/", BadHost::Name),
            ("localhost?", BadHost::Name),
            ("local host", BadHost::Name),
            ("localhost,evil", BadHost::Name),
            ("loc%61lhost", BadHost::Name),
            ("höst", BadHost::Name),
        ] {
            assert_eq!(Host::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn origins() {
        assert_eq!(Host::of_origin("HTTPS://shop.example:8443").as_ref(), name("shop.example").as_ref().ok());
        for none in ["null", "", "shop.example", "https://", "file://", "capacitor://localhost", "http://a/", "http://a@b", "http://a http://b"] {
            assert_eq!(Host::of_origin(none), None, "{none}");
        }
    }

    proptest! {
        /// Whatever passes as loopback is, in full, one of the forms that a browser sends to loopback.
        #[test]
        fn nothing_else_is_loopback(text in "(localhost|127\\.0\\.0\\.1|\\[::1\\]|[a-z.:@/\\[\\]0-9 ]{0,4}){1,3}(:[0-9a-z]{0,5})?") {
            if Host::parse(&text).is_ok_and(|host| host.is_loopback()) {
                let host = text.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(&*text, |(host, _)| host);
                let host = host.strip_suffix('.').unwrap_or(host);
                let own = host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || host.starts_with("127.");
                prop_assert!(own, "{}", text);
                prop_assert!(!text.contains(['@', '/', ' ']), "{}", text);
            }
        }
    }
}
