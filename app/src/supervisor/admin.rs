//! The admin port: `/healthz`, `/readyz`, `/metrics`. It must never be public.

use crate::supervisor::fleet::Workers;
use crate::supervisor::metrics::encode;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use sticky_core::admission::admin_host_passes;
use sticky_core::wire::{ErrorBody, json};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

/// Most connections. Beyond it the oldest one ends, so that idle ones keep no probe out and use up no files.
const MOST: usize = 64;
/// Longest time for a request's head, and longest silence between two requests.
const HEAD: Duration = Duration::from_secs(10);
/// Largest request head in bytes.
const MAX_HEAD: usize = 8 * 1_024;

/// Serves the admin port until it is aborted. `hosts` are answered to besides addresses and loopback's own names.
pub(super) async fn serve(listener: TcpListener, workers: Arc<Workers>, hosts: Vec<String>) {
    let router = Router::new()
        .route("/healthz", get(|| async { json_answer(StatusCode::OK, r#"{"status":"alive"}"#.to_owned()) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .layer(from_fn_with_state(Arc::new(hosts), check_host))
        .with_state(workers);
    let mut connections = JoinSet::new();
    let mut by_age: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection on the admin port failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        by_age.retain(|one| !one.is_finished());
        if by_age.len() >= MOST
            && let Some(oldest) = by_age.pop_front()
        {
            oldest.abort();
        }
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        by_age.push_back(connections.spawn(async move {
            // How a client ends its own connection is not worth a log line.
            let _ = connection.await;
        }));
    }
}

async fn check_host(State(hosts): State<Arc<Vec<String>>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if admin_host_passes(host, &hosts) {
        return next.run(request).await;
    }
    let why = "the admin port answers to addresses and to localhost; --allowed-host HOST adds a name";
    json_answer(StatusCode::MISDIRECTED_REQUEST, json(&ErrorBody::new("foreign-host", why)))
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
