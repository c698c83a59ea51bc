//! The admin port: `/healthz`, `/readyz`, `/metrics`. It must never be public.

use crate::server::{self, Bounds, ClientBody, Stream};
use crate::supervisor::fleet::Workers;
use crate::supervisor::metrics::encode;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use sticky_core::limits::Limits;
use sticky_core::wire::json;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Serves the admin port until it is aborted.
pub(super) async fn serve(listener: TcpListener, workers: Arc<Workers>) {
    let router = Router::new()
        .route("/healthz", get(|| async { json_answer(StatusCode::OK, r#"{"status":"alive"}"#.to_owned()) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(workers);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                let answer = move |request| answer(router.clone(), request);
                tokio::spawn(server::serve_connection(Stream::Left(stream), Bounds::of(&Limits::default()), std::future::pending(), answer));
            }
            Err(error) => {
                // Out of files, as a rule: others have to close some first.
                tracing::warn!(%error, "accepting a connection of the admin port failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn answer(router: Router, mut request: Request<ClientBody>) -> Response {
    match server::check_head(&mut request) {
        Ok(()) => router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
        Err(problem) => problem.into_response(),
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
