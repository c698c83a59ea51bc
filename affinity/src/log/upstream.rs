//! What a proxy's access log calls a server.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The longest name, in bytes; longer ones are no names. A pod's name has at most 253.
const LONGEST: usize = 253;

/// A server, as an access log names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Upstream {
    /// Its address, as in `10.0.0.7:8080` or `[fd00::7]:8080`; the port may be missing.
    Address(IpAddr, Option<u16>),
    /// A name that the proxy gave it, such as HAProxy's `SRV_1`, or a host name. It is no address, and the proxy may give the same name to
    /// another pod later.
    Name(String),
}

impl Upstream {
    /// Reads an address, with or without a port, or else a name; `None` if the text is neither. What is read has only characters of
    /// addresses and names, so that text from a client can't pass for more than that.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::address(text).or_else(|| Self::name(text))
    }

    /// Reads an address, with or without a port.
    #[must_use]
    pub fn address(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |addr: IpAddr| addr.to_canonical();
        if let Ok(both) = text.parse::<SocketAddr>() {
            return Some(Self::Address(plain(both.ip()), Some(both.port())));
        }
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let ip = inner.map_or_else(|| text.parse::<IpAddr>().ok(), |inner| inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6));
        ip.map(|ip| Self::Address(plain(ip), None))
    }

    /// Reads a name: letters, digits, and `-`, `_`, `.`, `:` after the first.
    fn name(text: &str) -> Option<Self> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        let is_name = text.len() <= LONGEST && text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(plain);
        is_name.then(|| Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip, Some(port)) => SocketAddr::new(*ip, *port).fmt(f),
            Self::Address(ip, None) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The upstreams of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstreams {
    /// The one that answered.
    pub answered: Upstream,
    /// Those that were tried before it, in order, if the log names them.
    pub tried: Vec<Upstream>,
    /// How many tries came before the one that was answered. Traefik and HAProxy count them without naming the servers.
    pub retries: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names() {
        for (text, shown) in [
            ("10.0.0.7:8080", "10.0.0.7:8080"),
            (" 10.0.0.7", "10.0.0.7"),
            ("[fd00::7]:80", "[fd00::7]:80"),
            ("[fd00::7]", "fd00::7"),
            ("fd00::7", "fd00::7"),
            ("[::ffff:10.0.0.7]:80", "10.0.0.7:80"),
        ] {
            let read = Upstream::read(text);
            assert!(matches!(&read, Some(Upstream::Address(..))), "{text}");
            assert_eq!(read.map(|one| one.to_string()).as_deref(), Some(shown));
        }
        for text in ["SRV_1", "web-5d4f-abc", "shop.default.svc:80", "10.0.0.300:80"] {
            assert_eq!(Upstream::read(text), Some(Upstream::Name(text.to_owned())));
        }
        for text in ["", "-", "a b", "a\"b", "unix:/tmp/x.sock", "<NOSRV>", "[10.0.0.7]", "ä", &"a".repeat(254)] {
            assert_eq!(Upstream::read(text), None, "{text}");
        }
    }
}
