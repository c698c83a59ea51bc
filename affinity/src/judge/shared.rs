//! Whether sessions keep their pods if their requests share a connection, as those of a CDN's users do (haproxy/haproxy#2295).

use crate::bounds;
use crate::run::Run;
use crate::seen::Shot;
use crate::verdict::{Found, Verdict};
use std::collections::BTreeSet;

/// A request on a shared connection: its session's pod, and the pod that answered.
type Met<'a> = (&'a str, &'a str);

/// Sessions that stay on connections of their own, but not on shared ones, move for users behind a CDN. Every other scenario has a connection
/// for each request, and cannot see it.
pub(super) fn shared(run: &Run, requests: Verdict, tolerated: f64) -> Found {
    if run.shared.is_empty() {
        return Found::skip("not requested; add --shared-connection");
    }
    if requests != Verdict::Sticky {
        return Found::skip("needs stick-http");
    }
    let kept: Vec<Vec<Met<'_>>> = run.shared.iter().map(|shots| met(run, shots)).filter(|met| met.len() > 1).collect();
    if kept.is_empty() {
        return Found::skip("no connection carried a second request: the server closes it after each answer");
    }
    let pods = |met: &[Met<'_>]| met.iter().map(|(home, _)| *home).collect::<BTreeSet<_>>().len();
    if kept.iter().all(|met| pods(met) < 2) {
        return Found::skip("the sessions on each connection belong to the same pod");
    }
    let all = kept.iter().flatten().count();
    let missed = kept.iter().flatten().filter(|(home, pod)| home != pod).count();
    let connections = kept.len();
    let plural = if connections == 1 { "connection" } else { "connections" };
    let stayed = format!("{} of {all} requests on {connections} shared {plural} reached their session's pod", all - missed);
    if bounds::rate(missed as u64, all as u64, bounds::SHOWN).least <= tolerated {
        return Found::pass(stayed);
    }
    // The pod of the first request: every later one on the connection went there as well.
    let follow = kept.iter().filter(|met| met.iter().all(|(_, pod)| *pod == met[0].1)).count();
    let follow = if follow == connections { "; each connection stayed on the pod of its first request" } else { "" };
    Found::fail(format!("{stayed}{follow}"))
}

/// What the requests of a connection met, without those that missed their pod because it was gone.
fn met<'a>(run: &'a Run, shots: &'a [(usize, Shot)]) -> Vec<Met<'a>> {
    let pairs = shots.iter().filter_map(|(session, shot)| {
        let session = run.sessions.get(*session)?;
        let (home, pod) = (run.home(session)?, shot.pod()?);
        let since = session.shots.iter().rev().find(|shot| shot.pod() == Some(home))?.at;
        (home == pod || !run.was_forced(home, since, shot)).then_some((home, pod))
    });
    pairs.collect()
}
