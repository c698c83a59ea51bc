//! Answers to requests that can't become a WebSocket.

use crate::server::reply::Problem;
use crate::websocket::{BadHandshake, Handshake};
use axum::body::Body;
use http::Request;

/// Checks a request. The error names the header, since proxies often drop one.
pub(super) fn handshake(request: &mut Request<Body>) -> Result<Handshake, Problem> {
    Handshake::of(request).map_err(|bad| match bad.status() {
        426 => BadHandshake::headers()
            .into_iter()
            .fold(Problem::new(426, "upgrade-required", bad.to_string()), |problem, (name, value)| problem.with(name, value)),
        status => Problem::new(status, "bad-handshake", bad.to_string()),
    })
}
