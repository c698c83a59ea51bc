//! `stickyctl status` on a cluster.
//!
//! [`collect`](mod@collect) reads, `build` turns that into a [`model::Status`], and [`table`](mod@table) draws it.

mod build;
pub mod collect;
pub mod door;
mod gateway;
mod metrics;
pub mod model;
mod pod;
mod route;
pub mod table;
#[cfg(test)]
mod tests;
mod version;

use super::connect::Cluster;
use super::release::Place;
use collect::{Error, collect};
use model::Status;
use std::ops::ControlFlow;
use std::time::Duration;

/// Poll interval. Each poll costs the API server a few reads and each pod two. A watch would not report what changes only
/// inside a pod, such as sockets.
const PAUSE: Duration = Duration::from_secs(1);

/// Polls a release and shows each status, after the `first`, until `seen` ends it. No error does: the user may be watching a
/// release being deleted or an API server restart.
pub(crate) async fn watch<T>(
    cluster: &Cluster,
    place: &Place,
    (first, mut door): (Status, door::Seen),
    mut seen: impl FnMut(Result<Status, Error>) -> ControlFlow<T>,
) -> T {
    let mut look = Ok(first);
    loop {
        if let ControlFlow::Break(end) = seen(look) {
            return end;
        }
        tokio::time::sleep(PAUSE).await;
        look = collect(cluster, place, &mut door).await;
    }
}
