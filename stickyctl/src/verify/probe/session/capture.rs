//! `--capture NAME=WHERE`: a value that a session reads from its first answer, and its name in templates.

use std::fmt;
use std::str::FromStr;
use sticky_affinity::identity::{Source, SourceError};

/// The longest name, in characters.
const LONGEST: usize = 32;

/// A value to read from each session's first answer.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    /// A letter or an underscore, then letters, digits and underscores; at most 32 characters.
    pub(crate) name: String,
    pub(crate) source: Source,
}

/// Why a text is not a [`Capture`].
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CaptureError {
    #[error("`{0}` has no name: write NAME=header:NAME, NAME=json:/POINTER or NAME=regex:PATTERN")]
    NoName(String),
    #[error("invalid name `{0}`: a name has up to {LONGEST} letters, digits and underscores, and does not begin with a digit")]
    Name(String),
    #[error("`session` is the name of the value that every session has from the start: use another name")]
    Session,
    #[error("a session's cookies are kept and sent back without a flag: capture something else")]
    Cookie,
    #[error(transparent)]
    Source(SourceError),
}

impl FromStr for Capture {
    type Err = CaptureError;

    fn from_str(text: &str) -> Result<Self, CaptureError> {
        let (name, source) = text.split_once('=').ok_or_else(|| CaptureError::NoName(text.to_owned()))?;
        if name == SESSION {
            return Err(CaptureError::Session);
        }
        if !is_name(name) {
            return Err(CaptureError::Name(name.to_owned()));
        }
        let source = source.parse().map_err(|why| if why == SourceError::Cookie { CaptureError::Cookie } else { CaptureError::Source(why) })?;
        Ok(Self { name: name.to_owned(), source })
    }
}

impl fmt::Display for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.source)
    }
}

/// The name of the value that every session has from the start.
pub(in crate::verify::probe) const SESSION: &str = "session";

/// Whether a text in braces is a name, and not, for example, the beginning of JSON.
pub(in crate::verify::probe) fn is_name(text: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= LONGEST && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(letters)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn names_and_places() {
        for text in ["SID=header:mcp-session-id", "_a1=json:/id", "ID=regex:jsessionid=([0-9A-F]+)"] {
            assert_eq!(text.parse::<Capture>().unwrap().to_string(), text);
        }
        for (text, says) in [
            ("header:x-session", "has no name"),
            ("1a=header:x", "does not begin with a digit"),
            ("=header:x", "invalid name ``"),
            ("a-b=header:x", "invalid name `a-b`"),
            ("session=header:x", "use another name"),
            ("SID=header:set-cookie", "kept and sent back"),
            ("SID=x-session", "header:NAME"),
        ] {
            let why = text.parse::<Capture>().unwrap_err().to_string();
            assert!(why.contains(says), "{text}: {why}");
        }
        assert!(!is_name(&"x".repeat(LONGEST + 1)));
    }
}
