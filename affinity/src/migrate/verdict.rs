//! The result of a run at two doors.

use super::check::{self, Check};
use super::tally::Tally;
use crate::code::Code;
use crate::verdict::{self, Found};
use serde::Serialize;

/// What users notice of the move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing: each door keeps its sessions, and no session moves or fails when it changes doors.
    Seamless,
    /// Sessions move or fail.
    NotSeamless,
    /// The run can't tell; the findings say why.
    Inconclusive,
}

impl Verdict {
    /// The word that reports and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seamless => "seamless",
            Self::NotSeamless => "not-seamless",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Why a verdict is what it is, or what else is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable code, with causes and advice.
    pub code: Code,
    /// The check that found it.
    pub check: Check,
    /// What was seen, in numbers: a clause without a capital or a full stop.
    pub detail: String,
    /// The code's causes that this run gives evidence for, the most likely first.
    pub evident: Vec<&'static str>,
}

impl Finding {
    pub(super) fn new(code: Code, check: Check, detail: impl Into<String>) -> Self {
        Self { code, check, detail: detail.into(), evident: Vec::new() }
    }

    /// Adds a cause that the run gives evidence for, word for word as in [`Code::causes`].
    pub(super) fn because(mut self, cause: &'static str) -> Self {
        debug_assert!(self.code.causes().iter().any(|(known, _)| *known == cause), "{}: no such cause: {cause}", self.code.word());
        self.evident.push(cause);
        self
    }

    /// The code's causes, each with what to try: those with evidence first.
    #[must_use]
    pub fn causes(&self) -> Vec<(&'static str, &'static str)> {
        let mut causes = self.code.causes().to_vec();
        causes.sort_by_key(|(cause, _)| self.evident.iter().position(|evident| evident == cause).unwrap_or(usize::MAX));
        causes
    }
}

/// The verdict on a migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What users notice.
    pub verdict: Verdict,
    /// Each door by itself, in the order of [`Door::ALL`](super::Door::ALL).
    pub doors: [verdict::Judgement; 2],
    /// Findings, the decisive one first.
    pub findings: Vec<Finding>,
    /// What was counted.
    pub tally: Tally,
    /// What each check found, in the order of [`check::ALL`].
    pub checks: [Found; check::ALL.len()],
}
