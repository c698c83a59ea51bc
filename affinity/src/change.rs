//! The kinds of changes that disrupt a workload.

use serde::{Deserialize, Serialize};

/// A change that disrupts a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// More pods.
    ScaleUp,
    /// Fewer pods.
    ScaleDown,
    /// Every pod is replaced, in the order that the workload's strategy chooses.
    Rollout,
    /// A pod dies: its process ends within about a second, while the front door may still send requests to it.
    Kill,
    /// A pod is evicted, as when a node is drained: it gets its whole grace period.
    Evict,
}

impl Kind {
    /// The word in reports, in kebab case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ScaleUp => "scale-up",
            Self::ScaleDown => "scale-down",
            Self::Rollout => "rollout",
            Self::Kill => "kill",
            Self::Evict => "evict",
        }
    }

    /// Whether pods get the time to finish what they serve, so that no request has to fail.
    #[must_use]
    pub const fn is_graceful(self) -> bool {
        !matches!(self, Self::Kill)
    }

    /// Whether pods that were there go away.
    #[must_use]
    pub const fn takes_pods(self) -> bool {
        !matches!(self, Self::ScaleUp)
    }
}
