//! Where `verify` learns which pod answered.

use std::fmt;
use std::str::FromStr;
use sticky_affinity::identity::{Source, SourceError};

/// `--pod-identity`: in the answer, or in a log of the cluster.
#[derive(Debug, Clone)]
pub(crate) enum PodIdentity {
    /// In the answer.
    Answer(Source),
    /// In the access log of the front door; a pattern finds the upstream in lines of an unknown format.
    AccessLog(Option<String>),
    /// In the logs of the application's pods.
    PodLog,
}

impl FromStr for PodIdentity {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text {
            "access-log" => Ok(Self::AccessLog(None)),
            "pod-log" => Ok(Self::PodLog),
            _ => match text.strip_prefix("access-log:regex:") {
                Some(pattern) => Ok(Self::AccessLog(Some(pattern.to_owned()))),
                None => text.parse().map(Self::Answer),
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
