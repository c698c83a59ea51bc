//! What a pod calls the version of the app that it runs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A version in the form of a Kubernetes label value, so that it needs no escaping in a header, a picture or a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(String);

/// A text that is not a [`Version`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid version `{0}`: use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends")]
pub struct BadVersion(String);

impl Version {
    /// Reads 1 to 63 ASCII letters, digits, `-`, `_` and `.`, of which the first and the last are letters or digits.
    ///
    /// # Errors
    /// [`BadVersion`] with the offending text.
    pub fn parse(text: &str) -> Result<Self, BadVersion> {
        let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let fits = bytes.len() <= 63
            && end(bytes.first())
            && end(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadVersion(text.chars().take(80).collect())) }
    }

    /// The version of this program.
    #[must_use]
    pub fn own() -> Self {
        Self(env!("CARGO_PKG_VERSION").to_owned())
    }

    /// 1 to 63 ASCII letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Version {
    type Error = BadVersion;
    fn try_from(text: String) -> Result<Self, BadVersion> {
        Self::parse(&text)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_label_value() {
        for good in ["1", "0.1.0-canary", "v1.2_3", &"a".repeat(63)] {
            assert_eq!(Version::parse(good).map(|v| v.to_string()).as_deref(), Ok(good));
        }
        for bad in ["", "-1", "1-", "0.1.0+dirty", "a b", "<b>", "é", &"a".repeat(64)] {
            assert!(Version::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_programs_own_version_is_one() {
        assert_eq!(Version::parse(env!("CARGO_PKG_VERSION")), Ok(Version::own()));
    }
}
