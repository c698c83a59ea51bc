//! How users name an application on a cluster.

use crate::cluster::kind_name;
use std::fmt;
use std::str::FromStr;

/// The kinds of objects that lead to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ingress,
    HttpRoute,
    Service,
}

impl Kind {
    /// The kind as kubectl writes it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::HttpRoute => "httproute",
            Self::Service => "service",
        }
    }
}

/// A reference to an object in a namespace, as kubectl writes it: `ingress/shop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// Why a text is no [`Reference`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid reference `{0}`: write ingress/NAME, httproute/NAME or service/NAME")]
pub(crate) struct ReferenceError(String);

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = || ReferenceError(text.to_owned());
        let (kind, name) = kind_name::split(text).ok_or_else(wrong)?;
        let kind = match kind.as_str() {
            "ingress" | "ingresses" | "ing" => Kind::Ingress,
            "httproute" | "httproutes" => Kind::HttpRoute,
            "service" | "services" | "svc" => Kind::Service,
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
        for (text, shown) in [("ingress/shop", "ingress/shop"), ("ing/shop", "ingress/shop"), ("HTTPRoute/a", "httproute/a"), ("svc/b", "service/b")]
        {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), shown);
        }
        for text in ["shop", "pod/shop", "ingress/", "ingress/a/b", "ingress/a?b", "ingress/A", "http://ingress/a"] {
            assert!(text.parse::<Reference>().unwrap_err().to_string().contains("ingress/NAME"), "{text}");
        }
    }
}
