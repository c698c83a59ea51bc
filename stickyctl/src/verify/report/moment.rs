//! Times and events, as reports have them.

use super::observed::{Happened, Kind};
use std::time::Duration;
use sticky_affinity::seen::{Event, PodState, What};
use sticky_core::harmless::harmless;

pub(in crate::verify) fn ms(duration: Duration) -> f64 {
    // To the microsecond: more digits are noise.
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

pub(super) fn happened(event: &Event) -> Happened {
    let (kind, text) = match &event.what {
        What::Pod { pod, state: PodState::Ready } => (Kind::PodReady, format!("{pod} ready")),
        What::Pod { pod, state: PodState::NotReady } => (Kind::PodNotReady, format!("{pod} not ready")),
        What::Pod { pod, state: PodState::Terminating } => (Kind::PodTerminating, format!("{pod} terminating")),
        What::Pod { pod, state: PodState::Gone } => (Kind::PodGone, format!("{pod} gone")),
        What::Tunnel(why) => (Kind::Tunnel, format!("tunnel: {why}")),
    };
    Happened { at_ms: ms(event.at), kind, text: harmless(&text) }
}
