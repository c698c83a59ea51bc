//! One `Set-Cookie` line, read as browsers read it.
//!
//! The rules are those of RFC 6265bis (draft-ietf-httpbis-rfc6265bis). Where Chromium differs, Chromium decides, because that is what users
//! have: the test `e2e/tests/browser/jar.rs` asks it about every rule here.

mod date;
mod rules;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// A cookie that a server asks a client to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name, byte for byte, in any encoding. Empty for a cookie without a name, such as `=x` or `x`.
    pub name: Vec<u8>,
    /// Its value, byte for byte, with its quotes: often a secret.
    pub value: Vec<u8>,
    /// `Domain`, in lower case, without its leading dot, and in ASCII (RFC 5891) if it is an internationalized name.
    pub domain: Option<String>,
    /// `Path`, if it begins with a slash.
    pub path: Option<String>,
    /// When it expires: by `Max-Age`, else by `Expires`, at most 400 days from now; `None` for a cookie that lasts until the browser exits.
    pub ends: Option<SystemTime>,
    /// `Max-Age` in seconds, as the server wrote it.
    pub max_age: Option<i64>,
    /// `Secure`: whether it is sent over TLS only.
    pub secure: bool,
    /// `HttpOnly`: whether scripts cannot read it.
    pub http_only: bool,
    /// `Partitioned`: whether each site that embeds this one has its own (CHIPS, draft-cutler-httpbis-partitioned-cookies).
    pub partitioned: bool,
    /// `SameSite`, as written.
    pub same_site: Option<String>,
    /// Whether the line has a control character, a tab between other characters included.
    has_control: bool,
}

/// The largest value of an attribute, in bytes. Larger ones are ignored (RFC 6265bis section 5.6).
const MOST_ATTRIBUTE: usize = 1_024;
/// The longest lifetime of a cookie (RFC 6265bis section 5.5).
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// What stands for the name of a cookie that has none.
const NAMELESS: &str = "(no name)";

impl Offer {
    /// Parses a line that arrived at `now`; `None` if it is not a cookie at all: it has neither a name nor a value.
    #[must_use]
    pub fn read(line: impl AsRef<[u8]>, now: SystemTime) -> Option<Self> {
        let mut parts = line.as_ref().split(|byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        // A line without an equals sign is the value of a cookie without a name.
        let (name, value) = halves(pair).unwrap_or((b"", trimmed(pair)));
        if name.is_empty() && value.is_empty() {
            return None;
        }
        let mut offer = Self {
            name: name.to_vec(),
            value: value.to_vec(),
            domain: None,
            path: None,
            ends: None,
            max_age: None,
            secure: false,
            http_only: false,
            partitioned: false,
            same_site: None,
            has_control: has_control(name) || has_control(value),
        };
        let mut expires = None;
        // The last of each attribute counts, even if its value is invalid.
        for part in parts {
            let (key, value) = halves(part).unwrap_or((trimmed(part), b""));
            offer.has_control |= has_control(key) || has_control(value);
            if value.len() > MOST_ATTRIBUTE {
                continue;
            }
            let text = String::from_utf8_lossy(value);
            match key.to_ascii_lowercase().as_slice() {
                b"expires" => expires = date::read(&text),
                b"max-age" => offer.max_age = seconds(&text),
                b"domain" => offer.domain = (!text.is_empty()).then(|| domain(&text)),
                b"path" => offer.path = Some(text.into_owned()).filter(|path| path.starts_with('/')),
                b"secure" => offer.secure = true,
                b"httponly" => offer.http_only = true,
                b"partitioned" => offer.partitioned = true,
                b"samesite" => offer.same_site = Some(text.into_owned()),
                _ => {}
            }
        }
        // Max-Age takes precedence over Expires, in any order.
        let ends = offer.max_age.map_or(expires, |seconds| Some(after(now, seconds)));
        offer.ends = ends.map(|ends| ends.min(now.checked_add(LONGEST).unwrap_or(ends)));
        Some(offer)
    }

    /// Its name as a text to show: bytes that are not UTF-8 are replaced, and a cookie without a name gets words instead.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        if self.name.is_empty() { NAMELESS.into() } else { String::from_utf8_lossy(&self.name) }
    }

    /// What a `Cookie` header has of it: name and value, or the value alone.
    pub(crate) fn pair(&self) -> Vec<u8> {
        let parts = [self.name.as_slice(), &self.value];
        if self.name.is_empty() { parts.concat() } else { parts.join(&b'=') }
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
            self.partitioned.then(|| "Partitioned".to_owned()),
            self.same_site.as_ref().map(|word| format!("SameSite={word}")),
            self.max_age.map(|seconds| format!("Max-Age={seconds}")),
            (self.max_age.is_none() && self.ends.is_some()).then(|| "Expires".to_owned()),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What is before and after the first equals sign.
fn halves(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|byte| *byte == b'=')?;
    Some((trimmed(&part[..at]), trimmed(&part[at + 1..])))
}

/// Without the spaces and tabs around it. Other white space, such as U+00A0, belongs to the text.
fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn has_control(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_control)
}

/// `Domain` as hosts are compared. A name that IDNA rejects stays as it is: it is nobody's host.
fn domain(text: &str) -> String {
    let name = text.strip_prefix('.').unwrap_or(text);
    if name.is_ascii() { name.to_ascii_lowercase() } else { idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned()) }
}

/// `Max-Age`: digits, perhaps after a sign. RFC 6265bis knows only the minus; Chromium takes both. Larger numbers are capped.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// Zero or less is the earliest time there is (RFC 6265bis section 5.6.2).
fn after(now: SystemTime, seconds: i64) -> SystemTime {
    match u64::try_from(seconds) {
        Ok(0) | Err(_) => SystemTime::UNIX_EPOCH,
        Ok(seconds) => now.checked_add(Duration::from_secs(seconds).min(LONGEST)).unwrap_or(now),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(NOW + Duration::from_secs(seconds))
    }

    fn pair(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        Offer::read(line, NOW).map(|offer| (offer.name, offer.value))
    }

    #[test]
    fn attributes_in_any_case_and_order() {
        let offer = Offer::read(
            "a = x=y ; PATH=/app;domain=.Example.com; secure ;HttpOnly; SameSite=Lax; junk; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT",
            NOW,
        )
        .unwrap();
        assert_eq!(
            (offer.name.as_slice(), offer.value.as_slice(), offer.path.as_deref(), offer.domain.as_deref()),
            (&b"a"[..], &b"x=y"[..], Some("/app"), Some("example.com"))
        );
        assert_eq!((offer.secure, offer.http_only, offer.same_site.as_deref(), offer.ends), (true, true, Some("Lax"), at(60)));
        let all = Offer::read("a=b; Partitioned=1; Secure; SameSite=None; HttpOnly; Max-Age=60; Domain=b\u{fc}cher.example; Path=/", NOW).unwrap();
        assert_eq!(all.attributes(), "Path=/ Domain=xn--bcher-kva.example HttpOnly Secure Partitioned SameSite=None Max-Age=60");
        assert!(all.partitioned && !offer.partitioned);
    }

    #[test]
    fn bytes_stay_as_they_are() {
        for value in ["\u{e4}\u{20ac}".as_bytes(), b"\xe4\xff", b"\"x y\"", "\u{a0}x\u{a0}".as_bytes(), b"x=y"] {
            assert_eq!(pair(&[b" n\xe4 = ", value, b" \t; Path=/"].concat()), Some((b"n\xe4".to_vec(), value.to_vec())));
        }
        assert_eq!(Offer::read(b"n\xe4=1", NOW).unwrap().label(), "n\u{fffd}");
    }

    #[test]
    fn without_a_name_or_without_anything() {
        for line in ["x; Path=/", "=x", " = x ;"] {
            assert_eq!((pair(line.as_bytes()), Offer::read(line, NOW).unwrap().label()), (Some((Vec::new(), b"x".to_vec())), "(no name)".into()));
        }
        for line in ["", ";", " ; Path=/", "=; Path=/", ";a=1"] {
            assert_eq!(Offer::read(line, NOW), None, "{line}");
        }
        let offer = Offer::read("a=b; Path=app; Domain=; Max-Age=soon; Expires=never", NOW).unwrap();
        assert_eq!((offer.path, offer.domain, offer.ends), (None, None, None));
    }

    #[test]
    fn the_last_of_each_attribute_counts() {
        let offer = Offer::read("a=b; Path=/app; Path=x; Domain=other.example; Domain; Max-Age=60; Max-Age=x; SameSite=Lax; SameSite=None", NOW).unwrap();
        assert_eq!((offer.path, offer.domain, offer.ends, offer.same_site.as_deref()), (None, None, None, Some("None")));
        let long = "x".repeat(MOST_ATTRIBUTE);
        let offer = Offer::read(format!("a=b; Path=/app; Path=/{long}; Secure={long}x; Partitioned={long}"), NOW).unwrap();
        assert_eq!((offer.path.as_deref(), offer.secure, offer.partitioned), (Some("/app"), false, true), "too large to count");
        assert_eq!(Offer::read(format!("a=b; Path=/{}", &long[1..]), NOW).unwrap().path.map(|path| path.len()), Some(MOST_ATTRIBUTE));
    }

    #[test]
    fn only_one_dot_is_taken_from_a_domain() {
        let domain = |text: &str| Offer::read(format!("a=b; Domain={text}"), NOW).unwrap().domain.unwrap();
        assert_eq!((domain(".A.example"), domain("..a.example"), domain(".")), ("a.example".into(), ".a.example".into(), String::new()));
    }

    #[test]
    fn lives_are_counted_from_now() {
        let lives = |line: &str| Offer::read(line, NOW).unwrap().lives(NOW).map(|lives| lives.as_secs());
        assert_eq!((lives("a=b; Max-Age=60"), lives("a=b; Max-Age=-1"), lives("a=b")), (Some(60), Some(0), None));
        assert_eq!(lives("a=b; Expires=Thu, 01 Jan 1970 01:00:00 GMT"), Some(3_600));
        for line in ["a=b; Max-Age=99999999999", "a=b; Max-Age=99999999999999999999", "a=b; Expires=Thu, 01 Jan 2970 01:00:00 GMT"] {
            assert_eq!(lives(line), Some(LONGEST.as_secs()), "{line}");
        }
    }

    #[test]
    fn a_life_of_nothing_is_over() {
        for value in ["0", "-0", "+0", "-1", "-99999999999999999999"] {
            let line = format!("a=b; Max-Age={value}; Expires=Thu, 01 Jan 2970 01:00:00 GMT");
            assert_eq!(Offer::read(&line, NOW + Duration::from_secs(1_000)).unwrap().ends, at(0), "{line}");
        }
        assert_eq!(Offer::read("a=b; Max-Age=+60", NOW).unwrap().ends, at(60));
        for value in ["", "-", "+", "++60", "60s", "6 0", "\"60\"", "1e3", "60.5"] {
            assert_eq!(Offer::read(format!("a=b; Max-Age={value}"), NOW).unwrap().ends, None, "{value}");
        }
    }
}
