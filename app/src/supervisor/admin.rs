//! The admin port: `/healthz`, `/readyz`, `/metrics`. It must never be public.

use crate::supervisor::fleet::Workers;
use crate::supervisor::metrics::encode;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use std::sync::Arc;
use sticky_core::wire::json;
use tokio::net::TcpListener;

/// Serves the admin port until it is aborted.
pub(super) async fn serve(listener: TcpListener, workers: Arc<Workers>) {
    let router = Router::new()
        .route("/healthz", get(|| async { json_answer(StatusCode::OK, r#"{"status":"alive"}"#.to_owned()) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(workers);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the admin port stopped");
    }
}

async fn metrics(State(workers): State<Arc<Workers>>) -> Response {
    let mut answer = Response::new(encode(workers.fresh_view().await, workers.bus).into());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    answer
}

async fn ready(State(workers): State<Arc<Workers>>) -> Response {
    let readiness = workers.readiness();
    let status = if readiness.takes_traffic() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json_answer(status, json(&readiness))
}

fn json_answer(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
