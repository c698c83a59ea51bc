//! From an accepted connection to requests.

use crate::server::activity::{Activity, Phase};
use crate::server::outer;
use crate::server::stream::{Stream, Watched};
use crate::server::worker::{AddressSlot, Peer, Worker};
use axum::Router;
use axum::body::Body;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use sticky_core::stats::bump;

/// Largest request head in bytes; hyper answers a larger one with 431.
const MAX_HEAD: usize = 16 * 1_024;

/// How a connection was admitted.
pub(super) struct Admitted {
    /// Whether it has one of the last places, which are kept for upgrades: other requests get 503.
    pub(super) upgrades_only: bool,
    /// Its place among those of its client's address. A socket that it becomes keeps the place.
    pub(super) slot: Option<Arc<AddressSlot>>,
}

/// Longest time for a head in one of the last places.
const HURRY: Duration = Duration::from_secs(2);

/// Serves one connection until it ends.
pub(super) async fn serve(worker: Arc<Worker>, router: Router, stream: Stream, peer: Peer, admitted: Admitted) {
    let activity = Activity::new();
    let Admitted { upgrades_only, slot } = admitted;
    let service = {
        let (worker, activity) = (worker.clone(), activity.clone());
        service_fn(move |mut request: hyper::Request<Incoming>| {
            activity.enter(Phase::Busy);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(activity.clone());
            if let Some(slot) = &slot {
                request.extensions_mut().insert(slot.clone());
            }
            let (worker, router, activity) = (worker.clone(), router.clone(), activity.clone());
            async move {
                let has_body = !request.body().is_end_stream();
                let request = request.map(Body::new);
                let answer = match upgrades_only {
                    false => outer::answer(worker, router, request).await,
                    true => outer::answer_upgrades(worker, router, request).await,
                };
                if has_body && !answer.status().is_success() {
                    // It may have been refused without reading all of it.
                    activity.leave_unread();
                }
                activity.enter(Phase::Idle);
                Ok::<_, Infallible>(answer)
            }
        })
    };
    let io = TokioIo::new(Watched::new(stream, activity.clone()));
    let connection = http1::Builder::new().header_read_timeout(None).max_buf_size(MAX_HEAD).serve_connection(io, service).with_upgrades();
    let mut connection = pin!(connection);
    let (limits, finishing) = (&worker.config.limits, worker.finish_connections.cancelled());
    let (head, idle) = match upgrades_only {
        false => (limits.header_timeout, limits.keep_alive),
        true => (limits.header_timeout.min(HURRY), limits.keep_alive.min(HURRY)),
    };
    let mut overdue = pin!(activity.overdue(head, idle));
    let mut finishing = pin!(finishing);
    let mut finished = false;
    loop {
        tokio::select! {
            // How a client ends its own connection is not worth a log line.
            _ = connection.as_mut() => return,
            phase = &mut overdue => {
                if phase == Phase::Head {
                    bump(&worker.desk.stats.slow_headers);
                }
                return;
            }
            () = &mut finishing, if !finished => {
                finished = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
