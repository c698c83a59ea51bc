//! Which pod answered: read from the answer, never from a cookie.

use http::{HeaderMap, HeaderName};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;
use std::str::FromStr;

/// The longest identity, in bytes; longer ones are cut. A pod's name has at most 253.
const LONGEST: usize = 253;
/// The largest compiled pattern, in bytes.
const PATTERN: usize = 1 << 20;

/// Where an answer identifies its pod or its worker.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a header; if an answer repeats it, the first one counts.
    Header(HeaderName),
    /// In a JSON body, at a JSON pointer (RFC 6901).
    Json(String),
    /// In the body, where a pattern matches: its first group, or else the whole match.
    Pattern(Box<Regex>),
}

impl Source {
    /// sticky-app's header for the pod, `X-Sticky-Pod`.
    #[must_use]
    pub fn pod() -> Self {
        Self::Header(HeaderName::from_static("x-sticky-pod"))
    }

    /// sticky-app's header for the worker, `X-Sticky-Worker`.
    #[must_use]
    pub fn worker() -> Self {
        Self::Header(HeaderName::from_static("x-sticky-worker"))
    }

    /// Whether reading it requires the body.
    #[must_use]
    pub const fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Pattern(_))
    }

    /// The identity in an answer, without surrounding white space and cut to 253 bytes; `None` if it is missing or blank.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let mut text = self.whole(headers, body)?;
        text.truncate(text.floor_char_boundary(LONGEST));
        Some(text)
    }

    /// The text in an answer, however long it is, without surrounding white space; `None` if it is missing or blank.
    #[must_use]
    pub fn whole(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        let text = match self {
            Self::Header(name) => String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned(),
            Self::Json(pointer) => match serde_json::from_slice::<serde_json::Value>(body).ok()?.pointer(pointer)? {
                serde_json::Value::String(text) => text.clone(),
                // A worker may be a number.
                other @ serde_json::Value::Number(_) => other.to_string(),
                _ => return None,
            },
            Self::Pattern(pattern) => {
                let found = pattern.captures(body)?;
                let part = found.get(1).or_else(|| found.get(0))?;
                String::from_utf8_lossy(part.as_bytes()).into_owned()
            }
        };
        Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// Why a text is not a [`Source`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SourceError {
    /// It has no prefix.
    #[error("`{0}` does not say where to look: use {FORMS}")]
    NoKind(String),
    /// It has an unknown prefix.
    #[error("`{0}:` is not a place to look in: use {FORMS}")]
    UnknownKind(String),
    /// The header is Set-Cookie. Its text differs by session, not by pod, and may be a secret.
    #[error("a cookie does not identify a pod: name a header, a JSON pointer or a pattern that does (cookies are examined anyway)")]
    Cookie,
    /// The header's name is malformed.
    #[error("invalid header name `{0}`")]
    Header(String),
    /// The JSON pointer has no leading slash.
    #[error("invalid JSON pointer `{0}`: it has to begin with a slash, as in json:/{0} (RFC 6901)")]
    Pointer(String),
    /// The pattern is malformed or too large.
    #[error("invalid pattern `{pattern}`: {source}")]
    Pattern {
        /// The pattern as written, without the prefix `regex:`.
        pattern: String,
        /// A syntax error, or a compiled size above 1 MiB.
        source: regex::Error,
    },
}

const FORMS: &str = "header:NAME, json:/POINTER or regex:PATTERN";

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let (kind, rest) = text.split_once(':').ok_or_else(|| SourceError::NoKind(text.to_owned()))?;
        match kind {
            "header" if rest.trim().eq_ignore_ascii_case("set-cookie") => Err(SourceError::Cookie),
            "header" => rest.trim().parse().map(Self::Header).map_err(|_| SourceError::Header(rest.to_owned())),
            "json" if rest.is_empty() || rest.starts_with('/') => Ok(Self::Json(rest.to_owned())),
            "json" => Err(SourceError::Pointer(rest.to_owned())),
            "regex" => RegexBuilder::new(rest)
                .size_limit(PATTERN)
                .multi_line(true)
                .build()
                .map(|pattern| Self::Pattern(Box::new(pattern)))
                .map_err(|source| SourceError::Pattern { pattern: rest.to_owned(), source }),
            _ => Err(SourceError::UnknownKind(kind.to_owned())),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Json(pointer) => write!(f, "json:{pointer}"),
            Self::Pattern(pattern) => write!(f, "regex:{pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(source: &str, body: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([("x-pod".parse().unwrap(), " web-1 ".parse().unwrap())]);
        source.parse::<Source>().unwrap().read(&headers, body.as_bytes())
    }

    #[test]
    fn three_places() {
        assert_eq!(read("header:X-Pod", "").as_deref(), Some("web-1"));
        assert_eq!(read("json:/host/name", r#"{"host": {"name": "web-2"}}"#).as_deref(), Some("web-2"));
        assert_eq!(read("json:/worker", r#"{"worker": 3}"#).as_deref(), Some("3"));
        assert_eq!(read("json:", r#""web-3""#).as_deref(), Some("web-3"));
        assert_eq!(read(r"regex:^Hostname: (\S+)$", "a\nHostname: web-4\nb").as_deref(), Some("web-4"));
        assert_eq!(read("regex:web-[0-9]+", "on web-55!").as_deref(), Some("web-55"));
    }

    #[test]
    fn nothing_is_nothing() {
        for (source, body) in
            [("header:x-other", ""), ("json:/pod", "no json"), ("json:/pod", r#"{"pod": {}}"#), ("regex:z+", "abc"), ("regex:.*", "  ")]
        {
            assert_eq!(read(source, body), None, "{source} of {body:?}");
        }
        for (letter, length) in [("a", LONGEST), ("ä", LONGEST - 1)] {
            assert_eq!(read(&format!("regex:{letter}+"), &letter.repeat(10_000)).unwrap().len(), length);
        }
    }

    #[test]
    fn wrong_words_say_what_to_write() {
        for (text, says) in [
            ("x-pod", "header:NAME"),
            ("cookie:x", "regex:PATTERN"),
            ("header:a b", "invalid header name `a b`"),
            ("header:Set-Cookie", "a cookie does not identify a pod"),
            ("json:pod", "json:/pod"),
            ("regex:(", "invalid pattern `(`"),
            ("regex:a{1000000}", "invalid pattern"),
        ] {
            assert!(text.parse::<Source>().unwrap_err().to_string().contains(says), "{text}");
        }
    }
}
