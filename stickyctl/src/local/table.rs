//! `stickyctl status --local` as a table.

use super::api::Status;
use crate::fit::fit;
use crate::grid::grid;
use crate::output::short;
use crate::spec::canary::beside;
use std::time::Duration;
use sticky_core::choice::Issuer;
use sticky_core::topology::Affinity;

/// The columns; from the third on they are numbers.
pub(super) const COLUMNS: [&str; 6] = ["POD", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"];

/// Whether the pods differ in their version. As long as all have the same, the first line shows it.
pub(super) fn has_versions(status: &Status) -> bool {
    status.pods.iter().any(|pod| pod.version != status.version)
}

/// One row for each worker, and the version of its pod.
pub(super) fn rows(status: &Status) -> impl Iterator<Item = (String, [String; 6])> {
    status.pods.iter().flat_map(|pod| {
        pod.workers.iter().map(move |worker| {
            let state = match pod.left_s {
                Some(left) => format!("draining, {left} s"),
                None => worker.state.word().to_owned(),
            };
            let age = short(Duration::from_secs(worker.age_s));
            let row = [pod.pod.clone(), state, worker.worker.to_string(), worker.sockets.to_string(), worker.restarts.to_string(), age];
            (pod.version.clone(), row)
        })
    })
}

/// The mode, and whether it is reached.
pub(super) fn mode(status: &Status) -> String {
    format!("{}{}", beside(&status.mode, status.canary.into()), if status.settled { "" } else { "  (changing)" })
}

/// How long the demo has been up.
pub(super) fn up(status: &Status) -> String {
    short(Duration::from_secs(status.up_s))
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

/// In the width of a terminal.
pub(super) fn table(status: &Status, columns: Option<usize>) -> String {
    let rows = if has_versions(status) {
        let rows = rows(status).map(|(version, [pod, state, worker, sockets, restarts, age])| [pod, version, state, worker, sockets, restarts, age]);
        grid(["POD", "VERSION", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows, 3, columns)
    } else {
        grid(COLUMNS, rows(status).map(|(_, row)| row), 2, columns)
    };
    let (version, url) = (&status.version, &status.url);
    let text = format!("sticky-sessions  {}  version {version}  {url}  up {}\n\n{rows}\n\n{}", mode(status), up(status), around(status));
    fit(&text, columns)
}
