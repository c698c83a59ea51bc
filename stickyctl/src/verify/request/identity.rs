//! Where `verify` learns which pod answered.

use std::fmt;
use std::str::FromStr;
use sticky_affinity::identity::{Source, SourceError};
use sticky_affinity::log::{Pattern, PatternError};

/// `--pod-identity`: in the answer, or in a log of the cluster.
#[derive(Debug, Clone)]
pub(crate) enum PodIdentity {
    /// In the answer.
    Answer(Source),
    /// In the access log of the front door; a pattern finds the upstream in lines of an unknown format.
    AccessLog(Option<Pattern>),
    /// In the logs of the application's pods.
    PodLog,
}

/// Why a text is no [`PodIdentity`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum PodIdentityError {
    #[error("{0}; or access-log, access-log:regex:PATTERN or pod-log, which read logs on a cluster")]
    Source(SourceError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl FromStr for PodIdentity {
    type Err = PodIdentityError;

    fn from_str(text: &str) -> Result<Self, PodIdentityError> {
        match text {
            "access-log" => Ok(Self::AccessLog(None)),
            "pod-log" => Ok(Self::PodLog),
            _ => match text.strip_prefix("access-log:regex:") {
                Some(pattern) => Ok(Self::AccessLog(Some(pattern.parse()?))),
                None => text.parse().map(Self::Answer).map_err(PodIdentityError::Source),
            },
        }
    }
}

impl fmt::Display for PodIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(source) => source.fmt(f),
            Self::AccessLog(None) => f.write_str("access-log"),
            Self::AccessLog(Some(pattern)) => write!(f, "access-log:regex:{pattern}"),
            Self::PodLog => f.write_str("pod-log"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn answers_and_logs() {
        for text in ["header:x-pod", "json:/pod", "regex:Pod: (.+)", "access-log", "access-log:regex:to=(\\S+)", "pod-log"] {
            assert_eq!(text.parse::<PodIdentity>().unwrap().to_string(), text);
        }
        for (text, part) in
            [("log", "access-log:regex:PATTERN or pod-log"), ("access-log:regex:(", "invalid pattern `(`"), ("access-log:json", "pod-log")]
        {
            let why = text.parse::<PodIdentity>().unwrap_err().to_string();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
