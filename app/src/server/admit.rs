//! Admission of requests by path and headers.

use crate::server::head;
use crate::server::reply::Problem;
use crate::server::worker::{Peer, Worker};
use axum::response::Response;
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use std::sync::PoisonError;
use std::time::Instant;
use sticky_core::admission::origin_passes;
use sticky_core::choice::Issuer;
use sticky_core::cookie;
use sticky_core::ids::ClientId;

/// Reads the id after the route's name in a path without decoding: an id has no characters that need encoding.
pub(super) fn client_id(uri: &http::Uri) -> Result<ClientId, Problem> {
    ClientId::parse(uri.path().split('/').nth(2).unwrap_or_default()).map_err(|e| Problem::new(400, "bad-id", e.to_string()))
}

/// The part of a path after its last slash.
pub(super) fn last_segment(uri: &http::Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

/// Refuses requests that a page of another site sends.
pub(super) fn check_origin(worker: &Worker, headers: &HeaderMap) -> Result<(), Problem> {
    // Bytes that no Origin has are as good as `null`.
    let origin = headers.get(ORIGIN).map(|v| v.to_str().unwrap_or("null"));
    if origin_passes(origin, head::host(headers).as_ref(), &worker.config.allowed_origins) {
        Ok(())
    } else {
        Err(Problem::new(403, "foreign-origin", "the Origin is not the requested host; --allowed-origin HOST accepts another one"))
    }
}

/// The names of a request's cookies, in order, duplicates kept.
pub(super) fn cookie_names(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(cookie::pairs).map(|(name, _)| name)
}

/// A new session: its id, and the cookie if the app issues it.
pub(super) struct NewSession {
    pub id: ClientId,
    pub sticky_str: Option<String>,
}

impl NewSession {
    /// Opens one, unless the client's address has opened too many.
    pub(super) fn open(worker: &Worker, peer: Peer, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(address) = worker.client(peer, headers) {
            let mut limiter = worker.new_sessions.lock().unwrap_or_else(PoisonError::into_inner);
            limiter.admit(address, Instant::now()).map_err(|wait| {
                let seconds = wait.as_secs().max(1);
                Problem::new(
                    429,
                    "too-many-sessions",
                    format!("too many new sessions from this address (--new-sessions-per-minute); try again in {seconds} s"),
                )
                .retry_after(seconds)
            })?;
        }
        let no_random = |_| Problem::new(500, "no-randomness", "the system gave no random numbers for a new session");
        let (mut id, mut letters) = ([0; 16], [0; 8]);
        getrandom::fill(&mut id).map_err(no_random)?;
        getrandom::fill(&mut letters).map_err(no_random)?;
        let sticky_str = (worker.config.issuer == Issuer::App).then(|| cookie::sticky_str(letters, worker.desk.identity.text()));
        Ok(Self { id: ClientId::from_random(id), sticky_str })
    }

    /// Sets the cookie on an answer.
    pub(super) fn sign(&self, answer: &mut Response) {
        if let Some(value) = &self.sticky_str
            && let Ok(cookie) = HeaderValue::from_str(&format!("{}={value}; Path=/; SameSite=Lax", cookie::STICKY_STR))
        {
            answer.headers_mut().insert(SET_COOKIE, cookie);
        }
    }
}
