//! What is to be done to a workload.

/// What is to be done to a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    /// More pods, and back.
    Scale,
    /// A rolling restart.
    Rollout,
    /// The death of one pod.
    Kill,
    /// The eviction of one pod.
    Evict,
}

impl Which {
    /// All of them, in the order in which they are done.
    pub(crate) const ALL: [Self; 4] = [Self::Scale, Self::Rollout, Self::Kill, Self::Evict];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Rollout => "rollout",
            Self::Kill => "kill",
            Self::Evict => "evict",
        }
    }
}
