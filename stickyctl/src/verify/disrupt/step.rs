//! The changes that a disruption consists of.

use crate::cluster::disrupt::Which;
use sticky_affinity::disrupt::Kind;

/// One change, judged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To so many pods.
    Up(i64),
    /// Back to so many pods.
    Down(i64),
    Rollout,
    Kill,
    Evict,
}

impl Step {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Up(_) => Kind::ScaleUp,
            Self::Down(_) => Kind::ScaleDown,
            Self::Rollout => Kind::Rollout,
            Self::Kill => Kind::Kill,
            Self::Evict => Kind::Evict,
        }
    }

    /// Whether one pod is taken away.
    pub(super) const fn takes_one(self) -> bool {
        matches!(self, Self::Kill | Self::Evict)
    }
}

/// The changes for some disruptions of a workload that has `now` pods.
pub(super) fn steps(all: &[Which], now: i64, to: i64) -> Vec<Step> {
    let each = |which: &Which| match which {
        Which::Scale => vec![Step::Up(to), Step::Down(now)],
        Which::Rollout => vec![Step::Rollout],
        Which::Kill => vec![Step::Kill],
        Which::Evict => vec![Step::Evict],
    };
    all.iter().flat_map(each).collect()
}

/// The most pods that scaling adds by itself.
const MOST_MORE: i64 = 3;

/// The number of pods to scale to: twice as many, but not many more.
pub(super) fn more(now: i64) -> i64 {
    now + now.clamp(1, MOST_MORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_more_pods() {
        assert_eq!([1, 2, 3, 10].map(more), [2, 4, 6, 13]);
        assert_eq!(steps(&[Which::Scale, Which::Kill], 3, 6), [Step::Up(6), Step::Down(3), Step::Kill]);
    }
}
