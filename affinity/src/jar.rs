//! A session's cookies: what Chromium stores and sends, without its exceptions.
//!
//! The rules are those of RFC 6265bis sections 5.7 and 5.8; where Chromium differs, a comment says so. The test
//! `e2e/tests/browser/jar.rs` compares both.
//!
//! The host is the one that the request names (the `Host` header), wherever the connection goes. A Secure cookie is stored and sent over TLS
//! only, even on localhost, where browsers make an exception: a jar that is more lenient than a browser calls a site sticky whose users move.
//!
//! Like browsers, the jar rejects a cookie for a public suffix (`co.uk`, `github.io`), unless the host itself is one: then the cookie is for
//! that host alone. The list is the one at publicsuffix.org, private entries included, as the crate `psl` has it; a name that is not on it
//! counts as a public suffix if it has no dot.

mod part;

use crate::cookie::Offer;
use std::borrow::Cow;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Stored, and sent with the next request to the same URL.
    Kept,
    /// Expired on arrival; an older one with its name is deleted.
    BornExpired,
    /// Rejected for its attributes, its bytes or its size ([`Offer::is_refused`]), or because it would replace a Secure cookie over plain http.
    Refused,
    /// Rejected because its domain is another host's, or a public suffix.
    ForeignDomain,
    /// Stored, but its path does not cover the URL.
    OtherPath,
    /// Rejected because it is Secure, and the URL is plain http.
    SecureOverHttp,
}

/// The cookies of one session.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    offer: Offer,
    /// The value that the site set first under this name, domain and path, if it has changed.
    first: Option<Vec<u8>>,
    domain: String,
    host_only: bool,
    path: String,
}

/// Beyond so many cookies, Chromium drops the oldest and keeps fewer.
const MOST: usize = 180;
const LEFT: usize = 150;
/// The capacity of a jar in bytes: beyond it, the oldest cookies are dropped. Browsers keep at least 50 per domain, each of at least 4,096
/// bytes (RFC 6265bis section 6.1).
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
        if offer.secure && !place.tls {
            return Fate::SecureOverHttp;
        }
        let path = offer.path.clone().unwrap_or_else(|| default_path(place.path).to_owned());
        let mut new = Kept { offer, first: None, domain, host_only, path };
        if !place.tls && self.0.iter().any(|kept| kept.is_guarded_from(&new)) {
            return Fate::Refused;
        }
        let before = self.0.iter().position(|kept| kept.is_replaced_by(&new));
        if let Some(old) = before.map(|at| &self.0[at]) {
            new.first = old.first.clone().or_else(|| (old.offer.value != new.offer.value).then(|| old.offer.value.clone()));
        }
        if new.offer.ends.is_some_and(|ends| ends <= now) {
            before.map(|at| self.0.remove(at));
            return Fate::BornExpired;
        }
        let fate = if path_matches(place.path, &new.path) { Fate::Kept } else { Fate::OtherPath };
        match before {
            // Chromium lets a cookie keep its place in the order only if its value stays the same; RFC 6265bis, always.
            Some(at) if self.0[at].offer.value == new.offer.value => self.0[at] = new,
            Some(at) => {
                self.0.remove(at);
                self.0.push(new);
            }
            None => self.0.push(new),
        }
        // First values take no room from cookies.
        if self.bytes() > MOST_BYTES {
            self.0.iter_mut().for_each(|kept| kept.first = None);
        }
        if self.0.len() > MOST {
            self.0.drain(..self.0.len() - LEFT);
        }
        while self.bytes() > MOST_BYTES {
            self.0.remove(0);
        }
        fate
    }

    fn bytes(&self) -> usize {
        let size = |kept: &Kept| {
            kept.offer.name.len() + kept.offer.value.len() + kept.first.as_ref().map_or(0, Vec::len) + kept.domain.len() + kept.path.len()
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
        let oldest = self.0.iter().filter(|kept| names.insert(kept.offer.name.as_slice()));
        let rewind = |kept: &Kept| {
            let mut kept = kept.clone();
            kept.offer.value = kept.first.take().unwrap_or(kept.offer.value);
            kept
        };
        Self(oldest.map(rewind).collect())
    }

    /// Replaces every value by `value`, under the attributes and lifetime that its cookie has, and returns the names as they are shown
    /// ([`Offer::label`]). Cookies whose names are in `spared` stay as they are: a login that was renewed is still the login.
    pub fn forge(&mut self, value: &str, spared: &Self) -> BTreeSet<String> {
        let is_spared = |kept: &Kept| spared.0.iter().any(|own| own.offer.name == kept.offer.name);
        let forge = |kept: &mut Kept| {
            kept.offer.value = value.as_bytes().to_vec();
            kept.offer.label().into_owned()
        };
        self.0.iter_mut().filter(|kept| !is_spared(kept)).map(forge).collect()
    }

    /// The value of the `Cookie` header for a request to `place`: longer paths first, then older cookies; `None` if no cookie fits. It has
    /// the bytes that the site set, in whatever encoding.
    #[must_use]
    pub fn header(&self, place: &Place<'_>, now: SystemTime) -> Option<Vec<u8>> {
        let mut fitting: Vec<&Kept> = self.0.iter().filter(|kept| kept.fits(place, now)).collect();
        fitting.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<Vec<u8>> = fitting.iter().map(|kept| kept.offer.pair()).collect();
        Some(pairs.join(&b"; "[..])).filter(|header| !header.is_empty())
    }

    /// Names of the cookies for a request to `place`, as they are shown ([`Offer::label`]), oldest first, with duplicates.
    #[must_use]
    pub fn names(&self, place: &Place<'_>, now: SystemTime) -> Vec<Cow<'_, str>> {
        self.0.iter().filter(|kept| kept.fits(place, now)).map(|kept| kept.offer.label()).collect()
    }
}

/// Why a cookie that is stored is not sent with a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// It is for another host.
    Host,
    /// Its path, given here, does not cover the request's.
    Path(String),
    /// It is Secure, and the request goes over plain http or ws.
    Insecure,
}

impl Withheld {
    /// How many bytes it holds beside itself.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        if let Self::Path(path) = self { path.len() } else { 0 }
    }
}

impl Jar {
    /// The cookies that are stored but not for a request to `place`, each with the first reason that applies: host, path, TLS.
    pub fn withheld(&self, place: &Place<'_>, now: SystemTime) -> impl Iterator<Item = (Cow<'_, str>, Withheld)> {
        self.0.iter().filter(move |kept| kept.offer.ends.is_none_or(|ends| ends > now)).filter_map(move |kept| {
            let why = match () {
                () if !kept.is_for(place.host) => Withheld::Host,
                () if !path_matches(place.path, &kept.path) => Withheld::Path(kept.path.clone()),
                () if kept.offer.secure && !place.tls => Withheld::Insecure,
                () => return None,
            };
            Some((kept.offer.label(), why))
        })
    }
}

impl Kept {
    fn is_for(&self, host: &str) -> bool {
        if self.host_only { self.domain == host } else { domain_matches(host, &self.domain) }
    }

    fn fits(&self, place: &Place<'_>, now: SystemTime) -> bool {
        self.is_for(place.host)
            && path_matches(place.path, &self.path)
            && (place.tls || !self.offer.secure)
            && self.offer.ends.is_none_or(|ends| ends > now)
    }

    /// Whether a newer cookie takes its place. A partitioned one never replaces one that is not, and both are sent.
    fn is_replaced_by(&self, new: &Self) -> bool {
        let key = |kept: &Self| (kept.host_only, kept.offer.partitioned);
        self.offer.name == new.offer.name && self.domain == new.domain && self.path == new.path && key(self) == key(new)
    }

    /// Whether it is Secure, so that a cookie that came over plain http must not hide it (RFC 6265bis section 5.7).
    fn is_guarded_from(&self, new: &Self) -> bool {
        let domains = domain_matches(&self.domain, &new.domain) || domain_matches(&new.domain, &self.domain);
        self.offer.secure && self.offer.name == new.offer.name && domains && path_matches(&new.path, &self.path)
    }
}

/// RFC 6265bis section 5.1.3: equal, or a suffix after a dot; an IP address has no suffixes.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err())
}

/// Whether everybody can register names below it. The list's default rule makes it so for a single label that the list does not have.
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

/// RFC 6265bis section 5.1.4: up to the last slash.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => &path[..at],
        _ => "/",
    }
}

/// RFC 6265bis section 5.1.4: equal, or a prefix that ends at a slash. `/app` covers `/app/x` but not `/apple`.
fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
