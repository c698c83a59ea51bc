//! One `Set-Cookie` line, parsed as RFC 6265 section 5.2 requires, with the size limits of RFC 6265bis section 5.6.

mod date;

use std::time::{Duration, SystemTime};

/// A cookie that a server asks a client to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name, never empty.
    pub name: String,
    /// Its value: often a secret.
    pub value: String,
    /// `Domain`, in lower case and without a leading dot.
    pub domain: Option<String>,
    /// `Path`, if it begins with a slash.
    pub path: Option<String>,
    /// When it expires: by `Max-Age`, else by `Expires`; `None` for a cookie that lasts until the browser exits.
    pub ends: Option<SystemTime>,
    /// `Max-Age` in seconds.
    pub max_age: Option<i64>,
    /// `Secure`: whether it is sent over TLS only.
    pub secure: bool,
    /// `HttpOnly`: whether scripts cannot read it.
    pub http_only: bool,
    /// `SameSite`, as written.
    pub same_site: Option<String>,
}

/// The largest name and value together, and the largest value of an attribute, in bytes (RFC 6265bis sections 5.6 and 5.7).
const MOST_PAIR: usize = 4_096;
const MOST_ATTRIBUTE: usize = 1_024;

impl Offer {
    /// Parses a line that arrived at `now`; `None` if it is not a cookie at all.
    #[must_use]
    pub fn read(line: &str, now: SystemTime) -> Option<Self> {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=')?;
        let mut offer = Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            domain: None,
            path: None,
            ends: None,
            max_age: None,
            secure: false,
            http_only: false,
            same_site: None,
        };
        if offer.name.is_empty() {
            return None;
        }
        let mut expires = None;
        // The last of each attribute counts.
        for attribute in attributes.split(';') {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = value.trim();
            if value.len() > MOST_ATTRIBUTE {
                continue;
            }
            match key.trim().to_ascii_lowercase().as_str() {
                "expires" => expires = date::read(value).or(expires),
                "max-age" => offer.max_age = seconds(value).or(offer.max_age),
                "domain" => offer.domain = Some(value.trim_start_matches('.').to_ascii_lowercase()).filter(|domain| !domain.is_empty()),
                "path" => offer.path = Some(value.to_owned()).filter(|path| path.starts_with('/')),
                "secure" => offer.secure = true,
                "httponly" => offer.http_only = true,
                "samesite" => offer.same_site = Some(value.to_owned()),
                _ => {}
            }
        }
        // Max-Age takes precedence over Expires, in any order.
        offer.ends = offer.max_age.map_or(expires, |seconds| Some(after(now, seconds)));
        Some(offer)
    }
}

impl Offer {
    /// Whether browsers reject it on any site: `SameSite=None` without Secure, a name prefix whose requirements the attributes do not meet,
    /// or more than 4096 bytes (RFC 6265bis sections 4.1.3 and 5.7).
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let host_only = self.domain.is_none() && self.path.as_deref() == Some("/");
        let open = self.same_site.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("none"));
        let is_large = self.name.len() + self.value.len() > MOST_PAIR;
        is_large || (!self.secure && (open || name.starts_with("__secure-"))) || (name.starts_with("__host-") && !(self.secure && host_only))
    }

    /// How long it lives from `now` on, zero if it has expired; `None` for a cookie that lasts until the browser exits.
    #[must_use]
    pub fn lives(&self, now: SystemTime) -> Option<Duration> {
        self.ends.map(|ends| ends.duration_since(now).unwrap_or_default())
    }

    /// Its attributes in one fixed order and notation, without name and value. Expires comes without its date, which may differ in every
    /// answer.
    #[must_use]
    pub fn attributes(&self) -> String {
        let all = [
            self.path.as_ref().map(|path| format!("Path={path}")),
            self.domain.as_ref().map(|domain| format!("Domain={domain}")),
            self.http_only.then(|| "HttpOnly".to_owned()),
            self.secure.then(|| "Secure".to_owned()),
            self.same_site.as_ref().map(|word| format!("SameSite={word}")),
            self.max_age.map(|seconds| format!("Max-Age={seconds}")),
            (self.max_age.is_none() && self.ends.is_some()).then(|| "Expires".to_owned()),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// `Max-Age` by RFC 6265 section 5.2.2: digits, perhaps after a minus sign. Larger numbers are capped.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// Zero or less is the earliest time there is (RFC 6265 section 5.2.2).
fn after(now: SystemTime, seconds: i64) -> SystemTime {
    let Ok(seconds) = u64::try_from(seconds) else { return SystemTime::UNIX_EPOCH };
    if seconds == 0 { SystemTime::UNIX_EPOCH } else { now.checked_add(Duration::from_secs(seconds)).unwrap_or(SystemTime::UNIX_EPOCH + FAR) }
}

/// Ten thousand years, the longest lifetime.
const FAR: Duration = Duration::from_secs(10_000 * 365 * 86_400);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(NOW + Duration::from_secs(seconds))
    }

    #[test]
    fn what_browsers_refuse() {
        let refused = |line: &str| Offer::read(line, SystemTime::now()).unwrap().is_refused();
        for line in
            ["a=b; SameSite=None", "a=b; samesite=none; Path=/", "__Secure-a=b", "__Host-a=b; Secure", "__Host-a=b; Secure; Path=/; Domain=x.example"]
        {
            assert!(refused(line), "{line}");
        }
        for line in ["a=b", "a=b; SameSite=None; Secure", "a=b; SameSite=Lax", "__Secure-a=b; Secure", "__Host-a=b; Secure; Path=/"] {
            assert!(!refused(line), "{line}");
        }
    }

    #[test]
    fn attributes_in_any_case_and_order() {
        let offer = Offer::read(
            "a = x=y ; PATH=/app;domain=.Example.com; secure ;HttpOnly; SameSite=Lax; junk; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
            NOW,
        )
        .unwrap();
        assert_eq!(
            (offer.name.as_str(), offer.value.as_str(), offer.path.as_deref(), offer.domain.as_deref()),
            ("a", "x=y", Some("/app"), Some("example.com"))
        );
        assert_eq!((offer.secure, offer.http_only, offer.same_site.as_deref(), offer.ends), (true, true, Some("Lax"), at(60)));
    }

    #[test]
    fn what_is_no_cookie_or_no_attribute() {
        assert_eq!(Offer::read("nothing; Path=/", NOW), None);
        assert_eq!(Offer::read("=x", NOW), None);
        let offer = Offer::read("a=b; Path=app; Domain=; Max-Age=soon; Expires=never", NOW).unwrap();
        assert_eq!((offer.path, offer.domain, offer.ends), (None, None, None));
    }

    #[test]
    fn sizes_that_browsers_take() {
        let sized = |bytes: usize| Offer::read(&format!("name={}; Path=/", "x".repeat(bytes - 4)), NOW).unwrap().is_refused();
        assert!(!sized(4_096) && sized(4_097));
        let path = |bytes: usize| Offer::read(&format!("a=b; Path=/{}; Secure", "x".repeat(bytes - 1)), NOW).unwrap();
        assert_eq!((path(1_024).path.map(|path| path.len()), path(1_025).path, path(1_025).secure), (Some(1_024), None, true));
    }

    #[test]
    fn lives_are_counted_from_now() {
        let lives = |line: &str| Offer::read(line, NOW).unwrap().lives(NOW).map(|lives| lives.as_secs());
        assert_eq!((lives("a=b; Max-Age=60"), lives("a=b; Max-Age=-1"), lives("a=b")), (Some(60), Some(0), None));
        assert_eq!(lives("a=b; Expires=Thu, 01 Jan 1970 01:00:00 GMT"), Some(3_600));
    }

    #[test]
    fn a_life_of_nothing_is_over() {
        for line in ["a=b; Max-Age=0", "a=b; Max-Age=-1"] {
            assert_eq!(Offer::read(line, NOW + Duration::from_secs(1_000)).unwrap().ends, at(0), "{line}");
        }
        assert!(Offer::read("a=b; Max-Age=9223372036854775807", NOW).unwrap().ends > at(1));
        for (line, over) in [("a=b; Max-Age=99999999999999999999", false), ("a=b; Max-Age=-99999999999999999999", true)] {
            assert_eq!(Offer::read(line, NOW).unwrap().ends == at(0), over, "{line}");
        }
        for line in ["a=b; Max-Age=", "a=b; Max-Age=-", "a=b; Max-Age=+60", "a=b; Max-Age=60s", "a=b; Max-Age=6 0"] {
            assert_eq!(Offer::read(line, NOW).unwrap().ends, None, "{line}");
        }
    }
}
