//! How many sessions moved, and why.

use super::observed::Disruption;
use crate::moves::{Cause, Step};
use serde::{Deserialize, Serialize};

/// How many sessions moved. A session may be in several of these numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Moved {
    /// Sessions that were bound to a pod and sent requests after that.
    pub of: u64,
    /// Sessions that moved at all.
    pub sessions: u64,
    /// Sessions that left a pod which was gone, terminating or not ready at the time.
    pub forced: u64,
    /// Sessions that left a ready pod.
    pub collateral: u64,
    /// Sessions that left a pod which the cluster doesn't know by that name.
    pub unknown: u64,
    /// Sessions whose pod changed more than once.
    pub twice: u64,
}

impl Moved {
    pub(super) fn of(seen: &Disruption) -> Self {
        let mut moved = Self::default();
        for session in &seen.run.sessions {
            let steps = seen.run.steps(session);
            if steps.is_empty() {
                continue;
            }
            let has = |cause| steps.iter().any(|(_, step)| *step == Step::Moved(cause));
            let by = [Cause::Forced, Cause::Collateral, Cause::Unknown].map(has);
            moved.of += 1;
            moved.sessions += u64::from(by.contains(&true));
            moved.forced += u64::from(by[0]);
            moved.collateral += u64::from(by[1]);
            moved.unknown += u64::from(by[2]);
            moved.twice += u64::from(session.changes() > 1);
        }
        moved
    }
}
