//! How an answer shows that the site no longer knows the session: by what it says, where no answer identifies a pod.

use http::{HeaderMap, HeaderName};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The largest compiled pattern, in bytes.
const PATTERN: usize = 1 << 20;

/// What answers have in common that come from a pod without the session, such as "Session ID unknown".
#[derive(Debug, Clone)]
pub enum Symptom {
    /// One of these statuses.
    Status(BTreeSet<u16>),
    /// A header with a value in which a pattern matches.
    Header(HeaderName, Box<Regex>),
    /// A pattern that matches in the body.
    Pattern(Box<Regex>),
}

impl Symptom {
    /// Whether looking for it requires the body.
    #[must_use]
    pub const fn is_in_body(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }

    fn shows(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> bool {
        match self {
            Self::Status(statuses) => statuses.contains(&status),
            // A proxy's own error page may match anything.
            Self::Header(..) | Self::Pattern(_) if is_error(status) => false,
            Self::Header(name, pattern) => headers.get_all(name).into_iter().any(|value| pattern.is_match(value.as_bytes())),
            Self::Pattern(pattern) => pattern.is_match(body),
        }
    }
}

/// Whether an answer shows that the session was lost: any of the symptoms is enough. `None` if it shows nothing, because nobody looked for a
/// symptom or because it is a 429 or a 5xx, unless one of those is the symptom.
#[must_use]
pub fn lost(symptoms: &[Symptom], status: u16, headers: &HeaderMap, body: &[u8]) -> Option<bool> {
    let lost = symptoms.iter().any(|symptom| symptom.shows(status, headers, body));
    (lost || !symptoms.is_empty() && !is_error(status)).then_some(lost)
}

const fn is_error(status: u16) -> bool {
    status == 429 || status >= 500
}

/// Why a text is not a [`Symptom`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SymptomError {
    /// It has no prefix, or an unknown one.
    #[error("`{0}` does not say what a lost session looks like: use {FORMS}")]
    Form(String),
    /// It is no status, or none that ends a request.
    #[error("invalid status `{0}`: write it as status:404, or status:400,404 for several, each from 200 to 599")]
    Status(String),
    /// The header's name is malformed, or the pattern is missing.
    #[error("invalid header `{0}`: write it as header:NAME=PATTERN")]
    Header(String),
    /// The pattern is malformed, too large, or matches every answer.
    #[error("invalid pattern `{pattern}`: {why}")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

const FORMS: &str = "status:404, regex:PATTERN or header:NAME=PATTERN";

impl FromStr for Symptom {
    type Err = SymptomError;

    fn from_str(text: &str) -> Result<Self, SymptomError> {
        match text.split_once(':') {
            Some(("status", statuses)) => statuses.split(',').map(status).collect::<Result<_, _>>().map(Self::Status),
            Some(("regex", text)) => pattern(text).map(Self::Pattern),
            Some(("header", rest)) => {
                let wrong = || SymptomError::Header(rest.to_owned());
                let (name, text) = rest.split_once('=').ok_or_else(wrong)?;
                Ok(Self::Header(name.trim().parse().map_err(|_| wrong())?, pattern(text)?))
            }
            _ => Err(SymptomError::Form(text.to_owned())),
        }
    }
}

fn status(text: &str) -> Result<u16, SymptomError> {
    let number = text.trim().parse().ok().filter(|status| (200..600).contains(status));
    number.ok_or_else(|| SymptomError::Status(text.to_owned()))
}

fn pattern(text: &str) -> Result<Box<Regex>, SymptomError> {
    let wrong = |why: String| SymptomError::Pattern { pattern: text.to_owned(), why };
    let pattern = RegexBuilder::new(text).size_limit(PATTERN).multi_line(true).build().map_err(|why| wrong(why.to_string()))?;
    if pattern.is_match(b"") {
        return Err(wrong("it matches an empty answer, and with it every answer".to_owned()));
    }
    Ok(Box::new(pattern))
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(statuses) => {
                let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
                write!(f, "status:{}", statuses.join(","))
            }
            Self::Header(name, pattern) => write!(f, "header:{name}={pattern}"),
            Self::Pattern(pattern) => write!(f, "regex:{pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn seen(symptoms: &[&str], status: u16, body: &str) -> Option<bool> {
        let headers = HeaderMap::from_iter([("location".parse().unwrap(), "/login?next=/".parse().unwrap())]);
        let symptoms: Vec<Symptom> = symptoms.iter().map(|text| text.parse().unwrap()).collect();
        lost(&symptoms, status, &headers, body.as_bytes())
    }

    #[test]
    fn one_symptom_is_enough() {
        let all = ["status:400, 410", "header:Location=^/login", "regex:Session ID unknown"];
        assert_eq!(seen(&all, 410, ""), Some(true));
        assert_eq!(seen(&all[1..], 302, ""), Some(true));
        assert_eq!(seen(&all[2..], 200, r#"{"code":1,"message":"Session ID unknown"}"#), Some(true));
        assert_eq!(seen(&all[2..], 404, "not found"), Some(false), "another page is none");
        assert_eq!(seen(&[], 404, ""), None, "nobody looked");
    }

    #[test]
    fn an_error_shows_nothing_unless_it_is_the_symptom() {
        assert_eq!((seen(&["regex:unknown"], 502, "unknown"), seen(&["header:location=login"], 503, "")), (None, None));
        assert_eq!((seen(&["status:404"], 429, ""), seen(&["status:503"], 503, "")), (None, Some(true)));
    }

    #[test]
    fn it_is_shown_as_it_was_written() {
        for text in ["status:400,410", "header:location=^/login", "regex:a=b:c"] {
            assert_eq!(text.parse::<Symptom>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn wrong_words_say_what_to_write() {
        for (text, says) in [
            ("404", "status:404"),
            ("json:/x", "header:NAME=PATTERN"),
            ("status:", "invalid status ``"),
            ("status:404,abc", "invalid status `abc`"),
            ("status:101", "from 200 to 599"),
            ("header:location", "header:NAME=PATTERN"),
            ("header:a b=c", "invalid header `a b=c`"),
            ("regex:(", "invalid pattern `(`"),
            ("regex:", "matches an empty answer"),
            ("regex:x*", "every answer"),
        ] {
            assert!(text.parse::<Symptom>().unwrap_err().to_string().contains(says), "{text}");
        }
    }
}
