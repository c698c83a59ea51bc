//! The result of a run: a verdict on pods and one on workers, with reasons, and what each scenario found.

use crate::code::Code;
use crate::scenario::{Chosen, Mark, Name};
use serde::{Deserialize, Serialize};

/// What a run found out about pods, or about workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Sessions stay, and chance alone can't explain it.
    Sticky,
    /// Sessions move more often than is tolerated.
    NotSticky,
    /// The run can't tell; the reasons say why.
    Inconclusive,
    /// There was nothing to judge: no pod showed more than one worker.
    NotJudged,
}

impl Verdict {
    /// The word that reports and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sticky => "sticky",
            Self::NotSticky => "not-sticky",
            Self::Inconclusive => "inconclusive",
            Self::NotJudged => "not-judged",
        }
    }
}

/// Why a verdict is what it is, or what else is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable code, with causes and advice.
    pub code: Code,
    /// The scenario that found it.
    pub scenario: Name,
    /// What was seen, in numbers: a clause without a capital or a full stop.
    pub detail: String,
    /// The code's causes that this run gives evidence for, the most likely first, in the words of [`Code::causes`].
    pub evident: Vec<&'static str>,
}

impl Reason {
    /// A reason without evidence for any of its code's causes.
    #[must_use]
    pub fn new(code: Code, scenario: Name, detail: impl Into<String>) -> Self {
        Self { code, scenario, detail: detail.into(), evident: Vec::new() }
    }

    /// Adds a cause that the run gives evidence for, less likely than those added before. It has to be one of [`Code::causes`], word for
    /// word; any other text has no effect.
    #[must_use]
    pub fn because(mut self, cause: &'static str) -> Self {
        debug_assert!(self.code.causes().iter().any(|(known, _)| *known == cause), "{}: no such cause: {cause}", self.code.word());
        self.evident.push(cause);
        self
    }

    /// The code's causes, each with what to try: those with evidence first, then the others, the most common first.
    #[must_use]
    pub fn causes(&self) -> Vec<(&'static str, &'static str)> {
        let mut causes = self.code.causes().to_vec();
        // A stable sort: the others stay in their order.
        causes.sort_by_key(|(cause, _)| self.evident.iter().position(|evident| evident == cause).unwrap_or(usize::MAX));
        causes
    }
}

/// What a scenario found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether the scenario passed, failed or was skipped.
    pub mark: Mark,
    /// What was seen, or why it was skipped: a clause without a capital or a full stop.
    pub detail: String,
}

impl Found {
    pub(crate) fn skip(why: impl Into<String>) -> Self {
        Self { mark: Mark::Skip, detail: why.into() }
    }

    pub(crate) fn pass(detail: impl Into<String>) -> Self {
        Self { mark: Mark::Pass, detail: detail.into() }
    }

    pub(crate) fn fail(detail: impl Into<String>) -> Self {
        Self { mark: Mark::Fail, detail: detail.into() }
    }

    /// A reason with this code where the scenario failed; its detail is the scenario's.
    pub(crate) fn failed(&self, code: Code, scenario: Name) -> Option<Reason> {
        (self.mark == Mark::Fail).then(|| Reason::new(code, scenario, self.detail.clone()))
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// On pods, by requests and sockets.
    pub pods: Verdict,
    /// On pods, by requests alone.
    pub requests: Verdict,
    /// On workers; [`Verdict::NotJudged`] if no pod showed more than one.
    pub workers: Verdict,
    /// Reasons, the decisive one first.
    pub reasons: Vec<Reason>,
    /// An upper bound for the odds that chance alone moves no more requests than were seen to move, 0 to 1.
    pub chance: f64,
    /// The tolerated rate of moves, 0 to 1.
    pub tolerated: f64,
    /// What each scenario found, in the order of [`scenario::ALL`](crate::scenario::ALL).
    pub(crate) found: [Found; crate::scenario::ALL.len()],
}

impl Judgement {
    /// Whether a code is among the reasons, decisive or not.
    #[must_use]
    pub fn tells(&self, code: Code) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }

    /// What a scenario found; a scenario that was not chosen is skipped.
    #[must_use]
    pub fn scenario(&self, name: Name, chosen: &Chosen) -> Found {
        // Names count from 0, and there is a place for each.
        if chosen.has(name) { self.found[name as usize].clone() } else { Found::skip("left out") }
    }

    /// Makes workers count: if there were none to judge, that becomes a reason too, after the one that decides about pods.
    pub fn require_workers(&mut self) {
        if self.workers != Verdict::NotJudged {
            return;
        }
        let detail = self.found[Name::Workers as usize].detail.clone();
        let place = self.reasons.len().min(usize::from(self.pods != Verdict::Sticky));
        self.reasons.insert(place, Reason::new(Code::SingleWorker, Name::Workers, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evident_causes_come_first() {
        let reason = Reason::new(Code::Leaks, Name::StickHttp, "3 of 360");
        assert_eq!(reason.causes(), Code::Leaks.causes());
        let [one, two, three, ..] = Code::Leaks.causes() else { panic!("three causes are needed here") };
        let reason = reason.because(three.0).because(two.0).because(three.0);
        assert_eq!(reason.causes()[..3], [*three, *two, *one]);
    }

    #[test]
    #[should_panic(expected = "leaks: no such cause")]
    fn a_cause_is_one_of_its_code() {
        let _ = Reason::new(Code::Leaks, Name::StickHttp, "3 of 360").because("The moon");
    }
}
