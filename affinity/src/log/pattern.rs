//! `access-log:regex:PATTERN`: a pattern of the user's for lines of any other format.

use super::nginx;
use super::said::Said;
use super::upstream::Upstream;
use regex::{Regex, RegexBuilder};
use std::fmt;
use std::str::FromStr;

/// The largest compiled pattern, in bytes.
const LARGEST: usize = 1 << 20;

/// Finds the upstream in a line: its first group, or else the whole match. A list of addresses is read as nginx writes it: the last one
/// answered.
#[derive(Debug, Clone)]
pub struct Pattern(Box<Regex>);

/// Why a text is not a [`Pattern`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("invalid pattern `{pattern}`: {why}")]
pub struct PatternError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong with it: a syntax error, a compiled size above 1 MiB, or that it matches an empty line.
    pub why: String,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |why: String| PatternError { pattern: text.to_owned(), why };
        let pattern = RegexBuilder::new(text).size_limit(LARGEST).build().map_err(|why| wrong(why.to_string()))?;
        if pattern.is_match("") {
            return Err(wrong("it matches an empty line, and with it every line".to_owned()));
        }
        Ok(Self(Box::new(pattern)))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Pattern {
    /// `None` where it does not match, or matches what is neither an address nor a name.
    pub(super) fn read(&self, line: &str) -> Option<Said> {
        let found = self.0.captures(line)?;
        let text = found.get(1).or_else(|| found.get(0))?.as_str();
        nginx::list(text).or_else(|| Upstream::read(text).map(|one| Said::of(Some(one), 0)))
    }
}
