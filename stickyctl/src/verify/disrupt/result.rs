//! What came of disruptions.

use crate::exit::Exit;
use std::time::Duration;
use sticky_affinity::disrupt::{Disruption, Judged};
use sticky_affinity::scenario::Mark;

/// A change that was made, or that could not be made.
#[derive(Debug, Clone)]
pub(crate) struct Disrupted {
    /// What was done, in a clause: `deleted pod shop-1`.
    pub(crate) what: String,
    /// As in `deployment/shop`.
    pub(crate) workload: String,
    /// From the change until everything had settled, or until there was no more time.
    pub(crate) took: Duration,
    /// What was seen.
    pub(crate) seen: Disruption,
    pub(crate) judged: Judged,
}

/// The exit code of marks: a failure is a negative finding, and what could not be judged makes a run inconclusive.
pub(crate) fn exit(marks: impl IntoIterator<Item = Mark>) -> Exit {
    let mut exit = Exit::Done;
    for mark in marks {
        exit = match (mark, exit) {
            (Mark::Fail, _) => Exit::Negative,
            (Mark::Skip, Exit::Done) => Exit::Inconclusive,
            _ => exit,
        };
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts() {
        assert_eq!(exit([]), Exit::Done);
        assert_eq!(exit([Mark::Pass, Mark::Pass]), Exit::Done);
        assert_eq!(exit([Mark::Skip, Mark::Pass]), Exit::Inconclusive);
        assert_eq!(exit([Mark::Skip, Mark::Fail, Mark::Skip]), Exit::Negative);
    }
}
