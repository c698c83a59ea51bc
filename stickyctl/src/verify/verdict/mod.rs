//! From what a run saw to a verdict: sticky, not sticky, or inconclusive, with reasons that have stable codes.
//!
//! A move is proof against affinity, so it is looked at early; that nothing moved is proof for it only where chance, a cache, a single
//! pod, a proxy's errors and an identity that is none are out of the question. Every rule is over counts, and none looks at a cookie's
//! value.

mod errors;
mod moved;
mod others;
mod requests;
mod sockets;
mod workers;

pub use sockets::verdict as of_sockets;

use super::bounds;
use super::code::Code;
use super::run::Run;
use super::scenario::Name;

/// What was found about pods, or about workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Sessions stay.
    Sticky,
    /// They don't.
    NotSticky,
    /// The run does not tell.
    Inconclusive,
    /// There was nothing to judge: one worker a pod.
    NotJudged,
}

impl Verdict {
    /// As JSON has it.
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

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: Code,
    /// The scenario that it is from.
    pub scenario: Name,
    /// What was seen, in numbers.
    pub detail: String,
}

impl Reason {
    fn new(code: Code, scenario: Name, detail: impl Into<String>) -> Self {
        Self { code, scenario, detail: detail.into() }
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Pods, by requests and sockets.
    pub pods: Verdict,
    /// Pods, by requests alone.
    pub requests: Verdict,
    /// Workers.
    pub workers: Verdict,
    /// Why, the decisive one first.
    pub reasons: Vec<Reason>,
    /// At most how likely chance alone is to move no more than was seen.
    pub chance: f64,
    /// The rate of moves that is put up with, 0 for none.
    pub tolerated: f64,
}

impl Judgement {
    /// Whether a code is among the reasons.
    #[must_use]
    pub fn tells(&self, code: Code) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }
}

/// Judges a run. `tolerated` is the rate of moves that is put up with, 0 for none.
#[must_use]
pub fn judge(run: &Run, tolerated: f64) -> Judgement {
    let chance = chance(run);
    let (requests, mut reasons) =
        errors::unreadable(run).map_or_else(|| requests::judge(run, tolerated, chance), |reason| (Verdict::Inconclusive, vec![reason]));
    let mut pods = requests;
    if let Some((verdict, reason)) = sockets::judge(run, tolerated) {
        // A socket elsewhere is proof, save where what excuses the requests excuses it too; that none could be opened only takes a proof
        // away. Where requests move, sockets do too.
        let excuses = [Code::SecureOverHttp, Code::PodsReplaced, Code::Cached, Code::IdentityUnstable];
        let is_excused = reasons.iter().any(|reason| excuses.contains(&reason.code));
        if (verdict == Verdict::NotSticky && pods != Verdict::NotSticky && !is_excused)
            || (verdict == Verdict::Inconclusive && pods == Verdict::Sticky)
        {
            pods = verdict;
            reasons.insert(0, reason);
        }
    }
    let (workers, reason) = workers::judge(run);
    reasons.extend(reason);
    let mut judgement = Judgement { pods, requests, workers, reasons, chance, tolerated };
    if let Some(reason) = others::unsettled(run, &judgement) {
        if judgement.pods != Verdict::NotSticky {
            judgement.pods = Verdict::NotSticky;
            judgement.reasons.insert(0, reason);
        } else {
            judgement.reasons.push(reason);
        }
    }
    let others = others::all(run, &judgement);
    judgement.reasons.extend(others);
    judgement
}

/// How likely chance is to move no more later requests than were seen. Sessions that have cookies from the start may be led to other pods than
/// who has none: where they began counts for them.
fn chance(run: &Run) -> f64 {
    let (later, moves) = (run.later_by_home(), run.moves().0);
    let by_pod = |seen: &dyn Fn(&str) -> u64| {
        let pods: Vec<(u64, u64)> = later.iter().map(|(pod, (_, later))| (seen(pod), *later)).collect();
        bounds::chance_by_pod(&pods, moves)
    };
    let (known, all) = (run.began_with_cookies(), by_pod(&|pod| later[pod].0));
    if known.is_empty() { all } else { all.max(by_pod(&|pod| known.get(pod).copied().unwrap_or_default())) }
}

#[cfg(test)]
mod tests;
