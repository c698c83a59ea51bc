//! The app's pods: resources, limits, the arithmetic of leaving, the autoscaler.

use crate::spec::pods::{Amounts, Limits, Resources};
use crate::spec::{Findings, StickyApp};
use sticky_core::mode::MOST;

/// What the app takes at most as a size of a body, text or frame.
const MOST_BYTES: u64 = 64 << 20;

/// The app's own defaults of body, text and frame (`sticky-app --help`).
const DEFAULT_BODY: u64 = 16 << 10;
const DEFAULT_TEXT: u64 = 4_096;

/// Seconds from SIGTERM until both front doors have left an unready pod: the readiness probe's period of 2 s, and up to
/// 4.5 s in ingress-nginx 1.15.1 when another change has just been synced (measured).
const DOORS_MOVE_ON: u32 = 7;

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    resources("resources", &spec.resources, findings);
    limits(&spec.limits, !spec.ingress.trusted_proxies.is_empty(), findings);
    drain(spec, findings);
    autoscaling(spec, findings);
}

/// Requests within limits; both written for memory, or nobody bounds the pod.
pub(super) fn resources(path: &str, resources: &Resources, findings: &mut Findings) {
    let Resources { requests, limits } = resources;
    for (name, asks, most) in [("cpu", &requests.cpu, &limits.cpu), ("memory", &requests.memory, &limits.memory)] {
        if let (Some(asks), Some(most)) = (asks, most)
            && asks.nano() > most.nano()
        {
            findings.refuse(&format!("{path}.requests.{name}"), format!("{asks} is more than the limit, {most}"));
        }
    }
    for (name, Amounts { memory, .. }) in [("requests", requests), ("limits", limits)] {
        // Megabytes, not bytes: `memory: 256` is a common slip for 256Mi.
        if let Some(memory) = memory
            && memory.whole() < 4 << 20
        {
            findings.refuse(&format!("{path}.{name}.memory"), format!("{memory} is less than 4Mi, in which nothing starts; is the unit missing?"));
        }
    }
}

fn limits(limits: &Limits, trusted: bool, findings: &mut Findings) {
    let bounds = [
        ("maxBody", limits.max_body, MOST_BYTES),
        ("maxText", limits.max_text, MOST_BYTES),
        ("maxFrame", limits.max_frame, MOST_BYTES),
        ("maxSockets", limits.max_sockets, 10_000_000),
        ("maxRequests", limits.max_requests, 1_000_000),
        ("socketsPerSession", limits.sockets_per_session, 1_000),
        ("newSessionsPerMinute", limits.new_sessions_per_minute, 1_000_000),
    ];
    for (name, value, most) in bounds {
        if value.is_some_and(|value| value < 1 || value > most) {
            findings.refuse(&format!("limits.{name}"), format!("it is 1 to {most}"));
        }
    }
    let text = limits.max_text.unwrap_or(DEFAULT_TEXT);
    for (name, carrier) in [("maxBody", limits.max_body), ("maxFrame", limits.max_frame)] {
        let carrier = carrier.unwrap_or(DEFAULT_BODY);
        if text > carrier {
            findings.refuse("limits.maxText", format!("a text of {text} bytes can't arrive: limits.{name} is {carrier}"));
        }
    }
    if limits.new_sessions_per_minute.is_some() && !trusted {
        findings
            .refuse("limits.newSessionsPerMinute", "it counts nothing without ingress.trustedProxies, since every address would be the front door's");
    }
}

fn drain(spec: &StickyApp, findings: &mut Findings) {
    let drain = &spec.drain;
    if drain.pre_stop.0 == 0 {
        findings
            .refuse("drain.preStop", "0s is no sleep, and clusters before 1.34 refuse it; SIGTERM and the endpoint's removal would race. Write 5s");
    }
    if drain.window.0 == 0 {
        findings.refuse("drain.window", "0s would close every socket at once, and all would come back at once; write 15s");
    }
    let least = drain.least_grace();
    if drain.grace() < least {
        findings.refuse(
            "drain.grace",
            format!(
                "the kubelet would kill the pod before it has left: {} is less than preStop {} + delay {} + window {} + 5s, which is {least}s; leave it out",
                drain.grace.unwrap_or(drain.window), drain.pre_stop, drain.delay, drain.window
            ),
        );
    }
    if drain.delay.0 < DOORS_MOVE_ON {
        findings.warn(
            "drain.delay",
            format!("a front door may need {DOORS_MOVE_ON} s to leave a pod that is going; in {} requests can fail", drain.delay),
        );
    }
}

fn autoscaling(spec: &StickyApp, findings: &mut Findings) {
    let Some(scaling) = &spec.autoscaling else { return };
    let min = scaling.min.unwrap_or(spec.mode.pods);
    if min == 0 || scaling.max > MOST || min > scaling.max {
        findings.refuse("autoscaling", format!("pods go from {min} to {}; they are 1 to {MOST}, and the first is the smaller one", scaling.max));
    } else if !(min..=scaling.max).contains(&spec.mode.pods) {
        findings.refuse(
            "mode",
            format!("{} says {} pods, and autoscaling keeps {min} to {}; let the mode lie between", spec.mode, spec.mode.pods, scaling.max),
        );
    }
    if !(1..=1_000).contains(&scaling.cpu) {
        findings.refuse("autoscaling.cpu", "it is a percentage of resources.requests.cpu, 1 to 1000");
    }
    if spec.resources.requests.cpu.is_none() {
        findings.refuse("resources.requests.cpu", "autoscaling aims at a share of it; write 100m");
    }
}
