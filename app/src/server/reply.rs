//! JSON answers, and errors that name the next step.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use std::error::Error;
use sticky_core::wire::{ErrorBody, json};

/// An error over HTTP: status, code, message, and the headers that the status needs.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An error without headers of its own.
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    /// The answer to a body that ends early or is malformed. The first cause says how; hyper's own words only that it was the body.
    #[must_use]
    pub fn bad_body(error: &(dyn Error + 'static)) -> Self {
        let mut cause = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::new(400, "bad-body", format!("reading the request's body: {cause}"))
    }

    /// Adds `Retry-After`, in whole seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer if the router knows the path but not the method; keeps its `Allow`.
    #[must_use]
    pub(super) fn wrong_method(answer: &Response) -> Self {
        let allow = answer.headers().get(ALLOW).cloned();
        let methods = allow.as_ref().and_then(|a| a.to_str().ok()).unwrap_or("another method");
        let problem = Self::new(405, "wrong-method", format!("this route answers {methods} only"));
        match allow {
            Some(allow) => problem.with(ALLOW, allow),
            None => problem,
        }
    }

    /// The answer if the router does not know the path.
    #[must_use]
    pub(super) fn not_found() -> Self {
        Self::new(
            404,
            "not-found",
            "no such route; the routes are GET / /readme /session /whoami /topology /ws/{client_id} and POST /submit/{client_id} /without-redis/{client_id} /with-redis/{client_id} /download/{client_id} /download/{client_id}/next /download/{client_id}/relay /model/{client_id}",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut answer = json_body(self.status, json(&ErrorBody::new(self.code, &self.message)));
        answer.headers_mut().extend(self.headers);
        answer
    }
}

/// An answer with a JSON body that no cache may store.
pub(super) fn json_body(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// A 200 with a JSON body.
pub(super) fn ok(body: impl Into<Body>) -> Response {
    json_body(StatusCode::OK, body)
}
