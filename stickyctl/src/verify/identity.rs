//! Who answered: read from an answer where the site says it, never from a cookie.

use http::{HeaderMap, HeaderName};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;
use std::str::FromStr;

/// The most of an identity that is kept, in characters: a pod's name has 253 at most.
const LONGEST: usize = 253;
/// The most memory that a pattern may take.
const PATTERN: usize = 1 << 20;

/// Where a site says who it is.
#[derive(Debug, Clone)]
pub enum Source {
    /// A header of the answer.
    Header(HeaderName),
    /// A place in a JSON body (RFC 6901).
    Json(String),
    /// A pattern in the body: its first group, or all of it.
    Pattern(Box<Regex>),
}

impl Source {
    /// sticky-app's pod.
    #[must_use]
    pub fn pod() -> Self {
        Self::Header(HeaderName::from_static("x-sticky-pod"))
    }

    /// sticky-app's worker.
    #[must_use]
    pub fn worker() -> Self {
        Self::Header(HeaderName::from_static("x-sticky-worker"))
    }

    /// Whether it is in the body of an answer.
    #[must_use]
    pub const fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Pattern(_))
    }

    /// What an answer says; none where it says nothing. A text of white space is nothing.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
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
        let text: String = text.trim().chars().take(LONGEST).collect();
        Some(text).filter(|text| !text.is_empty())
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let forms = "header:NAME, json:/POINTER or regex:PATTERN";
        let (kind, rest) = text.split_once(':').ok_or_else(|| format!("`{text}` says not where to look: write {forms}"))?;
        match kind {
            // Its text would be the identity: one of a session's own, and perhaps a secret.
            "header" if rest.trim().eq_ignore_ascii_case("set-cookie") => {
                Err("a cookie's text says nothing of who answered: name what a pod says of itself, and cookies are looked at anyway".to_owned())
            }
            "header" => rest.trim().parse().map(Self::Header).map_err(|_| format!("`{rest}` is no name of a header")),
            "json" if rest.is_empty() || rest.starts_with('/') => Ok(Self::Json(rest.to_owned())),
            "json" => Err(format!("`{rest}` is no JSON pointer (RFC 6901): it begins with a slash, as in json:/{rest}")),
            "regex" => RegexBuilder::new(rest)
                .size_limit(PATTERN)
                .multi_line(true)
                .build()
                .map(|pattern| Self::Pattern(Box::new(pattern)))
                .map_err(|e| format!("`{rest}` is no pattern: {e}")),
            _ => Err(format!("`{kind}` is none of {forms}")),
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
        assert_eq!(read("regex:a+", &"a".repeat(10_000)).unwrap().len(), LONGEST);
    }

    #[test]
    fn wrong_words_say_what_to_write() {
        for (text, says) in [
            ("x-pod", "header:NAME"),
            ("cookie:x", "none of"),
            ("header:a b", "no name"),
            ("header:Set-Cookie", "a cookie's text"),
            ("json:pod", "json:/pod"),
            ("regex:(", "no pattern"),
            ("regex:a{1000000}", "no pattern"),
        ] {
            assert!(text.parse::<Source>().unwrap_err().contains(says), "{text}");
        }
    }
}
