//! From what a run saw to a verdict: sticky, not sticky, or inconclusive, with reasons that have stable codes.
//!
//! A move is proof against affinity, so moves are looked at first. The absence of moves is proof for affinity only where chance, a cache, a
//! single pod, a proxy's errors and an identity that names no pod are ruled out. Every rule is about counts; none looks at a cookie's value.
//!
//! Each file judges the scenarios that belong together, and their part of the verdict with them:
//!
//! | file | scenarios | part of the verdict |
//! |---|---|---|
//! | `requests` | spread, stick-http, attribution | pods, by requests |
//! | `sockets` | stick-ws, ws-first, reconnect | pods, where requests leave it open or sockets disagree |
//! | `first` | parallel-first, dead-cookie | parallel-first: pods; dead-cookie: none |
//! | `workers` | workers | workers |
//! | `idle` | idle | none |
//! | `beside` | local-delivery, relay, reuse | none |
//! | `shared` | shared | none |
//! | `symptom` | spread, stick-http, stick-ws, reconnect, attribution | pods, on a site that never names them |

mod answers;
mod beside;
mod elsewhere;
mod failed;
mod first;
mod idle;
mod moved;
mod nobody;
mod requests;
mod shared;
mod sockets;
mod symptom;
#[cfg(test)]
mod tests;
mod unlogged;
mod unsent;
mod values;
mod workers;

use crate::bounds;
use crate::code::Code;
use crate::run::Run;
use crate::scenario::Name;
use crate::verdict::{Judgement, Verdict};

/// Judges a run. `tolerated` is the rate of moves to tolerate, 0 to 1; with 0 a single move is enough for *not sticky*.
#[must_use]
pub fn judge(run: &Run, tolerated: f64) -> Judgement {
    if symptom::applies(run) {
        return symptom::judge(run, tolerated);
    }
    let chance = chance(run);
    let requests = requests::judge(run, tolerated, chance);
    let sockets = sockets::judge(run, &requests, tolerated);
    let workers = workers::judge(run);
    let (mut pods, mut reasons) = (sockets.pods, requests.reasons);
    reasons.splice(0..0, sockets.reason);
    reasons.extend(workers.reason);

    let parallel = first::parallel(run, requests.verdict, tolerated);
    if let Some(reason) = parallel.reason {
        if pods == Verdict::NotSticky {
            reasons.push(reason);
        } else {
            pods = Verdict::NotSticky;
            reasons.insert(0, reason);
        }
    }

    let dead_cookie = first::dead_cookie(run, requests.verdict, tolerated);
    let (local, relay) = (beside::local_delivery(run), beside::relay(run));
    let (reuse, idle) = (beside::reuse(run), idle::judge(run));
    if !reasons.iter().any(|reason| reason.code == Code::DeadPodKept) {
        reasons.extend(answers::one_pod_fails(run));
    }
    let shared = shared::shared(run, requests.verdict, tolerated);
    reasons.extend(dead_cookie.failed(Code::DeadCookieUnsettled, Name::DeadCookie));
    reasons.extend(shared.failed(Code::SharedConnection, Name::Shared));
    reasons.extend(relay.failed(Code::RelayMissed, Name::Relay));
    // If sessions or workers move, a missed socket is what follows, and they have their own reason.
    if pods == Verdict::Sticky && workers.verdict == Verdict::NotJudged {
        reasons.extend(local.failed(Code::DeliveryMissed, Name::LocalDelivery));
    }
    reasons.extend(idle.reason);
    reasons.extend(beside::ended(run));
    if pods == Verdict::Sticky {
        reasons.extend(symptom::lost_at_home(run));
    }

    let [stick_ws, ws_first, reconnect] = sockets.found;
    // In the order of the names.
    let mut found = [
        requests.spread,
        requests.stick_http,
        stick_ws,
        ws_first,
        reconnect,
        requests.attribution,
        parallel.found,
        dead_cookie,
        workers.found,
        local,
        relay,
        reuse,
        shared,
        idle.found,
    ];
    answers::not_run(run, &mut found);
    Judgement { pods, requests: requests.verdict, workers: workers.verdict, reasons, chance, tolerated, found }
}

/// The odds that chance moves no more later requests than were seen to move. Sessions that bring cookies from the start may be routed to
/// other pods than clients without any: for those, the pods on which they began count.
fn chance(run: &Run) -> f64 {
    let (later, moves) = (run.later_by_home(), run.moves().0);
    let by_pod = |seen: &dyn Fn(&str) -> u64| {
        let pods: Vec<(u64, u64)> = later.iter().map(|(pod, (_, later))| (seen(pod), *later)).collect();
        bounds::chance_by_pod(&pods, moves)
    };
    let (known, all) = (run.began_with_cookies(), by_pod(&|pod| later[pod].0));
    if known.is_empty() { all } else { all.max(by_pod(&|pod| known.get(pod).copied().unwrap_or_default())) }
}
