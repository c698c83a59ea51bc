//! The app's pods: resources, limits, the arithmetic of a drain, the autoscaler.

use super::names;
use crate::spec::canary::Canary;
use crate::spec::pods::{Amounts, Limits, Resources};
use crate::spec::{Findings, StickyApp};
use sticky_core::memory;
use sticky_core::mode::MOST;
use sticky_core::version::Version;

/// The largest body, text or frame that the app can be set to, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// The app's own defaults of body, text and frame in bytes (`sticky-app --help`).
const DEFAULT_BODY: u64 = 16 << 10;
const DEFAULT_TEXT: u64 = 4_096;

/// Seconds from SIGTERM until both front doors have stopped using an unready pod: the readiness probe's period of 2 s, and up to
/// 4.5 s in ingress-nginx 1.15.1 right after another sync (measured).
const DOORS_MOVE_ON: u32 = 7;

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    resources("resources", &spec.resources, findings);
    limits(&spec.limits, !spec.ingress.trusted_proxies.is_empty(), findings);
    sockets_fit_into_memory(spec, findings);
    drain(spec, findings);
    autoscaling(spec, findings);
    canary(&spec.canary, findings);
}

/// Requests must not exceed limits, and memory must have a unit.
pub(super) fn resources(path: &str, resources: &Resources, findings: &mut Findings) {
    let Resources { requests, limits } = resources;
    for (name, asks, most) in [("cpu", &requests.cpu, &limits.cpu), ("memory", &requests.memory, &limits.memory)] {
        if let (Some(asks), Some(most)) = (asks, most)
            && asks.nano() > most.nano()
        {
            findings.refuse(&format!("{path}.requests.{name}"), format!("{asks} is more than the limit of {most}"));
        }
    }
    for (name, Amounts { memory, .. }) in [("requests", requests), ("limits", limits)] {
        // `memory: 256` is a common slip for 256Mi.
        if let Some(memory) = memory
            && memory.whole() < 4 << 20
        {
            findings.refuse(
                &format!("{path}.{name}.memory"),
                format!("{memory} is less than 4Mi, too little for anything to start; is the unit missing?"),
            );
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
        ("connectionsPerAddress", limits.connections_per_address, 10_000_000),
        ("newSessionsPerMinute", limits.new_sessions_per_minute, 1_000_000),
        ("maxCursors", limits.max_cursors, 1_000_000),
        ("maxModels", limits.max_models, 1_000_000),
    ];
    for (name, value, most) in bounds {
        if value.is_some_and(|value| value < 1 || value > most) {
            findings.refuse(&format!("limits.{name}"), format!("invalid value: it must be from 1 to {most}"));
        }
    }
    let text = limits.max_text.unwrap_or(DEFAULT_TEXT);
    for (name, carrier) in [("maxBody", limits.max_body), ("maxFrame", limits.max_frame)] {
        let carrier = carrier.unwrap_or(DEFAULT_BODY);
        if text > carrier {
            findings.refuse("limits.maxText", format!("a text of {text} bytes can never arrive, because limits.{name} is {carrier}"));
        }
    }
    for (name, value) in [("connectionsPerAddress", limits.connections_per_address), ("newSessionsPerMinute", limits.new_sessions_per_minute)] {
        if value.is_some() && !trusted {
            let why = "without ingress.trustedProxies every client would have the front door's address; set that too";
            findings.refuse(&format!("limits.{name}"), why);
        }
    }
}

/// The app refuses sockets for which its memory has no room, whatever the limit says.
fn sockets_fit_into_memory(spec: &StickyApp, findings: &mut Findings) {
    let (Some(most), Some(memory)) = (spec.limits.max_sockets, &spec.resources.limits.memory) else { return };
    let limit = u64::try_from(memory.whole()).unwrap_or_default();
    let room = memory::sockets(memory::budget(limit, spec.mode.workers));
    if usize::try_from(most).is_ok_and(|most| most > room) {
        let workers = spec.mode.workers;
        findings.warn(
            "limits.maxSockets",
            format!("resources.limits.memory {memory} has room for {room} sockets on each of {workers} workers; raise it, or expect 503 beyond that"),
        );
    }
}

fn drain(spec: &StickyApp, findings: &mut Findings) {
    let drain = &spec.drain;
    if drain.pre_stop.0 == 0 {
        findings.refuse("drain.preStop", "with 0s, SIGTERM would race the removal of the endpoint, and clusters before 1.34 refuse it; write 5s");
    }
    if drain.window.0 == 0 {
        findings.refuse("drain.window", "0s would close every socket at once, and all clients would reconnect at once; write 15s");
    }
    let least = drain.least_grace();
    if drain.grace() < least {
        findings.refuse(
            "drain.grace",
            format!(
                "the kubelet would kill the pod before it has drained: {} is less than preStop {} + delay {} + window {} + 5s, which is {least}s; leave the key out",
                drain.grace.unwrap_or(drain.window), drain.pre_stop, drain.delay, drain.window
            ),
        );
    }
    if drain.delay.0 < DOORS_MOVE_ON {
        findings
            .warn("drain.delay", format!("a front door may need {DOORS_MOVE_ON} s to stop using a pod, so with {} requests can fail", drain.delay));
    }
}

fn autoscaling(spec: &StickyApp, findings: &mut Findings) {
    let Some(scaling) = &spec.autoscaling else { return };
    let min = scaling.min.unwrap_or(spec.mode.pods);
    if min == 0 || scaling.max > MOST || min > scaling.max {
        findings.refuse(
            "autoscaling",
            format!("invalid range of pods, {min} to {}: both must be from 1 to {MOST}, and min must not be more than max", scaling.max),
        );
    } else if !(min..=scaling.max).contains(&spec.mode.pods) {
        findings.refuse(
            "mode",
            format!(
                "{} has {} pods, which is outside of autoscaling's range of {min} to {}; choose a mode within it",
                spec.mode, spec.mode.pods, scaling.max
            ),
        );
    }
    if !(1..=1_000).contains(&scaling.cpu) {
        findings.refuse("autoscaling.cpu", "invalid value: it must be a percentage of resources.requests.cpu, from 1 to 1000");
    }
    if spec.resources.requests.cpu.is_none() {
        findings.refuse("resources.requests.cpu", "autoscaling requires it, because its target is a percentage of it; write 100m");
    }
}

fn canary(canary: &Canary, findings: &mut Findings) {
    if canary.pods > MOST {
        findings.refuse("canary.pods", format!("invalid value: it must be from 0 to {MOST}"));
    }
    if let Some(image) = &canary.image {
        names::image("canary.image", image, findings);
    }
    if canary.image.is_none() && canary.version.as_ref() == Some(&Version::own()) {
        findings
            .warn("canary.version", "the other pods report it too, so nobody can tell which version answered; choose another, or leave the key out");
    }
}
