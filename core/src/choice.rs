//! The choices of an operator that flags, environment variables, the spec and the wire share.
//!
//! Each enumeration is declared here and nowhere else. The doc comment of a variant is also what `--help` and the JSON Schema
//! say about it, so it describes the effect.

use serde::{Deserialize, Serialize};

/// Which workers receive a relayed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Fanout {
    /// Only the workers that hold a socket of the session.
    #[default]
    Directed,
    /// Every worker.
    Broadcast,
}

impl Fanout {
    /// The value as flags, files and the wire write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Directed => "directed",
            Self::Broadcast => "broadcast",
        }
    }
}

/// How much of its identity the app shows in texts, headers and the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Expose {
    /// Pod and worker.
    #[default]
    Full,
    /// The pod, but no worker.
    Pod,
    /// Neither: texts say `[app]`, and headers and traces are left out.
    Off,
}

impl Expose {
    /// The value as flags, files and the page write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Pod => "pod",
            Self::Off => "off",
        }
    }
}

/// Who sets the affinity cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Issuer {
    /// The proxy in front, as an ingress controller does.
    #[default]
    Proxy,
    /// The app: it sets the StickyStr cookie, and the proxy hashes it.
    App,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_serde_writes() {
        for fanout in [Fanout::Directed, Fanout::Broadcast] {
            assert_eq!(serde_json::to_value(fanout).unwrap(), fanout.word());
        }
        for expose in [Expose::Full, Expose::Pod, Expose::Off] {
            assert_eq!(serde_json::to_value(expose).unwrap(), expose.word());
        }
    }
}
