//! What is known of workers: a cookie chooses a pod, and whoever accepts a connection in it chooses the worker.

use super::{Reason, Verdict};
use crate::verify::bounds::{self, CHANCE};
use crate::verify::code::Code;
use crate::verify::run::Run;
use crate::verify::scenario::Name::Workers;
use crate::verify::seen::{Outcome, Shot, Who};
use std::collections::{BTreeMap, BTreeSet};

/// Of a session's later answers by the pod of its first, how many are by the same worker. A move to another worker is proof whatever
/// is known of pods: one pod is enough to have several. Sameness is proof only at once, since one reused connection to the pod explains
/// it one after another.
pub(super) fn judge(run: &Run) -> (Verdict, Option<Reason>) {
    if run.workers().values().all(|workers| workers.len() < 2) {
        return (Verdict::NotJudged, None);
    }
    let reason = |code, detail| Some(Reason::new(code, Workers, detail));
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
        let detail = format!("{same} of {all} later requests on the worker that answered first; a cookie chooses a pod and never a worker");
        return (Verdict::NotSticky, reason(Code::WorkerNotSticky, detail));
    }
    let at_once: usize = run.together.iter().map(Vec::len).sum();
    let several = run.together.iter().map(|shots| shots.iter().filter_map(who).collect::<BTreeSet<_>>().len()).max().unwrap_or_default();
    if several > 1 {
        let detail = format!("one after another each session met one worker, and {} requests at once met {several}", run.together[0].len());
        return (Verdict::NotSticky, reason(Code::WorkerNotSticky, detail));
    }
    let later = run.together.iter().map(|shots| shots.iter().filter_map(who).count().saturating_sub(1)).sum::<usize>();
    if chance(run, later as u64) > CHANCE {
        let detail =
            format!("each session met one worker in {all} later requests and {at_once} at once, which a reused connection or chance explains too");
        return (Verdict::Inconclusive, reason(Code::WorkersUnproven, detail));
    }
    (Verdict::Sticky, None)
}

fn who(shot: &Shot) -> Option<&Who> {
    if let Outcome::By(who) = &shot.outcome { Some(who) } else { None }
}

/// The odds that so many requests at once meet their session's worker by chance, from the workers that first answers and controls met: those
/// of the pod that is worst for it.
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
