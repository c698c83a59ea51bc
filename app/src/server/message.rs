//! The three POST routes: answer by HTTP, answer by a socket held here, answer by the worker that holds the socket.

use crate::bus::{Bus, Relayed};
use crate::server::received::{Needs, Received};
use crate::server::reply::Problem;
use crate::server::worker::Worker;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use sticky_core::stats::bump;
use sticky_core::trace::{Kind, Trace};
use sticky_core::wire::Text;

/// Request and answer by HTTP.
pub(super) async fn submit(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let received = Received::read(worker, request, Needs::Message).await?;
    let text = format!("[{}]  {}", received.text(), received.message.text);
    Ok(received.answer(Text { text, ..Text::default() }, ()))
}

/// Request by HTTP, answer on the sockets that this worker holds.
pub(super) async fn without_redis(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let mut received = Received::read(worker, request, Needs::Message).await?;
    let (desk, place) = (received.worker.desk.clone(), received.place());
    let pushed = received.trace.as_ref().map(|trace| {
        let mut push = Trace::new(trace.id.clone());
        push.hop(&place, Some("door"), Kind::Push, received.began.elapsed(), &place);
        push
    });
    let key = received.message.key.as_ref();
    let done = desk.deliver_here(&received.to, &desk.echo(&received.message.text, key, pushed.as_ref()), None, key);
    desk.stats.deliveries_local.fetch_add(done.queued() as u64, Ordering::Relaxed);
    let text = if done.sockets > 0 {
        format!("[{}] replying with ws", received.text())
    } else {
        bump(&desk.stats.misses_local);
        received.hop(&place, None, Kind::Miss);
        format!("[{}] no connection to {}", received.text(), received.to.as_str())
    };
    Ok(received.answer(Text { text, delivered: Some(done.sockets), ..Text::default() }, ()))
}

/// Request by HTTP, answer on the sockets of any worker.
pub(super) async fn with_redis(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let mut received = Received::read(worker, request, Needs::Message).await?;
    let (desk, bus, place) = (received.worker.desk.clone(), received.worker.bus.clone(), received.place());
    let message = Relayed {
        to: received.to.as_str().to_owned(),
        text: received.message.text.clone(),
        trace: received.trace.as_ref().map(|t| t.id.clone()),
        key: received.message.key.clone(),
        download: None,
    };
    received.hop(&place, Some("bus"), Kind::Publish);
    let receivers = bus.publish(&message).await.map_err(|error| {
        bump(&desk.stats.publish_failures);
        Problem::new(503, error.code(), error.to_string()).retry_after(1)
    })?;
    bump(&desk.stats.publishes);
    if receivers == 0 {
        bump(&desk.stats.misses_relay);
        received.hop("bus", None, Kind::Miss);
    }
    let text = format!("[{}] publishing to {}", received.text(), bus_name(&*bus));
    Ok(received.answer(Text { text, receivers: Some(receivers), ..Text::default() }, ()))
}

/// What the text of an answer calls the bus.
pub(super) fn bus_name(bus: &dyn Bus) -> &'static str {
    if bus.kind() == "memory" { "the memory bus" } else { bus.kind() }
}
