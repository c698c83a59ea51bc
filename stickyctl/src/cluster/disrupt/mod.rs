//! Disrupting a workload: what it is and whether that is safe now, making its pods come and go, and putting the replica count back.
//!
//! [`Subject`] is a Deployment or StatefulSet as it was read. [`refuse`](refuse::check) decides whether it may be disrupted; [`act`] makes the
//! change; [`settle`] waits until its pods have come to rest. Before a change of the replica count, [`left`] records the count in an annotation,
//! so that a later run can restore it if this one can't.

pub(crate) mod act;
mod allowed;
mod error;
pub(crate) mod left;
mod owners;
pub(crate) mod reference;
pub(crate) mod refuse;
pub(crate) mod settle;
mod subject;
#[cfg(test)]
mod tests;

pub(crate) use allowed::check as check_rights;
pub(crate) use error::Error;
pub(crate) use reference::Reference;
pub(crate) use subject::Subject;

/// The field manager of every change here. It differs from that of `up`, whose fields must stay what they are.
const MANAGER: &str = "stickyctl-disrupt";

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
