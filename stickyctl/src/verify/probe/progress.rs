//! How far a run is, for people who watch it.

/// A step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// So many probes were sent so far.
    Sent(u64),
    /// The run waits for this many lines of logs.
    Waits {
        /// The lines that are missing.
        lines: usize,
    },
}
