//! `stickyctl status --local` as a table.

use super::api::Status;
use crate::fit::fit;
use crate::grid::grid;
use crate::output::short;
use crate::spec::canary::beside;
use std::time::Duration;
use sticky_core::choice::Issuer;
use sticky_core::topology::Affinity;

/// In the width of a terminal.
pub(super) fn table(status: &Status, columns: Option<usize>) -> String {
    let rows = status.pods.iter().flat_map(|pod| {
        pod.workers.iter().map(move |worker| {
            let state = match pod.left_s {
                Some(left) => format!("draining, {left} s"),
                None => worker.state.word().to_owned(),
            };
            let age = short(Duration::from_secs(worker.age_s));
            let row = [pod.pod.clone(), state, worker.worker.to_string(), worker.sockets.to_string(), worker.restarts.to_string(), age];
            (pod.version.clone(), row)
        })
    });
    // As long as all pods have the same version, the first line shows it.
    let rows = if status.pods.iter().any(|pod| pod.version != status.version) {
        let rows = rows.map(|(version, [pod, state, worker, sockets, restarts, age])| [pod, version, state, worker, sockets, restarts, age]);
        grid(["POD", "VERSION", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows, 3, columns)
    } else {
        grid(["POD", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows.map(|(_, row)| row), 2, columns)
    };
    let (door, bus) = (&status.door, &status.bus);
    let changing = if status.settled { "" } else { "  (changing)" };
    let text = format!(
        "sticky-sessions  {}{changing}  version {}  {}  up {}\n\n{}\n\nfront door  {}, affinity {}\nbus         {}, {}, {}",
        beside(&status.mode, status.canary.into()),
        status.version,
        status.url,
        short(Duration::from_secs(status.up_s)),
        rows,
        door.kind,
        match door.affinity {
            Affinity::Cookie => match door.issuer {
                Issuer::Proxy => "by a cookie that the proxy sets (sticky_local)",
                Issuer::App => "by a cookie that the app sets (StickyStr)",
            },
            _ => "off",
        },
        bus.kind,
        bus.fanout,
        bus.state
    );
    fit(&text, columns)
}
