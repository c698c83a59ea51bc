//! What is watched beside the requests of a run: the pods' states, and the tunnel to the site.

use super::probe::Book;
use super::probe::watch::{self, Witness};
use crate::cluster::forward;
use crate::cluster::tunnel::Tunnel;
use crate::output::Output;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::seen::What;
use tokio::sync::oneshot;

/// Time limit for the first report of a cluster about its pods.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(5);

/// Reports and records the tunnel's events.
pub(super) async fn trouble(tunnel: Option<&mut Tunnel>, book: &Book, output: Output) -> Infallible {
    match tunnel {
        Some(tunnel) => forward::report(tunnel, output, |what| book.happened(What::Tunnel(what.to_owned()), false)).await,
        None => std::future::pending().await,
    }
}

/// Records the pods' states.
pub(super) async fn witness(witness: Option<&Witness>, book: &Arc<Book>, looked: oneshot::Sender<()>, output: Output) -> Infallible {
    match witness {
        Some(witness) => watch::pods(witness, book, looked, |what| output.warning(what)).await,
        None => std::future::pending().await,
    }
}
