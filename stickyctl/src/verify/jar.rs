//! A session's cookies, strictly as RFC 6265 sections 5.3 and 5.4 have them: what a browser does, without its exceptions.
//!
//! The host is the one that was asked for by name (the `Host` header), wherever the connection leads. A Secure cookie goes over TLS
//! only, to localhost too: a jar that is kinder than a browser calls a site sticky whose users wander.
//!
//! Of the public suffixes, for which browsers refuse a cookie, only those are known that have no dot, as `com`: no list of them all is kept.

use super::cookie::Offer;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// Where a request goes, as far as cookies care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The virtual host, in lower case and without a port.
    pub host: &'a str,
    /// The path, from its slash on, without a query.
    pub path: &'a str,
    /// Whether it goes over TLS.
    pub tls: bool,
}

/// What became of a cookie that was offered, for the request that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is in the jar and goes along with the next request to the same place.
    Kept,
    /// It was over when it came, and took an older one of its name away.
    BornExpired,
    /// Browsers refuse it for what it says of itself or for its size ([`Offer::is_refused`]).
    Refused,
    /// Its domain is not the host's, or everybody's.
    ForeignDomain,
    /// It is in the jar, and its path does not cover the place.
    OtherPath,
    /// It is in the jar, and goes over TLS only, which the place does not have.
    SecureOverHttp,
}

/// A jar.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    offer: Offer,
    domain: String,
    host_only: bool,
    path: String,
}

/// The most cookies that a jar holds; a browser's least is 50 for a domain (RFC 6265, 6.1). A site that sends more loses its oldest.
const MOST: usize = 180;

impl Jar {
    /// Takes a cookie that an answer from `place` offered.
    pub fn take(&mut self, offer: Offer, place: &Place<'_>, now: SystemTime) -> Fate {
        if offer.is_refused() {
            return Fate::Refused;
        }
        let (domain, host_only) = match &offer.domain {
            Some(domain) if !domain_matches(place.host, domain) => return Fate::ForeignDomain,
            // A name without a dot is a public suffix; a host of that name keeps its cookie for itself (RFC 6265bis section 5.7).
            Some(domain) if !domain.contains('.') && domain != place.host => return Fate::ForeignDomain,
            Some(domain) => (domain.clone(), !domain.contains('.')),
            None => (place.host.to_owned(), true),
        };
        let path = offer.path.clone().unwrap_or_else(|| default_path(place.path).to_owned());
        let same = |kept: &Kept| kept.offer.name == offer.name && kept.domain == domain && kept.path == path;
        // One that is replaced keeps its place among the others.
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
        let kept = Kept { offer, domain, host_only, path };
        match before {
            Some(at) => self.0[at] = kept,
            None => self.0.push(kept),
        }
        if self.0.len() > MOST {
            self.0.remove(0);
        }
        fate
    }

    /// Puts a value in the place of every other one, under the attributes and the life that its cookie has, and tells the names. Cookies of
    /// names that `spared` has stay as they are: a login that was renewed is still the login.
    pub fn forge(&mut self, value: &str, spared: &Self) -> BTreeSet<String> {
        let is_spared = |kept: &Kept| spared.0.iter().any(|own| own.offer.name == kept.offer.name);
        let forge = |kept: &mut Kept| {
            value.clone_into(&mut kept.offer.value);
            kept.offer.name.clone()
        };
        self.0.iter_mut().filter(|kept| !is_spared(kept)).map(forge).collect()
    }

    /// The `Cookie` header for a request to `place`: longer paths first, then older ones; none where nothing fits.
    #[must_use]
    pub fn header(&self, place: &Place<'_>, now: SystemTime) -> Option<String> {
        let mut fitting: Vec<&Kept> = self.0.iter().filter(|kept| kept.fits(place, now)).collect();
        fitting.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = fitting.iter().map(|kept| format!("{}={}", kept.offer.name, kept.offer.value)).collect();
        Some(pairs.join("; ")).filter(|header| !header.is_empty())
    }

    /// Names that go along with a request to `place`, in the header's order; duplicates stay.
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

/// RFC 6265 5.1.3: the same, or a part after a dot; an address has no parts.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err())
}

/// RFC 6265 5.1.4: up to the last slash.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => &path[..at],
        _ => "/",
    }
}

/// RFC 6265 5.1.4: the same, or a prefix that ends at a slash. `/app` covers `/app/x` and not `/apple`.
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

    /// As a proxy's own cookie would come back: once, wherever and as long as the site's goes.
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
    }
}
