//! The verdict on a disruption.

use super::drain::{Drained, MOST_NEW};
use super::errors::{Errors, Window};
use super::moved::Moved;
use super::observed::Disruption;
use super::sockets::Sockets;
use super::spread::Load;
use crate::change::Kind;
use crate::code::Code;
use crate::ends::Why;
use crate::promise::{Kept, Promise, Share};
use crate::scenario::Mark;
use crate::seen::Shot;
use std::collections::BTreeSet;
use std::time::Duration;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// What was seen: a clause without a capital or a full stop.
    pub detail: String,
    /// What it makes of the disruption: [`Mark::Pass`] if it is only worth knowing.
    pub mark: Mark,
}

/// The verdict on a disruption.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Whether sessions fared as the front door promises; [`Mark::Skip`] if that can't be told.
    pub mark: Mark,
    /// What was seen, in a clause without a capital or a full stop.
    pub detail: String,
    /// Findings, those that decide first.
    pub findings: Vec<Finding>,
    /// Sessions that moved.
    pub moved: Moved,
    /// The share of sessions that were expected to leave ready pods; `None` if nothing is promised.
    pub share: Option<Share>,
    /// Requests that failed.
    pub errors: Errors,
    /// Pods that terminated.
    pub drained: Vec<Drained>,
    /// Sockets.
    pub sockets: Sockets,
    /// Where sessions and new requests are afterwards.
    pub spread: Vec<Load>,
}

/// Judges a disruption.
#[must_use]
pub fn judge(seen: &Disruption) -> Judged {
    let (moved, errors, drained, sockets) = (Moved::of(seen), Errors::of(seen), Drained::all(seen), Sockets::of(seen));
    let share = seen.promise.share(seen.kind, seen.pods);
    let mut findings: Vec<Finding> = match unclear(seen, &moved) {
        Some(finding) => vec![finding],
        None => {
            let others = [moves(seen, &moved, share), new(&drained), elsewhere(&sockets)];
            others.into_iter().flatten().chain(failures(seen, &errors)).collect()
        }
    };
    findings.extend(cut(seen, &sockets));
    findings.sort_by_key(|finding| [Mark::Fail, Mark::Skip, Mark::Pass].iter().position(|mark| *mark == finding.mark));
    let mark = findings.first().map_or(Mark::Pass, |finding| finding.mark);
    let detail = match findings.first().filter(|finding| finding.mark == Mark::Skip) {
        Some(finding) => finding.detail.clone(),
        None => in_words(seen, &moved, &errors, share),
    };
    Judged { mark, detail, findings, moved, share, errors, drained, sockets, spread: Load::all(seen) }
}

fn finding(mark: Mark, code: Code, detail: String) -> Finding {
    Finding { code, detail, mark }
}

/// What keeps the disruption from being judged.
fn unclear(seen: &Disruption, moved: &Moved) -> Option<Finding> {
    let skip = |code, detail: String| Some(finding(Mark::Skip, code, detail));
    let before: BTreeSet<&str> = seen.run.shots().filter(|shot| shot.at < seen.acted).filter_map(Shot::pod).collect();
    match () {
        () if moved.of == 0 => skip(Code::NoIdentity, "no answer identified its pod".to_owned()),
        () if before.len() < 2 => skip(Code::SingleBackendPath, "one pod answered everything before the change".to_owned()),
        () if moved.unknown > 0 => {
            let names = before.into_iter().take(2).collect::<Vec<_>>().join(", ");
            skip(Code::PodsUnknown, format!("answers name {names}, and the cluster has no pod of such a name"))
        }
        () if seen.settled.is_none() => skip(Code::DisruptionUnsettled, format!("{} pods were not ready in time", seen.pods.1)),
        () => None,
    }
}

fn moves(seen: &Disruption, moved: &Moved, share: Option<Share>) -> Option<Finding> {
    let counts = |share: Share| share.counts(moved.of);
    let detail = |share: Share| {
        let (least, most) = counts(share);
        let range = if most == 0 { "none should".to_owned() } else { format!("{least} to {most} are expected on a ring") };
        format!("{} of {} sessions left ready pods; {range}", moved.collateral, moved.of)
    };
    let Some(share) = share else {
        let ring = Promise::Ring.share(seen.kind, seen.pods)?;
        return match ring.compare(moved.collateral, moved.of) {
            _ if moved.collateral == 0 => None,
            Kept::More => Some(finding(Mark::Fail, Code::DisruptionMoved, detail(ring))),
            Kept::AsPromised | Kept::Fewer => Some(finding(Mark::Skip, Code::RingMoved, detail(ring))),
        };
    };
    match share.compare(moved.collateral, moved.of) {
        Kept::More => Some(finding(Mark::Fail, Code::DisruptionMoved, detail(share))),
        _ if moved.collateral > 0 => Some(finding(Mark::Pass, Code::RingMoved, detail(share))),
        Kept::AsPromised | Kept::Fewer => None,
    }
}

/// Requests that should not have failed. If a pod dies, those that it would have answered may fail until the front door knows.
fn failures(seen: &Disruption, errors: &Errors) -> Vec<Finding> {
    let part = |window: &Window, whose: &str| {
        let (first, last) = (window.first.unwrap_or_default(), window.last.unwrap_or_default());
        format!("{} of {} requests of {whose} failed, from {} to {} after the change", window.failed, window.of, seconds(first), seconds(last))
    };
    let parts = [(&errors.hit, "sessions whose pod went"), (&errors.others, "other sessions"), (&errors.unbound, "clients without a session")];
    let limits = if seen.kind.is_graceful() { [None; 3] } else { [Some(seen.tolerated), None, Some(seen.tolerated)] };
    let mut too_many: Vec<Finding> = Vec::new();
    for ((window, whose), limit) in parts.into_iter().zip(limits) {
        if window.failed == 0 || limit.is_some_and(|limit| window.length() <= limit) {
            continue;
        }
        let is_kept = !seen.kind.is_graceful() && whose == parts[0].1;
        let code = if is_kept { Code::DeadPodKept } else { Code::DisruptionErrors };
        match too_many.iter_mut().find(|other| other.code == code) {
            Some(other) => other.detail = format!("{}; {}", other.detail, part(window, whose)),
            None => too_many.push(finding(Mark::Fail, code, part(window, whose))),
        }
    }
    too_many
}

/// New sessions that began on a pod which had long begun to terminate.
fn new(drained: &[Drained]) -> Option<Finding> {
    let late: Vec<String> = drained
        .iter()
        .filter_map(|one| Some((one, one.last_new.filter(|last| *last > MOST_NEW)?)))
        .map(|(one, last)| {
            format!("{} answered {} requests without a cookie, the last {} after it began to terminate", one.pod, one.new, seconds(last))
        })
        .collect();
    (!late.is_empty()).then(|| finding(Mark::Fail, Code::DrainTakesNew, late.join("; ")))
}

fn elsewhere(sockets: &Sockets) -> Option<Finding> {
    let came = sockets.back + sockets.elsewhere;
    let detail = format!("{} of {came} sockets came back to another pod than their session's requests", sockets.elsewhere);
    (sockets.elsewhere > 0).then(|| finding(Mark::Fail, Code::SocketElsewhere, detail))
}

/// Sockets that ended without a close frame, although their pod had the time to send one.
fn cut(seen: &Disruption, sockets: &Sockets) -> Option<Finding> {
    let cut = sockets.ended.get(&Why::PodTerminated).copied().filter(|_| seen.kind.is_graceful())?;
    let detail = format!("{cut} of {} sockets ended without a close frame", sockets.held);
    Some(finding(Mark::Pass, Code::PodTerminated, detail))
}

fn in_words(seen: &Disruption, moved: &Moved, errors: &Errors, share: Option<Share>) -> String {
    let (failed, of) = errors.all();
    let moves = match (moved.sessions, moved.collateral) {
        (0, _) => format!("none of {} sessions moved", moved.of),
        (all, 0) => format!("{all} of {} sessions moved, all of them from pods that went", moved.of),
        (all, collateral) => {
            let expected = match share {
                Some(share) if share.expected > 0.0 && seen.kind != Kind::Rollout => {
                    let (least, most) = share.counts(moved.of);
                    format!(" ({least} to {most} expected on a ring)")
                }
                _ => String::new(),
            };
            format!("{all} of {} sessions moved, {collateral} of them from ready pods{expected}", moved.of)
        }
    };
    let window = if failed == 0 { String::new() } else { format!(" within {}", seconds(length(errors))) };
    format!("{moves}; {failed} of {of} requests failed{window}")
}

/// From the first failed request to the last one.
fn length(errors: &Errors) -> Duration {
    let all = [errors.hit, errors.others, errors.unbound];
    let (first, last) = (all.iter().filter_map(|one| one.first).min(), all.iter().filter_map(|one| one.last).max());
    last.unwrap_or_default().saturating_sub(first.unwrap_or_default())
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
