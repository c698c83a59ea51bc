//! `stickyctl status --local` as a table.

use super::api::Status;
use crate::grid::grid;
use crate::output::short;
use std::time::Duration;
use sticky_core::choice::Issuer;
use sticky_core::topology::Affinity;

/// The columns; from the third on they are numbers.
pub(super) const COLUMNS: [&str; 6] = ["POD", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"];

/// One row for each worker.
pub(super) fn rows(status: &Status) -> impl Iterator<Item = [String; 6]> {
    status.pods.iter().flat_map(|pod| {
        pod.workers.iter().map(move |worker| {
            let state = match pod.left_s {
                Some(left) => format!("draining, {left} s"),
                None => worker.state.word().to_owned(),
            };
            let age = short(Duration::from_secs(worker.age_s));
            [pod.pod.clone(), state, worker.worker.to_string(), worker.sockets.to_string(), worker.restarts.to_string(), age]
        })
    })
}

/// Mode, version and URL of the demo, and how long it has been up.
pub(super) fn title(status: &Status) -> String {
    let changing = if status.settled { "" } else { "  (changing)" };
    let up = short(Duration::from_secs(status.up_s));
    format!("sticky-sessions  {}{changing}  version {}  {}  up {up}", status.mode, status.version, status.url)
}

/// What is around the pods: the front door and the bus.
pub(super) fn around(status: &Status) -> String {
    let (door, bus) = (&status.door, &status.bus);
    let affinity = match (door.affinity, door.issuer) {
        (Affinity::Cookie, Issuer::Proxy) => "by a cookie that the proxy sets (sticky_local)",
        (Affinity::Cookie, Issuer::App) => "by a cookie that the app sets (StickyStr)",
        _ => "off",
    };
    format!("front door  {}, affinity {affinity}\nbus         {}, {}, {}", door.kind, bus.kind, bus.fanout, bus.state)
}

pub(super) fn table(status: &Status) -> String {
    format!("{}\n\n{}\n\n{}", title(status), grid(COLUMNS, rows(status), 2), around(status))
}
