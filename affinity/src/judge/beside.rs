//! What is reported apart from the verdict: messages, kept connections, and why sockets ended.

use super::requests::ONE_POD;
use crate::code::Code;
use crate::ends::Why;
use crate::run::Run;
use crate::scenario::Name::Reconnect;
use crate::seen::Shot;
use crate::verdict::{Found, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// Judges messages that the worker that got the POST delivered to its own socket.
pub(super) fn local_delivery(run: &Run) -> Found {
    delivered(run.arrived(|session| &session.local), "messages reached their session's socket")
}

/// Judges messages that went through the bus.
pub(super) fn relay(run: &Run) -> Found {
    delivered(run.arrived(|session| &session.relayed), "messages arrived")
}

fn delivered((arrived, all): (u64, u64), what: &str) -> Found {
    let detail = format!("{arrived} of {all} {what}");
    match all {
        0 => Found::skip("not sticky-app, or no session had an open socket"),
        _ if arrived == all => Found::pass(detail),
        _ => Found::fail(detail),
    }
}

/// Connections that were kept open, without any cookie.
pub(super) fn reuse(run: &Run) -> Found {
    let pods = |shots: &[Shot]| shots.iter().filter_map(Shot::pod).map(str::to_owned).collect::<BTreeSet<_>>();
    let kept: Vec<BTreeSet<String>> =
        run.kept.iter().filter(|shots| shots.iter().filter(|shot| shot.pod().is_some()).count() > 1).map(|shots| pods(shots)).collect();
    if kept.is_empty() {
        return Found::skip("not requested; add --reuse");
    }
    if run.without_cookie().len() < 2 {
        return Found::skip(ONE_POD);
    }
    let (held, all) = (kept.iter().filter(|pods| pods.len() == 1).count(), kept.len());
    if held == all {
        return Found::fail(format!(
            "{held} of {all} kept connections stayed on one pod without a cookie: a test on one connection would see affinity"
        ));
    }
    Found::pass(format!("{} of {all} kept connections reached several pods: a connection holds no session", all - held))
}

/// Why sockets ended, and whether they came back. Silent sockets that count as [`idle`](super::idle) have a reason of their own.
pub(super) fn ended(run: &Run) -> Vec<Reason> {
    let mut ends: BTreeMap<Why, usize> = BTreeMap::new();
    for (socket, why) in run.ends() {
        if !super::idle::counts(run, socket, why) {
            *ends.entry(why).or_default() += 1;
        }
    }
    let (same, all) = run.came_back();
    let back = if all > 0 { format!("; {same} of {all} came back to their pod") } else { String::new() };
    let reason = |(why, count): (Why, usize)| {
        let code = match why {
            Why::Ours => return None,
            Why::Goodbye => Code::Goodbye,
            Why::PodTerminated => Code::PodTerminated,
            Why::IdleTimeout => Code::IdleTimeout,
            Why::ProxyRecycled => Code::ProxyRecycled,
            Why::Transport => Code::SocketLost,
        };
        let sockets = if count == 1 { "socket" } else { "sockets" };
        Some(Reason::new(code, Reconnect, format!("{count} {sockets} ended during the run{back}")))
    };
    ends.into_iter().filter_map(reason).collect()
}
