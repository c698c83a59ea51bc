//! The three POST routes: answer by HTTP, answer by a socket held here, answer by the worker that holds the socket.

use crate::bus::Relayed;
use crate::server::admit::{check_origin, client_id, cookie_names};
use crate::server::body;
use crate::server::memory::Charge;
use crate::server::reply::{self, Problem};
use crate::server::worker::Worker;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use sticky_core::ids::{ClientId, IdempotencyKey};
use sticky_core::names::header;
use sticky_core::stats::bump;
use sticky_core::trace::{Kind, Trace, TraceId};
use sticky_core::wire::{Message, Refusal, Text, json};
use tokio::sync::OwnedSemaphorePermit;

/// A message that was read and checked, and the start of its trace.
struct Received {
    worker: Arc<Worker>,
    to: ClientId,
    message: Message,
    trace: Option<Trace>,
    cookies: Vec<String>,
    began: Instant,
    /// Held until there is an answer.
    _held: (Charge, OwnedSemaphorePermit),
}

impl Received {
    async fn read(worker: Arc<Worker>, request: Request<Body>) -> Result<Self, Problem> {
        let began = Instant::now();
        let to = client_id(request.uri())?;
        check_origin(&worker, request.headers())?;
        check_json(request.headers())?;
        let (trace_id, key) = (trace_id(request.headers())?, key(request.headers())?);
        let cookies = cookie_names(request.headers()).map(str::to_owned).collect();
        let (body, charge) = body::read(&worker, request).await?;
        // Only now: a client that sends its body slowly must not hold a place that others need.
        let place = worker.in_progress.clone().try_acquire_owned().map_err(|_| {
            let most = worker.config.limits.max_requests;
            Problem::new(503, "busy", format!("this worker already answers {most} messages (--max-requests); try again")).retry_after(1)
        })?;
        let mut message = Message::parse(&body, worker.config.limits.max_text).map_err(refused)?;
        if key.is_some() && message.key.is_some() && key != message.key {
            return Err(refused(Refusal::BadKey));
        }
        message.key = message.key.or(key);
        tracing::debug!(client = %to, text = message.text, "message");
        let trace = trace_id.or(message.trace.take()).filter(|_| worker.traces()).map(Trace::new);
        let mut received = Self { worker, to, message, trace, cookies, began, _held: (charge, place) };
        let place = received.place();
        received.hop("door", Some(&place), Kind::Post);
        if let Some(first) = received.trace.as_mut().and_then(|t| t.hops.first_mut()) {
            first.at_us = 0;
        }
        Ok(received)
    }

    fn place(&self) -> String {
        self.worker.desk.identity.place().to_owned()
    }

    fn text(&self) -> &str {
        self.worker.desk.identity.text()
    }

    fn hop(&mut self, from: &str, to: Option<&str>, kind: Kind) {
        let at = self.began.elapsed();
        let by = self.worker.desk.identity.place();
        if let Some(trace) = &mut self.trace {
            trace.hop(from, to, kind, at, by);
        }
    }

    fn answer(mut self, text: String, delivered: Option<usize>, receivers: Option<u64>) -> Response {
        let place = self.place();
        self.hop(&place, Some("door"), Kind::Answer);
        reply::ok(json(&Text { text, delivered, receivers, cookies: Some(&self.cookies), idempotency_key: None, trace: self.trace.as_ref() }))
    }
}

/// Request and answer by HTTP.
pub(super) async fn submit(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let received = Received::read(worker, request).await?;
    let text = format!("[{}]  {}", received.text(), received.message.text);
    Ok(received.answer(text, None, None))
}

/// Request by HTTP, answer on the sockets that this worker holds.
pub(super) async fn without_redis(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let mut received = Received::read(worker, request).await?;
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
    Ok(received.answer(text, Some(done.sockets), None))
}

/// Request by HTTP, answer on the sockets of any worker.
pub(super) async fn with_redis(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let mut received = Received::read(worker, request).await?;
    let (desk, bus, place) = (received.worker.desk.clone(), received.worker.bus.clone(), received.place());
    let message = Relayed {
        to: received.to.as_str().to_owned(),
        text: received.message.text.clone(),
        trace: received.trace.as_ref().map(|t| t.id.clone()),
        key: received.message.key.clone(),
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
    let name = if bus.kind() == "memory" { "the memory bus" } else { bus.kind() };
    let text = format!("[{}] publishing to {name}", received.text());
    Ok(received.answer(text, None, Some(receivers)))
}

fn refused(refusal: Refusal) -> Problem {
    let (code, status) = refusal.code();
    Problem::new(status, code, refusal.to_string())
}

fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    let essence = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).and_then(|v| v.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::new(415, "wrong-content-type", "send JSON with `Content-Type: application/json`"))
    }
}

fn trace_id(headers: &HeaderMap) -> Result<Option<TraceId>, Problem> {
    let Some(value) = headers.get(header::TRACE) else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| TraceId::parse(text).ok());
    id.map(Some).ok_or_else(|| refused(Refusal::BadTrace))
}

/// The key of the header. A second header is refused: which of them counts would depend on the reader.
fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(header::IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().and_then(|text| IdempotencyKey::from_header(text).ok()).filter(|_| values.next().is_none());
    key.map(Some).ok_or_else(|| refused(Refusal::BadKey))
}
