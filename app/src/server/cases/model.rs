//! A model that is warm for a session: it takes long to load, and answers quickly from then on, in this worker only.

use crate::server::received::{Needs, Received};
use crate::server::reply::Problem;
use crate::server::worker::Worker;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use sticky_core::model::ANSWERING;
use sticky_core::wire::Text;

#[derive(Serialize)]
struct Used {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Whether the model was not loaded when the request came.
    cold: bool,
    /// Milliseconds until there was an answer, with one decimal place.
    took_ms: f64,
}

/// `POST /model/ID`: an answer of the session's model.
pub(in crate::server) async fn model(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let received = Received::read(worker, request, Needs::Nothing).await?;
    let began = Instant::now();
    let place = received.worker.kept.place(received.to, began)?;
    let (model, cold) = place.loaded(&received.to, &received.worker.desk).await;
    tokio::time::sleep(ANSWERING).await;
    let how = if cold { "loaded your model here; it" } else { "your model was loaded here; it" };
    let text = format!("[{}]  {how} answers {}", received.text(), model.answer());
    let took_ms = (began.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
    let at = received.at();
    Ok(received.answer(Text { text, ..Text::default() }, Used { at, cold, took_ms }))
}
