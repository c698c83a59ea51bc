//! The service around the router.
//!
//! It does everything that all requests need, in one function: stacked layers cost 40% of the requests per
//! second (each boxes the future and wraps the body again), a single one costs nothing measurable.

use crate::server::head;
use crate::server::reply::Problem;
use crate::server::worker::Worker;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use sticky_core::admission::loopback_host_passes;
use sticky_core::readiness::State;
use sticky_core::stats::Route;
use tower::ServiceExt;

/// The slot of a request in flight; dropping it frees the slot.
struct Permit<'a>(&'a Worker);

impl<'a> Permit<'a> {
    fn take(worker: &'a Worker) -> Option<Self> {
        let permit = Self(worker);
        (worker.in_flight.fetch_add(1, Ordering::Relaxed) < worker.config.limits.max_requests).then_some(permit)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) async fn answer(worker: Arc<Worker>, router: Router, mut request: Request<Body>) -> Response {
    let checked = head::check(&mut request);
    let route = Route::of(request.uri().path());
    let is_post = request.method() == Method::POST;
    let mut answer = match checked.and_then(|()| admit(&worker, &request)) {
        Ok(permit) => {
            let answered = tokio::time::timeout(worker.config.limits.request_timeout, router.oneshot(request)).await;
            drop(permit);
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
    if (spread || worker.state() == State::Draining) && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

fn admit<'a>(worker: &'a Worker, request: &Request<Body>) -> Result<Permit<'a>, Problem> {
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
    Permit::take(worker).ok_or_else(|| {
        Problem::new(503, "busy", format!("this worker already answers {} requests (--max-requests); try again", worker.config.limits.max_requests))
            .retry_after(1)
    })
}

fn is_json(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|t| t == "application/json")
}
