//! The service around the router.
//!
//! It does everything that all requests need, in one function: stacked layers cost 40% of the requests per
//! second (each boxes the future and wraps the body again), a single one costs nothing measurable.

use crate::server::head;
use crate::server::reply::Problem;
use crate::server::worker::{AddressSlot, Peer, Worker};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use std::sync::Arc;
use sticky_core::admission::loopback_host_passes;
use sticky_core::readiness::State;
use sticky_core::stats::{Route, bump};
use tower::ServiceExt;

/// Answers a request. On a connection with `upgrades_only`, one that is no upgrade gets 503.
pub(super) async fn answer(worker: Arc<Worker>, router: Router, mut request: Request<Body>, upgrades_only: bool) -> Response {
    let checked = head::check(&mut request);
    let route = Route::of(request.uri().path());
    let is_post = request.method() == Method::POST;
    let mut answer = match checked.and_then(|()| admit(&worker, &request, upgrades_only && route != Route::Ws)) {
        Ok(slot) => {
            // A socket keeps it for as long as it is open.
            if let Some(slot) = &slot {
                request.extensions_mut().insert(slot.clone());
            }
            let answered = tokio::time::timeout(worker.config.limits.request_timeout, router.oneshot(request)).await;
            drop(slot);
            match answered {
                Ok(Ok(answer)) => answer,
                Ok(Err(never)) => match never {},
                Err(_) => Problem::new(
                    408,
                    "timeout",
                    format!(
                        "the request was not complete within {} (--request-timeout)",
                        sticky_core::duration::write(worker.config.limits.request_timeout)
                    ),
                )
                .into_response(),
            }
        }
        Err(problem) => problem.into_response(),
    };
    answer = match answer.status() {
        StatusCode::NOT_FOUND if !is_json(&answer) => Problem::not_found().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::wrong_method(&answer).into_response(),
        _ => answer,
    };
    worker.desk.stats.requests.count(route, answer.status().as_u16());
    let headers = answer.headers_mut();
    for (name, value) in &worker.identity_headers {
        headers.insert(name.clone(), value.clone());
    }
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    // A pooling proxy reuses its newest connection, and a connection belongs to one worker. Without this, one user's requests
    // would stay on one worker and hide what a pod with several workers does.
    let spread = is_post && worker.config.close_after_post;
    // Who was refused an upgrade opens a new connection for the next attempt.
    let stays_http = upgrades_only || route == Route::Ws;
    if (spread || stays_http || worker.state() == State::Draining) && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Checks the Host, and takes the place of the client's address if the request came by way of a trusted proxy. `no_room` refuses it.
fn admit(worker: &Arc<Worker>, request: &Request<Body>, no_room: bool) -> Result<Option<Arc<AddressSlot>>, Problem> {
    if worker.config.loopback_only {
        let host = head::host(request.headers());
        if !loopback_host_passes(host.as_ref(), &worker.config.allowed_hosts) {
            return Err(Problem::new(
                421,
                "foreign-host",
                "this server listens on loopback and answers to localhost and loopback addresses only; --allowed-host HOST adds another name",
            ));
        }
    }
    if no_room {
        bump(&worker.desk.stats.connections_refused);
        return Err(Problem::new(503, "busy", "this worker's last connections are kept for sockets; try again").retry_after(1));
    }
    let Some(address) = request.extensions().get::<Peer>().and_then(|peer| worker.proxied_client(*peer, request.headers())) else {
        return Ok(None);
    };
    AddressSlot::take(worker, address).map(|slot| Some(Arc::new(slot))).ok_or_else(|| {
        let most = worker.config.limits.connections_per_address;
        let message = format!("this address already has {most} sockets and requests in progress (--connections-per-address); close one");
        Problem::new(429, "too-many-connections", message).retry_after(1)
    })
}

fn is_json(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|t| t == "application/json")
}
