//! What a run knows about the logs that tell which pods answer.

use crate::verify::logs::Logs;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// What tells which pods answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Not known yet.
    Open,
    /// Answers themselves, or a symptom.
    Answers,
    Logs,
}

/// The logs of a run, and what is known about them so far.
pub(super) struct Listening<'a> {
    pub(super) logs: Option<&'a Logs>,
    pub(super) source: Cell<Source>,
    /// Markers whose lines did not come in time. They are not waited for again.
    pub(super) late: RefCell<BTreeSet<u32>>,
}

impl<'a> Listening<'a> {
    pub(super) fn new(logs: Option<&'a Logs>) -> Self {
        let source = if logs.is_some() { Source::Open } else { Source::Answers };
        Self { logs, source: Cell::new(source), late: RefCell::default() }
    }
}
