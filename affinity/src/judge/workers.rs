//! Whether sessions stay on one worker: a cookie chooses a pod, and whatever accepts a connection in the pod chooses the worker.

use crate::bounds::{self, CHANCE};
use crate::code::Code;
use crate::run::Run;
use crate::scenario::Name;
use crate::seen::{Outcome, Shot, Who};
use crate::verdict::{Found, Reason, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The verdict on workers, with the scenario of that name.
pub(super) struct Workers {
    pub(super) verdict: Verdict,
    pub(super) reason: Option<Reason>,
    pub(super) found: Found,
}

/// Of a session's later answers from the pod of its first: how many come from the same worker. A move to another worker is proof, whatever
/// is known about pods; one pod can have several workers. Staying is proof only for parallel requests: one after another, a single reused
/// connection to the pod explains it.
pub(super) fn judge(run: &Run) -> Workers {
    let workers = run.workers();
    if workers.values().all(|workers| workers.len() < 2) {
        let why = if workers.is_empty() { "no answer identified its worker" } else { "every pod answered with one worker only" };
        return Workers { verdict: Verdict::NotJudged, reason: None, found: Found::skip(why) };
    }
    let found = |verdict, code, detail: String, found: fn(String) -> Found| Workers {
        verdict,
        reason: Some(Reason::new(code, Name::Workers, detail.clone())),
        found: found(detail),
    };
    let moves = |detail| found(Verdict::NotSticky, Code::WorkerNotSticky, detail, Found::fail);
    let (mut same, mut all) = (0_u64, 0_u64);
    for session in &run.sessions {
        let mut answers = session.shots.iter().filter_map(who);
        let Some(first) = answers.next() else { continue };
        for who in answers.filter(|who| who.pod == first.pod) {
            all += 1;
            same += u64::from(who.worker == first.worker);
        }
    }
    if same < all {
        return moves(format!("{same} of {all} later requests reached the worker that answered first; a cookie chooses a pod, never a worker"));
    }
    let parallel: usize = run.together.iter().map(Vec::len).sum();
    let several = run.together.iter().map(|shots| shots.iter().filter_map(who).collect::<BTreeSet<_>>().len()).max().unwrap_or_default();
    if several > 1 {
        let one_session = run.together.first().map_or(0, Vec::len);
        return moves(format!("one after another, each session's requests met one worker, but {one_session} parallel requests met {several}"));
    }
    let later = run.together.iter().map(|shots| shots.iter().filter_map(who).count().saturating_sub(1)).sum::<usize>();
    if chance(run, later as u64) > CHANCE {
        let detail = format!(
            "each session met one worker in {all} later requests and {parallel} parallel ones, which a reused connection or chance would also explain"
        );
        return found(Verdict::Inconclusive, Code::WorkersUnproven, detail, Found::skip);
    }
    let detail = format!("sessions stay on one worker, even in {parallel} parallel requests");
    Workers { verdict: Verdict::Sticky, reason: None, found: Found::pass(detail) }
}

fn who(shot: &Shot) -> Option<&Who> {
    if let Outcome::By(who) = &shot.outcome { Some(who) } else { None }
}

/// An upper bound for the odds that this many parallel requests meet their session's worker by chance. The workers' shares come from first
/// answers and controls; the pod with the worst odds counts.
fn chance(run: &Run, later: u64) -> f64 {
    let mut pods: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    let first = run.sessions.iter().filter_map(|session| session.shots.first());
    for who in run.controls.iter().chain(first).filter_map(who) {
        if let Some(worker) = &who.worker {
            *pods.entry(&who.pod).or_default().entry(worker).or_default() += 1;
        }
    }
    pods.values().map(|workers| bounds::chance(&workers.values().copied().collect::<Vec<_>>(), later)).fold(0.0, f64::max)
}
