//! Which requests are admitted: by Origin, by Host, and by the number of new sessions of an address.

use crate::host::{Host, is_loopback};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Whether requests from `origin` may open sockets and post: its host, without the port, is the requested one or in `allowed`.
///
/// An absent Origin passes: no browser omits it where it matters (RFC 6454, WHATWG Fetch), and other clients gain nothing by
/// forging one. `null` and every other host are refused.
#[must_use]
pub fn origin_passes(origin: Option<&str>, host: Option<&Host>, allowed: &[Host]) -> bool {
    let Some(origin) = origin else { return true };
    let Some(from) = Host::of_origin(origin) else { return false };
    host == Some(&from) || allowed.contains(&from)
}

/// Whether a loopback listener answers to `host`: a name or address of loopback, or one of `allowed`.
///
/// Without this rule any site could point a name of its own at 127.0.0.1 and read its visitors' local servers (DNS rebinding).
#[must_use]
pub fn loopback_host_passes(host: Option<&Host>, allowed: &[Host]) -> bool {
    host.is_some_and(|host| host.is_loopback() || allowed.contains(host))
}

/// Whether the admin port answers to `host`: an address, a name of loopback, or one of `allowed`.
///
/// Probes and scrapers ask for the pod by its address. A name would let any site read the port by way of a visitor's browser, with a
/// name of its own that leads there (DNS rebinding).
#[must_use]
pub fn admin_host_passes(host: Option<&Host>, allowed: &[Host]) -> bool {
    matches!(host, Some(Host::Address(_))) || loopback_host_passes(host, allowed)
}

/// The client that a limit for each address applies to; `None` if no limit applies. An IPv6 client is its /64, since it can choose
/// any address in it.
///
/// `X-Forwarded-For` counts only if `peer` is a trusted proxy. It is read from the right, past further trusted proxies.
/// Without trusted proxies all clients would share the proxy's address, so no limit applies; nor does one apply to loopback.
#[must_use]
pub fn counted_address(peer: IpAddr, forwarded_for: &[&str], trusted: &[IpNet]) -> Option<IpAddr> {
    if trusted.is_empty() {
        return None;
    }
    let mut address = peer.to_canonical();
    if is_trusted(address, trusted) {
        for hop in forwarded_for.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(hop) = hop_address(hop.trim()) else { break };
            address = hop.to_canonical();
            if !is_trusted(address, trusted) {
                break;
            }
        }
    }
    (!is_loopback(address)).then(|| network(address))
}

/// Whether `address` is one of the `trusted` proxies.
#[must_use]
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address.to_canonical()))
}

/// An address in `X-Forwarded-For`. Some proxies add the client's port, and then brackets around an IPv6 address.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

/// The address, or the /64 of an IPv6 address.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// How many things each address holds, at most `most`.
#[derive(Debug)]
pub struct PerAddress {
    most: usize,
    held: HashMap<IpAddr, usize>,
}

impl PerAddress {
    /// Nobody holds anything yet.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, held: HashMap::new() }
    }

    /// Counts one more of `address`; `false` if it holds the most already.
    pub fn take(&mut self, address: IpAddr) -> bool {
        let held = self.held.entry(address).or_default();
        let room = *held < self.most;
        *held += usize::from(room);
        room
    }

    /// Counts one less of `address`. It must have been taken.
    pub fn give_back(&mut self, address: IpAddr) {
        if let Some(held) = self.held.get_mut(&address) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(&address);
            }
        }
    }
}

/// A token bucket for each address: `per_minute` new sessions a minute, and as many at once.
#[derive(Debug)]
pub struct NewSessions {
    per_minute: u32,
    seen: HashMap<IpAddr, (f64, Instant)>,
}

/// The number of remembered addresses. Beyond it, addresses whose bucket is full again are removed; if there are
/// none, a new address has to wait.
const MOST_ADDRESSES: usize = 10_000;

impl NewSessions {
    /// A limiter that admits `per_minute` new sessions a minute from each address; 0 counts as 1.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.max(1), seen: HashMap::new() }
    }

    /// Takes one session from the bucket of `address`.
    ///
    /// # Errors
    /// The bucket is empty; the duration says when it has one again.
    pub fn admit(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let most = f64::from(self.per_minute);
        let per_second = most / 60.0;
        let refilled = |tokens: f64, at: Instant| (tokens + now.saturating_duration_since(at).as_secs_f64() * per_second).min(most);
        if self.seen.len() >= MOST_ADDRESSES && !self.seen.contains_key(&address) {
            self.seen.retain(|_, (tokens, at)| refilled(*tokens, *at) < most);
            if self.seen.len() >= MOST_ADDRESSES {
                return Err(Duration::from_secs(60));
            }
        }
        let entry = self.seen.entry(address).or_insert((most, now));
        let tokens = refilled(entry.0, entry.1);
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / per_second));
        }
        *entry = (tokens - 1.0, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_origin_is_its_host() {
        let pass = |origin, host| origin_passes(Some(origin), Host::parse(host).ok().as_ref(), &[Host::parse("Partner.example").unwrap()]);
        assert!(pass("http://localhost:8080", "localhost:8080"));
        assert!(pass("https://shop.example", "shop.example:8443"), "the port is left out of it");
        assert!(pass("http://[::1]:80", "[::1]:8080"));
        assert!(pass("https://SHOP.example.", "shop.example"));
        assert!(pass("https://partner.example:9", "shop.example"));
        for foreign in ["https://evil.example", "null", "", "shop.example", "https://shop.example.evil.example", "https://", "https://shop.example:x"]
        {
            assert!(!pass(foreign, "shop.example"), "{foreign}");
        }
        assert!(origin_passes(None, None, &[]));
        assert!(!origin_passes(Some("http://a"), None, &[]));
    }

    #[test]
    fn loopback_answers_to_its_own_names() {
        let pass = |host, allowed: &[Host]| loopback_host_passes(Host::parse(host).ok().as_ref(), allowed);
        for own in ["localhost", "localhost:8080", "127.0.0.1", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]", "demo.localhost", "LOCALHOST."] {
            assert!(pass(own, &[]), "{own}");
        }
        for foreign in ["evil.example", "localhost.evil.example", "192.168.1.1", "0.0.0.0", "127.0.0.1.evil.example"] {
            assert!(!pass(foreign, &[]), "{foreign}");
        }
        assert!(pass("demo.test:80", &[Host::parse("Demo.test.").unwrap()]));
        assert!(!loopback_host_passes(None, &[]));
    }

    #[test]
    fn forwarded_addresses_are_believed_from_trusted_proxies_alone() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.0/8".parse().unwrap()];
        let counted = |peer, lines: &[&str]| counted_address(ip(peer), lines, &trusted);
        assert_eq!(counted("10.1.1.1", &["1.2.3.4"]), Some(ip("1.2.3.4")));
        assert_eq!(counted("10.1.1.1", &["6.6.6.6, 1.2.3.4, 10.2.2.2"]), Some(ip("1.2.3.4")), "a client's own claim is left of it");
        assert_eq!(counted("10.1.1.1", &["6.6.6.6", "1.2.3.4"]), Some(ip("1.2.3.4")));
        assert_eq!(counted("9.9.9.9", &["1.2.3.4"]), Some(ip("9.9.9.9")));
        assert_eq!(counted("127.0.0.1", &[]), None, "loopback has no limit");
        assert_eq!(counted("10.1.1.1", &["rubbish"]), Some(ip("10.1.1.1")));
        assert_eq!(counted("::ffff:9.9.9.9", &[]), Some(ip("9.9.9.9")));
        assert_eq!(counted_address(ip("9.9.9.9"), &["1.2.3.4"], &[]), None, "off without a trusted proxy");
    }

    #[test]
    fn a_forwarded_address_may_have_a_port() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (hop, client) in [
            ("1.2.3.4:5678", "1.2.3.4"),
            ("[2001:db8::1]:443", "2001:db8::"),
            ("[2001:db8::1]", "2001:db8::"),
            ("2001:db8::1", "2001:db8::"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("_hidden", "10.1.1.1"),
            ("1.2.3.4:x", "10.1.1.1"),
        ] {
            assert_eq!(counted_address(ip("10.1.1.1"), &[hop], &trusted), Some(ip(client)), "{hop}");
        }
        assert_eq!(counted_address(ip("10.1.1.1"), &["1.2.3.4:1, 10.2.2.2:80"], &trusted), Some(ip("1.2.3.4")), "past a trusted proxy");
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let counted = |peer| counted_address(ip(peer), &[], &trusted);
        assert_eq!(counted("2001:db8:1:2:a::1"), counted("2001:db8:1:2:b::9"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
    }

    #[test]
    fn an_address_holds_only_so_much() {
        let mut held = PerAddress::new(2);
        assert!(held.take(ip("1.1.1.1")) && held.take(ip("1.1.1.1")) && !held.take(ip("1.1.1.1")));
        assert!(held.take(ip("2.2.2.2")), "each address has its own");
        held.give_back(ip("1.1.1.1"));
        assert!(held.take(ip("1.1.1.1")));
        for address in ["1.1.1.1", "1.1.1.1", "2.2.2.2"] {
            held.give_back(ip(address));
        }
        assert!(held.held.is_empty(), "nothing is kept of those that left");
    }

    #[test]
    fn the_admin_port_answers_to_addresses() {
        let pass = |host, allowed: &[Host]| admin_host_passes(Host::parse(host).ok().as_ref(), allowed);
        for own in ["10.1.2.3:9090", "[fd00::1]:9090", "127.0.0.1", "localhost:9090"] {
            assert!(pass(own, &[]), "{own}");
        }
        assert!(!pass("evil.example:9090", &[]) && !admin_host_passes(None, &[]));
        assert!(pass("app.monitoring:9090", &[Host::parse("app.monitoring").unwrap()]));
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (mut limit, start) = (NewSessions::new(60), Instant::now());
        for _ in 0..60 {
            assert!(limit.admit(ip("1.1.1.1"), start).is_ok());
        }
        let wait = limit.admit(ip("1.1.1.1"), start).unwrap_err();
        assert!(wait <= Duration::from_secs(1));
        assert!(limit.admit(ip("2.2.2.2"), start).is_ok(), "each address has its own");
        assert!(limit.admit(ip("1.1.1.1"), start + Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn many_addresses_do_not_fill_memory() {
        let (mut limit, now) = (NewSessions::new(1), Instant::now());
        for n in 0..20_000_u32 {
            let _ = limit.admit(IpAddr::from(n.to_be_bytes()), now);
        }
        assert_eq!(limit.seen.len(), MOST_ADDRESSES);
        assert!(limit.admit(ip("9.9.9.9"), now + Duration::from_secs(61)).is_ok(), "quiet addresses make room");
    }
}
