//! Reasons from what runs beside requests and sockets. All but one are told and leave the verdict alone.

use super::errors::one_pod_fails;
use super::{Judgement, Reason, Verdict};
use crate::verify::code::Code;
use crate::verify::ends::Why;
use crate::verify::run::Run;
use crate::verify::scenario::Name::{self, DeadCookie, Idle, LocalDelivery, ParallelFirst, Reconnect, Relay};
use crate::verify::scenario::{ALL, Chosen, Mark};
use crate::verify::seen::Shot;
use std::collections::BTreeMap;

pub(super) fn all(run: &Run, judgement: &Judgement) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !judgement.tells(Code::DeadPodKept) {
        reasons.extend(one_pod_fails(run));
    }
    for (name, code) in [(DeadCookie, Code::DeadCookieUnsettled), (Relay, Code::RelayMissed)] {
        reasons.extend(failed(run, judgement, name).map(|detail| Reason::new(code, name, detail)));
    }
    // Where sessions or workers are not sticky, this is what follows, and they have their own reason.
    if judgement.pods == Verdict::Sticky && judgement.workers == Verdict::NotJudged {
        reasons.extend(failed(run, judgement, LocalDelivery).map(|detail| Reason::new(Code::DeliveryMissed, LocalDelivery, detail)));
    }
    let idle = failed(run, judgement, Idle);
    let mut ends: BTreeMap<Why, usize> = BTreeMap::new();
    for (socket, why) in run.ends() {
        let was_silent = run.idle.contains(socket) && socket.end.as_ref().is_some_and(|end| end.is_by_silence(why));
        if !was_silent {
            *ends.entry(why).or_default() += 1;
        }
    }
    reasons.extend(idle.map(|detail| Reason::new(Code::IdleTimeout, Idle, detail)));
    let (same, all) = run.came_back();
    let back = if all > 0 { format!("; {same} of {all} came back to their pod") } else { String::new() };
    for (why, count) in ends {
        let code = match why {
            Why::Ours => continue,
            Why::Goodbye => Code::Goodbye,
            Why::PodTerminated => Code::PodTerminated,
            Why::IdleTimeout => Code::IdleTimeout,
            Why::ProxyRecycled => Code::ProxyRecycled,
            Why::Transport => Code::SocketLost,
        };
        reasons.push(Reason::new(code, Reconnect, format!("{count} sockets ended during the run{back}")));
    }
    reasons
}

/// A session that moves with the site's own cookies, because it got several at once: users' pages begin like that, so it decides. Not where
/// a pod of those went meanwhile, and not where so many moves are put up with.
pub(super) fn unsettled(run: &Run, judgement: &Judgement) -> Option<Reason> {
    let shots = &run.at_once.1;
    let (first, last) = (shots.first()?, shots.last()?);
    let gone = shots.iter().filter_map(Shot::pod).any(|pod| run.was_ready(pod, first.at, last.at + last.took) == Some(false));
    let detail = failed(run, judgement, ParallelFirst).filter(|_| !gone)?;
    Some(Reason::new(Code::ParallelUnsettled, ParallelFirst, detail))
}

/// What a scenario saw, where it failed.
fn failed(run: &Run, judgement: &Judgement, name: Name) -> Option<String> {
    let (mark, detail) = ALL[name as usize].of(run, judgement, &Chosen::default());
    (mark == Mark::Fail).then_some(detail)
}
