//! How users name a workload.

use crate::cluster::kind_name;
use std::fmt;
use std::str::FromStr;

/// The kinds of workloads that can be disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Deployment,
    StatefulSet,
}

impl Kind {
    /// As kubectl writes it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
        }
    }

    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
        }
    }

    /// As objects write it.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
        }
    }
}

/// A workload in a namespace, as kubectl writes it: `deployment/shop`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid workload `{0}`: write deployment/NAME or statefulset/NAME")]
pub(crate) struct ReferenceError(String);

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = || ReferenceError(text.to_owned());
        let (kind, name) = kind_name::split(text).ok_or_else(wrong)?;
        let kind = match kind.as_str() {
            "deployment" | "deployments" | "deploy" => Kind::Deployment,
            "statefulset" | "statefulsets" | "sts" => Kind::StatefulSet,
            _ => return Err(wrong()),
        };
        Ok(Self { kind, name: name.to_owned() })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.word(), self.name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn kubectl_writes_them_alike() {
        for (text, shown) in [("deployment/shop", "deployment/shop"), ("deploy/a.b", "deployment/a.b"), ("sts/db-1", "statefulset/db-1")] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), shown);
        }
        for text in ["shop", "daemonset/shop", "deployment/", "deployment/a/b", "deployment/A", "deployment/a?b"] {
            assert!(text.parse::<Reference>().unwrap_err().to_string().contains("deployment/NAME"), "{text}");
        }
    }
}
