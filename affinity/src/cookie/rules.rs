//! Which cookies browsers reject on any site.

use super::Offer;

/// The largest name and value together, in bytes (RFC 6265bis section 5.7).
const MOST_PAIR: usize = 4_096;

/// A name that begins so, in upper or lower case, demands attributes.
struct Prefix {
    /// In lower case.
    begins: &'static str,
    /// Whether it demands `Path=/` and no `Domain`.
    one_host: bool,
    /// Whether it demands `HttpOnly`.
    http_only: bool,
}

/// All of them demand Secure. A name may have two prefixes, and then both count.
const PREFIXES: [Prefix; 4] = [
    Prefix { begins: "__secure-", one_host: false, http_only: false },
    Prefix { begins: "__host-", one_host: true, http_only: false },
    Prefix { begins: "__http-", one_host: false, http_only: true },
    Prefix { begins: "__host-http-", one_host: true, http_only: true },
];

impl Prefix {
    fn begins(&self, name: &[u8]) -> bool {
        name.get(..self.begins.len()).is_some_and(|start| start.eq_ignore_ascii_case(self.begins.as_bytes()))
    }

    fn is_met(&self, offer: &Offer) -> bool {
        let one_host = offer.domain.is_none() && offer.path.as_deref() == Some("/");
        offer.secure && (one_host || !self.one_host) && (offer.http_only || !self.http_only)
    }
}

impl Offer {
    /// Whether browsers reject it on any site (RFC 6265bis sections 5.6 and 5.7):
    /// - a control character in the line;
    /// - `SameSite=None` or `Partitioned` without Secure;
    /// - a name prefix whose requirements the attributes do not meet;
    /// - no name, and a value that could be taken for another cookie: with an equals sign, or with such a prefix;
    /// - more than 4096 bytes of name and value.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let open = self.same_site.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("none"));
        let needs_secure = open || self.partitioned;
        let poses = self.name.is_empty() && (self.value.contains(&b'=') || PREFIXES.iter().any(|prefix| prefix.begins(&self.value)));
        let is_large = self.name.len() + self.value.len() > MOST_PAIR;
        let unmet = PREFIXES.iter().any(|prefix| prefix.begins(&self.name) && !prefix.is_met(self));
        self.has_control || is_large || (needs_secure && !self.secure) || poses || unmet
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::time::SystemTime;

    fn refused(line: impl AsRef<[u8]>) -> bool {
        Offer::read(line, SystemTime::now()).unwrap().is_refused()
    }

    #[test]
    fn attributes_that_conflict() {
        for line in [
            "a=b; SameSite=None",
            "a=b; samesite=none; Path=/",
            "a=b; Path=/; Partitioned",
            "a=b; SameSite=None; partitioned=x",
            "__Secure-a=b",
            "__host-a=b; Secure",
            "__Host-a=b; Secure; Path=/; Domain=x.example",
            "__Host-a=b; Secure; Path=/; Path=/app",
            "__Http-a=b; Secure; Path=/",
            "__HTTP-a=b; HttpOnly; Path=/",
            "__Host-Http-a=b; Secure; Path=/",
            "__Host-Http-a=b; Secure; HttpOnly; Path=/app",
        ] {
            assert!(refused(line), "{line}");
        }
        for line in [
            "a=b",
            "a=b; SameSite=None; Secure",
            "a=b; SameSite=Lax",
            "a=b; Partitioned; Secure",
            "__Secure-a=b; Secure",
            "__Host-a=b; Secure; Path=/",
            "__host-a=b; Secure; Path=/; Domain=",
            "__Http-a=b; Secure; HttpOnly",
            "__Host-Http-a=b; Secure; HttpOnly; Path=/",
            "__Hosta=b",
        ] {
            assert!(!refused(line), "{line}");
        }
    }

    #[test]
    fn values_that_pose_as_another_cookie() {
        for line in ["==x", "=a=b", "__Host-a", "=__secure-a", "__HTTP-a", "__Host-Http-"] {
            assert!(refused(line), "{line}");
        }
        for line in ["x", "=x", "a==b", "__Host", "a=__Host-b"] {
            assert!(!refused(line), "{line}");
        }
    }

    #[test]
    fn control_characters() {
        for byte in (0..=0x1f).chain([0x7f]) {
            for line in [&b"a=x_y; Path=/"[..], b"a_b=x", b"a=x; Path=/_x", b"a=x; odd=x_y", b"a=x; o_d"] {
                let line: Vec<u8> = line.iter().map(|one| if *one == b'_' { byte } else { *one }).collect();
                assert!(refused(&line), "{line:?}");
            }
        }
        for line in [&b"a\t=\tx\t;\tPath\t=\t/\t"[..], b"a=\x80\xff; Path=/\xe4"] {
            assert!(!refused(line), "{line:?}");
        }
    }

    #[test]
    fn sizes() {
        let sized = |bytes: usize| refused(format!("name={}; Path=/", "x".repeat(bytes - 4)));
        assert!(!sized(MOST_PAIR) && sized(MOST_PAIR + 1) && !refused(format!("a={}x", " ".repeat(MOST_PAIR))));
    }
}
