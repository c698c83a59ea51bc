//! A worker's life: it becomes ready, announces itself, serves, and drains without losing requests.

use crate::server::accept::{self, Source};
use crate::server::outbox::Ending;
use crate::server::worker::Worker;
use crate::server::{malloc, routes};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sticky_core::drain::{Plan, RetryHint};
use tokio_util::sync::CancellationToken;

/// Serves until `drain` resolves, then drains by its plan: it accepts everything during the delay, then closes the sockets
/// over the window. Returns when nothing is left, or when the window is over.
pub async fn serve(worker: &Arc<Worker>, source: Source, drain: impl Future<Output = Plan>) {
    let router = routes::router(worker.clone());
    worker.begin_listening();
    let stop = CancellationToken::new();
    let presence = tokio::spawn(announce(worker.clone()));
    let ((), plan) = tokio::join!(accept::run(worker, &router, source, &stop), async {
        let plan = drain.await;
        worker.begin_leaving(Instant::now() + plan.total());
        tracing::info!(delay = ?plan.delay, window = ?plan.window, sockets = worker.desk.sockets(), "draining");
        tokio::time::sleep(plan.delay).await;
        stop.cancel();
        plan
    });
    close_all(worker, plan).await;
    presence.abort();
    worker.bus.announce(worker.presence(true)).await;
}

/// Lets connections finish their request, and closes the sockets one after the other.
async fn close_all(worker: &Worker, plan: Plan) {
    worker.finish_connections.cancel();
    let desk = &worker.desk;
    let outboxes = desk.outboxes();
    let (hint, began) = (RetryHint::for_sockets(outboxes.len()), tokio::time::Instant::now());
    worker.tracker.close();
    let stagger = async {
        for (place, outbox) in outboxes.iter().enumerate() {
            tokio::time::sleep_until(began + plan.close_after(place, outboxes.len())).await;
            outbox.end(Ending::Restart(hint));
        }
        // Upgrades that were in progress when the queues were listed.
        desk.end_all(Ending::Restart(hint));
    };
    let all_gone = async {
        tokio::join!(stagger, worker.tracker.wait());
    };
    if tokio::time::timeout(plan.window, all_gone).await.is_err() {
        tracing::warn!(sockets = desk.sockets(), "the drain window is over; cutting what is left");
    }
}

/// Announces the worker, and keeps its picture of the others, until it is aborted.
async fn announce(worker: Arc<Worker>) {
    let desk = &worker.desk;
    let mut next = tokio::time::Instant::now();
    let mut trimmed = Instant::now();
    let mut door = desk.door();
    loop {
        let own = tokio::select! {
            () = tokio::time::sleep_until(next) => true,
            () = desk.own_changed.notified() => true,
            () = desk.picture_changed.notified() => false,
            Ok(()) = door.changed() => false,
        };
        if own {
            // Not awaited: a bus that hangs must not stop the picture.
            let (bus, presence) = (worker.bus.clone(), worker.presence(false));
            worker.kept.expire(Instant::now());
            desk.hear_self(presence.clone());
            tokio::spawn(async move { bus.announce(presence).await });
            next = tokio::time::Instant::now() + Duration::from_secs(worker.seconds_between_presences());
            if trimmed.elapsed() > Duration::from_secs(5) && desk.many_closed() {
                malloc::give_back();
                trimmed = Instant::now();
            }
        }
        desk.redraw(worker.bus.kind(), worker.bus.fanout().word());
        // A burst of changes becomes one announcement and one frame for each map.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
