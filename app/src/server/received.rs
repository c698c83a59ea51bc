//! A POST that was admitted, read and checked.

use crate::server::admit::{check_origin, client_id, cookie_names};
use crate::server::body;
use crate::server::memory::Charge;
use crate::server::reply::{self, Problem};
use crate::server::worker::Worker;
use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use sticky_core::choice::Expose;
use sticky_core::ids::{ClientId, IdempotencyKey};
use sticky_core::names::header;
use sticky_core::trace::{Kind, Trace, TraceId};
use sticky_core::wire::{Message, Refusal, Text, json};
use tokio::sync::OwnedSemaphorePermit;

/// What a route needs in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// A message.
    Message,
    /// Nothing; a message may be there all the same.
    Nothing,
}

/// A message that was read and checked, and the start of its trace.
pub(super) struct Received {
    pub(super) worker: Arc<Worker>,
    /// The session that it is for.
    pub(super) to: ClientId,
    pub(super) message: Message,
    pub(super) trace: Option<Trace>,
    cookies: Vec<String>,
    pub(super) began: Instant,
    /// Held until there is an answer.
    _held: (Charge, OwnedSemaphorePermit),
}

impl Received {
    pub(super) async fn read(worker: Arc<Worker>, request: Request<Body>, needs: Needs) -> Result<Self, Problem> {
        let began = Instant::now();
        let to = client_id(request.uri())?;
        check_origin(&worker, request.headers())?;
        let is_json = check_json(request.headers());
        if needs == Needs::Message {
            is_json.clone()?;
        }
        let (trace_id, key) = (trace_id(request.headers())?, key(request.headers())?);
        let cookies = cookie_names(request.headers()).map(str::to_owned).collect();
        let (body, charge) = body::read(&worker, request).await?;
        // Only now: a client that sends its body slowly must not hold a place that others need.
        let place = worker.in_progress.clone().try_acquire_owned().map_err(|_| {
            let most = worker.config.limits.max_requests;
            Problem::new(503, "busy", format!("this worker already answers {most} messages (--max-requests); try again")).retry_after(1)
        })?;
        let mut message = if needs == Needs::Nothing && body.is_empty() {
            Message::default()
        } else {
            is_json?;
            Message::parse(&body, worker.config.limits.max_text).map_err(refused)?
        };
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

    pub(super) fn place(&self) -> String {
        self.worker.desk.identity.place().to_owned()
    }

    pub(super) fn text(&self) -> &str {
        self.worker.desk.identity.text()
    }

    pub(super) fn hop(&mut self, from: &str, to: Option<&str>, kind: Kind) {
        let at = self.began.elapsed();
        let by = self.worker.desk.identity.place();
        if let Some(trace) = &mut self.trace {
            trace.hop(from, to, kind, at, by);
        }
    }

    /// An answer that says this, and what else there is to say.
    pub(super) fn answer(mut self, said: Text<'_>, more: impl Serialize) -> Response {
        let place = self.place();
        self.hop(&place, Some("door"), Kind::Answer);
        let said = Text { cookies: Some(&self.cookies), trace: self.trace.as_ref(), ..said };
        reply::ok(json(&Answer { said, more }))
    }

    /// Who answers, as it is shown outside of texts; `None` if identities are not exposed.
    pub(super) fn at(&self) -> Option<String> {
        let identity = &self.worker.desk.identity;
        (identity.expose != Expose::Off).then(|| identity.text().to_owned())
    }
}

/// A text and the fields that only some routes have.
#[derive(Serialize)]
struct Answer<'a, T> {
    #[serde(flatten)]
    said: Text<'a>,
    #[serde(flatten)]
    more: T,
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
