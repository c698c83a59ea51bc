//! A session's cookies, strictly by RFC 6265 sections 5.3 and 5.4: what a browser does, without its exceptions.
//!
//! The host is the one that the request names (the `Host` header), wherever the connection goes. A Secure cookie is sent over TLS only, even
//! to localhost: a jar that is more lenient than a browser calls a site sticky whose users move.
//!
//! Like browsers, the jar rejects a cookie for a public suffix (`co.uk`, `github.io`), unless the host itself is one: then the cookie is for
//! that host alone (RFC 6265 section 5.3, step 5). The list is the one at publicsuffix.org, private entries included, as the crate `psl` has
//! it; a name that is not on it counts as a public suffix if it has no dot.

use crate::cookie::Offer;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// The destination of a request, as far as cookies care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The virtual host, in lower case and without a port.
    pub host: &'a str,
    /// The path, with its leading slash and without a query.
    pub path: &'a str,
    /// Whether it is sent over TLS.
    pub tls: bool,
}

/// What a browser does with a cookie that an answer set, seen from the URL that was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Stored, and sent with the next request to the same URL.
    Kept,
    /// Expired on arrival; an older one with its name is deleted.
    BornExpired,
    /// Rejected for its attributes or its size ([`Offer::is_refused`]).
    Refused,
    /// Rejected because its domain is another host's, or a public suffix.
    ForeignDomain,
    /// Stored, but its path does not cover the URL.
    OtherPath,
    /// Stored, but sent over TLS only, and the URL is plain http.
    SecureOverHttp,
}

/// The cookies of one session.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    offer: Offer,
    /// The value that the site set first under this name, domain and path, if it has changed.
    first: Option<String>,
    domain: String,
    host_only: bool,
    path: String,
}

/// The capacity of a jar in cookies and in bytes: beyond it, the oldest cookies are dropped. Browsers keep at least 50 per domain, each of at
/// least 4,096 bytes (RFC 6265 section 6.1).
const MOST: usize = 180;
const MOST_BYTES: usize = 50 * 4_096;

impl Jar {
    /// Takes a cookie that an answer from `place` set.
    pub fn take(&mut self, offer: Offer, place: &Place<'_>, now: SystemTime) -> Fate {
        if offer.is_refused() {
            return Fate::Refused;
        }
        let (domain, host_only) = match &offer.domain {
            Some(domain) if !domain_matches(place.host, domain) => return Fate::ForeignDomain,
            Some(domain) if is_public_suffix(domain) => {
                if domain != place.host {
                    return Fate::ForeignDomain;
                }
                (domain.clone(), true)
            }
            Some(domain) => (domain.clone(), false),
            None => (place.host.to_owned(), true),
        };
        let path = offer.path.clone().unwrap_or_else(|| default_path(place.path).to_owned());
        let same = |kept: &Kept| kept.offer.name == offer.name && kept.domain == domain && kept.path == path;
        // A cookie that is replaced keeps its place in the order.
        let before = self.0.iter().position(same);
        if offer.ends.is_some_and(|ends| ends <= now) {
            before.map(|at| self.0.remove(at));
            return Fate::BornExpired;
        }
        let fate = if !path_matches(place.path, &path) {
            Fate::OtherPath
        } else if offer.secure && !place.tls {
            Fate::SecureOverHttp
        } else {
            Fate::Kept
        };
        match before {
            Some(at) => {
                let Kept { offer: old, first, .. } = &mut self.0[at];
                let first = first.take().or_else(|| (old.value != offer.value).then(|| std::mem::take(&mut old.value)));
                self.0[at] = Kept { offer, first, domain, host_only, path };
            }
            None => self.0.push(Kept { offer, first: None, domain, host_only, path }),
        }
        // First values take no room from cookies.
        if self.bytes() > MOST_BYTES {
            self.0.iter_mut().for_each(|kept| kept.first = None);
        }
        while self.0.len() > MOST || self.bytes() > MOST_BYTES {
            self.0.remove(0);
        }
        fate
    }

    fn bytes(&self) -> usize {
        let size = |kept: &Kept| {
            kept.offer.name.len() + kept.offer.value.len() + kept.first.as_ref().map_or(0, String::len) + kept.domain.len() + kept.path.len()
        };
        self.0.iter().map(size).sum()
    }

    /// Whether an offer is about to change what requests to `place` send under its name: the jar has another value for it.
    #[must_use]
    pub fn overwrites(&self, offer: &Offer, place: &Place<'_>, now: SystemTime) -> bool {
        let mut same = self.0.iter().filter(|kept| kept.offer.name == offer.name && kept.fits(place, now)).peekable();
        same.peek().is_some() && same.all(|kept| kept.offer.value != offer.value)
    }

    /// The jar as if nobody had set a cookie a second time: each name once, with the value that it got first, under the attributes and
    /// lifetime that its cookie has.
    #[must_use]
    pub fn rewound(&self) -> Self {
        let mut names = BTreeSet::new();
        let oldest = self.0.iter().filter(|kept| names.insert(kept.offer.name.as_str()));
        let rewind = |kept: &Kept| {
            let mut kept = kept.clone();
            kept.offer.value = kept.first.take().unwrap_or(kept.offer.value);
            kept
        };
        Self(oldest.map(rewind).collect())
    }

    /// Replaces every value by `value`, under the attributes and lifetime that its cookie has, and returns the names. Cookies whose names are
    /// in `spared` stay as they are: a login that was renewed is still the login.
    pub fn forge(&mut self, value: &str, spared: &Self) -> BTreeSet<String> {
        let is_spared = |kept: &Kept| spared.0.iter().any(|own| own.offer.name == kept.offer.name);
        let forge = |kept: &mut Kept| {
            value.clone_into(&mut kept.offer.value);
            kept.offer.name.clone()
        };
        self.0.iter_mut().filter(|kept| !is_spared(kept)).map(forge).collect()
    }

    /// The `Cookie` header for a request to `place`: longer paths first, then older cookies; `None` if no cookie fits.
    #[must_use]
    pub fn header(&self, place: &Place<'_>, now: SystemTime) -> Option<String> {
        let mut fitting: Vec<&Kept> = self.0.iter().filter(|kept| kept.fits(place, now)).collect();
        fitting.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = fitting.iter().map(|kept| format!("{}={}", kept.offer.name, kept.offer.value)).collect();
        Some(pairs.join("; ")).filter(|header| !header.is_empty())
    }

    /// Names of the cookies for a request to `place`, oldest first, with duplicates.
    #[must_use]
    pub fn names(&self, place: &Place<'_>, now: SystemTime) -> Vec<&str> {
        self.0.iter().filter(|kept| kept.fits(place, now)).map(|kept| kept.offer.name.as_str()).collect()
    }
}

impl Kept {
    fn fits(&self, place: &Place<'_>, now: SystemTime) -> bool {
        let host = if self.host_only { self.domain == place.host } else { domain_matches(place.host, &self.domain) };
        host && path_matches(place.path, &self.path) && (place.tls || !self.offer.secure) && self.offer.ends.is_none_or(|ends| ends > now)
    }
}

/// RFC 6265 section 5.1.3: equal, or a suffix after a dot; an IP address has no suffixes.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err())
}

/// Whether everybody can register names below it. The list's default rule makes it so for a single label that the list does not have.
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

/// RFC 6265 section 5.1.4: up to the last slash.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => &path[..at],
        _ => "/",
    }
}

/// RFC 6265 section 5.1.4: equal, or a prefix that ends at a slash. `/app` covers `/app/x` but not `/apple`.
fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::time::Duration;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn at(path: &str) -> Place<'_> {
        Place { host: "shop.example.com", path, tls: false }
    }

    fn take(jar: &mut Jar, line: &str, path: &str) -> Fate {
        let now = NOW + Duration::from_secs(1);
        jar.take(Offer::read(line, now).unwrap(), &at(path), now)
    }

    fn sent(jar: &Jar, path: &str) -> String {
        jar.header(&at(path), NOW + Duration::from_secs(2)).unwrap_or_default()
    }

    #[test]
    fn a_path_is_no_prefix_of_letters() {
        let mut jar = Jar::default();
        assert_eq!(take(&mut jar, "a=1; Path=/app", "/app/page"), Fate::Kept);
        assert_eq!(
            (sent(&jar, "/app"), sent(&jar, "/app/x"), sent(&jar, "/apple"), sent(&jar, "/")),
            ("a=1".into(), "a=1".into(), String::new(), String::new())
        );
        assert_eq!(take(&mut jar, "b=2; Path=/other", "/app"), Fate::OtherPath);
        assert_eq!(take(&mut jar, "c=3; Path=/(.*)", "/app"), Fate::OtherPath, "a rule's regular expression, copied");
    }

    #[test]
    fn without_a_path_it_is_the_folder() {
        let mut jar = Jar::default();
        take(&mut jar, "a=1", "/app/page");
        assert_eq!((sent(&jar, "/app/ws"), sent(&jar, "/ws")), ("a=1".into(), String::new()));
        take(&mut jar, "b=1", "/page");
        assert_eq!(sent(&jar, "/ws"), "b=1");
    }

    #[test]
    fn duplicates_go_longest_path_first_and_older_first() {
        let mut jar = Jar::default();
        for line in ["s=root; Path=/", "s=app; Path=/app", "t=1; Path=/"] {
            take(&mut jar, line, "/app/x");
        }
        assert_eq!(sent(&jar, "/app/x"), "s=app; s=root; t=1");
        take(&mut jar, "s=again; Path=/", "/app/x");
        assert_eq!(sent(&jar, "/app/x"), "s=app; s=again; t=1", "replaced in its place");
    }

    #[test]
    fn secure_has_no_exception() {
        let mut jar = Jar::default();
        let local = Place { host: "localhost", path: "/", tls: false };
        assert_eq!(jar.take(Offer::read("a=1; Secure", NOW).unwrap(), &local, NOW), Fate::SecureOverHttp);
        assert_eq!(jar.header(&local, NOW), None);
        assert_eq!(jar.header(&Place { tls: true, ..local }, NOW).as_deref(), Some("a=1"));
    }

    #[test]
    fn domains() {
        let mut jar = Jar::default();
        assert_eq!(take(&mut jar, "a=1; Domain=example.com", "/"), Fate::Kept);
        assert_eq!(take(&mut jar, "b=1; Domain=other.com", "/"), Fate::ForeignDomain);
        assert_eq!(take(&mut jar, "b=1; Domain=hop.example.com", "/"), Fate::ForeignDomain);
        assert_eq!(take(&mut jar, "b=1; Domain=com", "/"), Fate::ForeignDomain, "it would go to every site there is");
        take(&mut jar, "c=1", "/");
        let elsewhere = Place { host: "www.example.com", path: "/", tls: false };
        assert_eq!(jar.header(&elsewhere, NOW + Duration::from_secs(2)).as_deref(), Some("a=1"));
        let (mut own, local) = (Jar::default(), Place { host: "localhost", path: "/", tls: false });
        assert_eq!(own.take(Offer::read("a=1; Domain=localhost", NOW).unwrap(), &local, NOW), Fate::Kept);
        assert_eq!(own.header(&local, NOW).as_deref(), Some("a=1"));
        assert_eq!(own.header(&Place { host: "shop.localhost", ..local }, NOW), None, "it is that host's alone");
        assert!(!domain_matches("10.0.0.1", "0.0.1") && domain_matches("10.0.0.1", "10.0.0.1") && !domain_matches("notexample.com", "example.com"));
    }

    /// A public suffix is never a cookie's domain, unless it is the host itself: then the cookie is for that host alone.
    #[test]
    fn public_suffixes() {
        let fate = |host: &str, domain: &str| {
            let (mut jar, place) = (Jar::default(), Place { host, path: "/", tls: false });
            let fate = jar.take(Offer::read(&format!("a=1; Domain={domain}"), NOW).unwrap(), &place, NOW);
            let below = format!("below.{host}");
            (fate, jar.header(&place, NOW).is_some(), jar.header(&Place { host: &below, ..place }, NOW).is_some())
        };
        assert_eq!(fate("shop.co.uk", "co.uk"), (Fate::ForeignDomain, false, false));
        assert_eq!(fate("shop.co.uk", ".CO.UK"), (Fate::ForeignDomain, false, false));
        assert_eq!(fate("shop.github.io", "github.io"), (Fate::ForeignDomain, false, false), "private entries count");
        assert_eq!(fate("shop.example", "example"), (Fate::ForeignDomain, false, false), "it is not on the list");
        assert_eq!(fate("a.b.kobe.jp", "b.kobe.jp"), (Fate::ForeignDomain, false, false), "a wildcard rule");
        assert_eq!(fate("www.city.kobe.jp", "city.kobe.jp"), (Fate::Kept, true, true), "and its exception");
        assert_eq!(fate("shop.co.uk", "shop.co.uk"), (Fate::Kept, true, true));
        for host in ["co.uk", "github.io", "localhost"] {
            assert_eq!(fate(host, host), (Fate::Kept, true, false), "for the host alone: {host}");
        }
    }

    /// Sent as the site's own cookie would be: once, to the same paths, and for as long.
    #[test]
    fn a_forged_cookie_is_the_sites_own_but_for_its_value() {
        let mut spared = Jar::default();
        take(&mut spared, "login=me; Path=/", "/app");
        let mut jar = spared.clone();
        for line in ["s=1; Path=/app", "d=1; Domain=example.com; Max-Age=10", "login=else; Path=/app"] {
            take(&mut jar, line, "/app");
        }
        let names: Vec<String> = jar.forge("x", &spared).into_iter().collect();
        assert_eq!(names, ["d", "s"]);
        assert_eq!((sent(&jar, "/app").as_str(), sent(&jar, "/").as_str()), ("s=x; login=else; login=me; d=x", "login=me; d=x"));
        assert_eq!(jar.header(&at("/"), NOW + Duration::from_secs(12)).as_deref(), Some("login=me"));
        take(&mut jar, "s=2; Path=/app", "/app");
        assert_eq!(sent(&jar, "/app"), "s=2; login=else; login=me; d=x", "a new value takes its place");
        let (mut host, tls) = (Jar::default(), Place { tls: true, ..at("/") });
        host.take(Offer::read("__Host-s=1; Secure; Path=/", NOW).unwrap(), &tls, NOW);
        host.forge("x", &Jar::default());
        assert_eq!(host.header(&tls, NOW).as_deref(), Some("__Host-s=x"));
    }

    /// Two parties may write a cookie of one name, under one path or under two.
    #[test]
    fn what_was_set_first_comes_back() {
        let mut jar = Jar::default();
        let now = NOW + Duration::from_secs(1);
        let over = |jar: &Jar, line: &str| jar.overwrites(&Offer::read(line, now).unwrap(), &at("/app"), now);
        assert!(!over(&jar, "s=1; Path=/"), "it is the first");
        for line in ["s=1; Path=/", "t=1; Path=/; Max-Age=10"] {
            take(&mut jar, line, "/app");
        }
        assert!(!over(&jar, "s=1; Path=/") && over(&jar, "s=2; Path=/") && !over(&jar, "u=2; Path=/"));
        for line in ["s=2; Path=/", "s=3; Path=/app", "t=2; Path=/; Max-Age=20"] {
            take(&mut jar, line, "/app");
        }
        assert!(!over(&jar, "s=3; Path=/") && !over(&jar, "s=2; Path=/"), "one of the two values that are sent");
        let rewound = jar.rewound();
        assert_eq!((sent(&jar, "/app").as_str(), sent(&rewound, "/app").as_str()), ("s=3; s=2; t=2", "s=1; t=1"));
        assert_eq!(rewound.header(&at("/app"), NOW + Duration::from_secs(12)).as_deref(), Some("s=1; t=1"), "it lives as long as the last one");
        assert_eq!(sent(&rewound.rewound(), "/app"), "s=1; t=1");
        take(&mut jar, "s=; Path=/; Max-Age=0", "/app");
        assert!(!over(&jar, "s=3; Path=/") && over(&jar, "s=1; Path=/"));
    }

    #[test]
    fn lives_end() {
        let mut jar = Jar::default();
        take(&mut jar, "a=1; Max-Age=10", "/");
        assert_eq!(sent(&jar, "/"), "a=1");
        assert_eq!(jar.header(&at("/"), NOW + Duration::from_secs(12)), None);
        assert_eq!(take(&mut jar, "a=2; Max-Age=0", "/"), Fate::BornExpired);
        assert_eq!(sent(&jar, "/"), "", "it took the older one along");
        assert_eq!(take(&mut jar, "a=3; Max-Age=0; Expires=Fri, 27-Nov-26 09:00:00 GMT", "/"), Fate::BornExpired, "Max-Age goes first");
    }

    #[test]
    fn a_jar_is_bounded() {
        let mut jar = Jar::default();
        for n in 0..1_000 {
            take(&mut jar, &format!("c{n}=1"), "/");
        }
        assert_eq!(jar.names(&at("/"), NOW + Duration::from_secs(2)).len(), MOST);
        let value = "x".repeat(4_000);
        for n in 0..1_000 {
            take(&mut jar, &format!("c{n}={value}; Path=/{}", "p".repeat(1_000)), "/");
            take(&mut jar, &format!("d{n}={value}"), "/");
        }
        assert!(jar.bytes() <= MOST_BYTES && sent(&jar, "/").contains("d999="), "{}", jar.bytes());
        // Cookies that are set again with other values have as much room as they had.
        let (before, other) = (jar.0.len(), "y".repeat(4_000));
        for n in 0..1_000 {
            take(&mut jar, &format!("d{n}={other}"), "/");
        }
        assert!(jar.bytes() <= MOST_BYTES && jar.0.len() >= before, "{} of {before}", jar.0.len());
    }
}
