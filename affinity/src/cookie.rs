//! One `Set-Cookie` line, read as browsers read it.
//!
//! The rules are those of RFC 6265bis (draft-ietf-httpbis-rfc6265bis). Where Chromium differs, Chromium decides, because that is what users
//! have: the test `e2e/tests/browser/jar.rs` asks it about every rule here.

mod date;
mod rules;

use http::HeaderMap;
use http::header::{DATE, SET_COOKIE};
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
    /// The name of a second cookie that a proxy joined to this one's line.
    joined: Option<String>,
}

/// The largest value of an attribute, in bytes. Larger ones are ignored (RFC 6265bis section 5.6).
const MOST_ATTRIBUTE: usize = 1_024;
/// The longest lifetime of a cookie (RFC 6265bis section 5.5).
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// What stands for the name of a cookie that has none.
const NAMELESS: &str = "(no name)";

impl Offer {
    /// The cookies that an answer sets, in its order. It arrived at `now`; if its `Date` shows that the server's clock is wrong, or this one,
    /// then `Expires` is off by as much, and is corrected as browsers do (httpwg/http-extensions#3113).
    pub fn all(headers: &HeaderMap, now: SystemTime) -> impl Iterator<Item = Self> {
        let server = headers.get(DATE).and_then(|date| date::read(&String::from_utf8_lossy(date.as_bytes())));
        headers.get_all(SET_COOKIE).into_iter().filter_map(move |line| Self::parse(line.as_bytes(), now, server))
    }

    /// Parses a line that arrived at `now`; `None` if it is not a cookie at all: it has neither a name nor a value.
    #[must_use]
    pub fn read(line: impl AsRef<[u8]>, now: SystemTime) -> Option<Self> {
        Self::parse(line.as_ref(), now, None)
    }

    fn parse(line: &[u8], now: SystemTime, server: Option<SystemTime>) -> Option<Self> {
        let mut parts = line.split(|byte| *byte == b';');
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
            joined: None,
        };
        let mut expires = None;
        // The last of each attribute counts, even if its value is invalid.
        for part in parts {
            let (key, value) = halves(part).unwrap_or((trimmed(part), b""));
            offer.has_control |= has_control(key) || has_control(value);
            offer.joined = offer.joined.or_else(|| joined(part).map(|(_, name)| String::from_utf8_lossy(name).into_owned()));
            if value.len() > MOST_ATTRIBUTE {
                continue;
            }
            let text = String::from_utf8_lossy(value);
            match key.to_ascii_lowercase().as_slice() {
                b"expires" => expires = date::read(&text).map(|ends| shifted(ends, now, server.unwrap_or(now))),
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
    /// answer. A second cookie in the same line comes last, with `joined with` before its name and without its value.
    #[must_use]
    pub fn attributes(&self) -> String {
        // The value of a second cookie would be part of an attribute's.
        let shown = |text: &String| joined(text.as_bytes()).map_or(text.len(), |(at, _)| at);
        let all = [
            self.path.as_ref().map(|path| format!("Path={}", &path[..shown(path)])),
            self.domain.as_ref().map(|domain| format!("Domain={}", &domain[..shown(domain)])),
            self.http_only.then(|| "HttpOnly".to_owned()),
            self.secure.then(|| "Secure".to_owned()),
            self.partitioned.then(|| "Partitioned".to_owned()),
            self.same_site.as_ref().map(|word| format!("SameSite={}", &word[..shown(word)])),
            self.max_age.map(|seconds| format!("Max-Age={seconds}")),
            (self.max_age.is_none() && self.ends.is_some()).then(|| "Expires".to_owned()),
            self.joined.as_ref().map(|name| format!("{JOINED}{name}")),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// What precedes the name of a second cookie in the line of a first one. Browsers take it for a part of the first one's attributes: joining
/// Set-Cookie lines with a comma, as other header lines may be, loses all cookies but one (RFC 6265 section 3).
pub(crate) const JOINED: &str = "joined with ";

/// The comma before a second cookie in a part of a line, and that cookie's name. The comma in a date has no `NAME=` after it.
fn joined(part: &[u8]) -> Option<(usize, &[u8])> {
    let commas = part.iter().enumerate().filter(|(_, byte)| **byte == b',').map(|(at, _)| at);
    let is_token = |name: &&[u8]| !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte));
    commas.filter_map(|at| Some((at, halves(&part[at + 1..]).map(|(name, _)| name).filter(is_token)?))).next()
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

/// A time of the server's clock by this one.
fn shifted(time: SystemTime, now: SystemTime, server: SystemTime) -> SystemTime {
    match now.duration_since(server) {
        Ok(behind) => time.checked_add(behind).unwrap_or(time),
        Err(ahead) => time.checked_sub(ahead.duration()).unwrap_or(SystemTime::UNIX_EPOCH),
    }
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
mod tests;
