//! `stickyctl status` on a cluster.
//!
//! [`collect`](mod@collect) reads, `build` turns that into a [`model::Status`], and [`table`](mod@table) draws it.

mod build;
pub mod collect;
pub mod door;
mod metrics;
pub mod model;
mod pod;
mod route;
pub mod table;
#[cfg(test)]
mod tests;

use super::connect::Cluster;
use super::release::Place;
use collect::{Error, collect};
use model::Status;
use std::convert::Infallible;
use std::time::Duration;

/// Between two looks. A look costs the API server a few reads and each pod two; what changes only inside a pod (sockets) no watch
/// would tell.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at a release again and again, after the `first` look. A release that is deleted and an API server that restarts are part of
/// what is watched, so no error ends it.
pub(crate) async fn watch(
    cluster: &Cluster,
    place: &Place,
    (first, mut door): (Status, door::Seen),
    mut seen: impl FnMut(Result<Status, Error>),
) -> Infallible {
    let mut look = Ok(first);
    loop {
        seen(look);
        tokio::time::sleep(PAUSE).await;
        look = collect(cluster, place, &mut door).await;
    }
}
