//! The admin port: `/healthz`, `/readyz`, `/metrics`. It must never be public.

use crate::server::{self, Bounds, ClientBody, Problem, Stream};
use crate::supervisor::fleet::Workers;
use crate::supervisor::metrics::encode;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use sticky_core::admission::admin_host_passes;
use sticky_core::host::Host;
use sticky_core::wire::json;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tower::ServiceExt;

/// Most connections. Beyond it the oldest one ends, so that idle ones keep no probe out and use up no files.
const MOST: usize = 64;
const BOUNDS: Bounds = Bounds { max_head: 8 * 1_024, header_timeout: Duration::from_secs(10), keep_alive: Duration::from_secs(10) };

/// Serves the admin port until it is aborted. `hosts` are answered to besides addresses and loopback's own names.
pub(super) async fn serve(listener: TcpListener, workers: Arc<Workers>, hosts: Vec<Host>) {
    let router = Router::new()
        .route("/healthz", get(|| async { json_answer(StatusCode::OK, r#"{"status":"alive"}"#.to_owned()) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(workers);
    let hosts: Arc<[Host]> = hosts.into();
    let mut connections = JoinSet::new();
    let mut by_age: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of files, as a rule: others have to close some first.
                tracing::warn!(%error, "accepting a connection of the admin port failed");
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
        let (router, hosts) = (router.clone(), hosts.clone());
        let answer = move |request| answer(router.clone(), hosts.clone(), request);
        by_age.push_back(connections.spawn(server::serve_connection(Stream::Left(stream), BOUNDS, std::future::pending(), answer)));
    }
}

async fn answer(router: Router, hosts: Arc<[Host]>, mut request: Request<ClientBody>) -> Response {
    if let Err(problem) = server::check_head(&mut request) {
        return problem.into_response();
    }
    if !admin_host_passes(server::requested_host(request.headers()).as_ref(), &hosts) {
        let why = "the admin port answers to addresses and to localhost; --allowed-host HOST adds a name";
        return Problem::new(421, "foreign-host", why).into_response();
    }
    router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {})
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
