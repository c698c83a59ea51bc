//! From what came of disruptions and proxies to the report.

use super::disruptions::{Crossing, Disruption, Errors, Expected, Found, Proxies, Remedy, Sockets, Terminating, Window};
use super::moment::{happened, ms};
use crate::verify::disrupt::{Disrupted, Proxies as Compared};
use std::time::Duration;
use sticky_affinity::disrupt::{self, Drained, Finding, Load};
use sticky_core::harmless::harmless;

fn found(finding: &Finding) -> Found {
    let code = finding.code;
    let causes = code.causes().iter().map(|(cause, attempt)| Remedy { cause: (*cause).to_owned(), attempt: (*attempt).to_owned() }).collect();
    Found { code, title: code.title().to_owned(), outcome: finding.mark, detail: harmless(&finding.detail), causes }
}

fn window(window: &disrupt::Window) -> Window {
    Window { failed: window.failed, of: window.of, first_after_ms: window.first.map(ms), last_after_ms: window.last.map(ms) }
}

fn terminating(pod: &Drained) -> Terminating {
    Terminating {
        pod: harmless(&pod.pod),
        gone_after_ms: pod.gone.map(ms),
        kept_for_ms: pod.kept.map(ms),
        new: pod.new,
        last_new_after_ms: pod.last_new.map(ms),
    }
}

pub(super) fn disruption(done: &Disrupted) -> Disruption {
    let (seen, judged) = (&done.seen, &done.judged);
    let expected = judged.share.map(|share| {
        let (least, most) = share.counts(judged.moved.of);
        Expected { share: share.expected, least, most }
    });
    let sockets = &judged.sockets;
    Disruption {
        kind: seen.kind,
        what: harmless(&done.what),
        workload: harmless(&done.workload),
        promise: seen.promise,
        pods_before: seen.pods.0,
        pods_after: seen.pods.1,
        outcome: judged.mark,
        detail: harmless(&judged.detail),
        settled_after_ms: ms(done.took),
        moved: judged.moved,
        expected,
        errors: Errors {
            bound_to_lost_pods: window(&judged.errors.hit),
            bound_to_others: window(&judged.errors.others),
            unbound: window(&judged.errors.unbound),
        },
        terminating: judged.drained.iter().map(terminating).collect(),
        sockets: Sockets { held: sockets.held, ended: sockets.ended.clone(), back: sockets.back, elsewhere: sockets.elsewhere, lost: sockets.lost },
        spread: judged.spread.iter().map(|load| Load { pod: harmless(&load.pod), ..*load }).collect(),
        events: seen.run.events.iter().filter(|event| event.at > Duration::ZERO).map(happened).collect(),
        reasons: judged.findings.iter().map(found).collect(),
    }
}

pub(super) fn proxies(compared: &Compared) -> Proxies {
    let agreement = &compared.agreement;
    let pods = |pods: &[Option<String>]| pods.iter().map(|pod| pod.as_deref().map(harmless)).collect();
    Proxies {
        names: compared.names.iter().map(|name| harmless(name)).collect(),
        outcome: agreement.mark,
        detail: harmless(&agreement.detail),
        agreed_after_ms: agreement.after.map(ms),
        cookies: agreement.rows.iter().map(|row| Crossing { issuer: row.issuer, pods: pods(&row.pods) }).collect(),
        reason: agreement.finding.as_ref().map(found),
    }
}
