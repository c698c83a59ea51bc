//! Who may come in, as far as a request's own path and headers tell.

use crate::server::reply::Problem;
use crate::server::worker::{Peer, Worker};
use axum::response::Response;
use http::HeaderMap;
use http::header::{CONNECTION, HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SET_COOKIE, UPGRADE};
use std::sync::PoisonError;
use std::time::Instant;
use sticky_core::admission::{counted_address, origin_passes};
use sticky_core::choice::Issuer;
use sticky_core::cookie;
use sticky_core::ids::ClientId;

/// Reads the id at the end of a path, as it stands there: an id has no character that would have to be encoded.
pub fn client_id(uri: &http::Uri) -> Result<ClientId, Problem> {
    ClientId::parse(last_segment(uri)).map_err(|e| Problem::new(400, "bad-id", e.to_string()))
}

/// What stands behind the last slash of a path.
pub fn last_segment(uri: &http::Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

/// Refuses requests that a page of another site sends.
pub fn check_origin(worker: &Worker, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|v: &HeaderValue| v.to_str().unwrap_or("null"));
    if origin_passes(text(ORIGIN), text(HOST), &worker.config.allowed_origins) {
        Ok(())
    } else {
        Err(Problem::new(403, "foreign-origin", "this Origin is not the host that was asked; --allowed-origin HOST lets another one in"))
    }
}

/// A new session: its id, and the cookie where the app issues it.
pub struct NewSession {
    /// The id.
    pub id: ClientId,
    /// `StickyStr`'s value.
    pub sticky_str: Option<String>,
}

impl NewSession {
    /// Opens one, unless the client's address has had too many.
    pub fn open(worker: &Worker, peer: Peer, headers: &HeaderMap) -> Result<Self, Problem> {
        let forwarded: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
        let address = match peer.trusted {
            true => (!peer.address.is_loopback()).then_some(peer.address),
            false => counted_address(peer.address, &forwarded, &worker.config.trusted_proxies),
        };
        if let Some(address) = address {
            let mut limiter = worker.new_sessions.lock().unwrap_or_else(PoisonError::into_inner);
            limiter.admit(address, Instant::now()).map_err(|wait| {
                let seconds = wait.as_secs().max(1);
                Problem::new(
                    429,
                    "too-many-sessions",
                    format!("this address opened too many sessions (--new-sessions-per-minute); try again in {seconds} s"),
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
    pub fn sign(&self, answer: &mut Response) {
        if let Some(value) = &self.sticky_str
            && let Ok(cookie) = HeaderValue::from_str(&format!("{}={value}; Path=/; SameSite=Lax", cookie::STICKY_STR))
        {
            answer.headers_mut().insert(SET_COOKIE, cookie);
        }
    }
}

/// Names the header that makes a plain request of an upgrade. Proxies change the case of these values and add tokens to
/// `Connection`, so tokens are compared, without case (RFC 6455 section 4.2.1; ingress-nginx #3746).
pub fn check_upgrade(headers: &HeaderMap) -> Result<(), Problem> {
    let has = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|v: &HeaderValue| v.to_str().ok())
            .flat_map(|v| v.split(','))
            .any(|t| t.trim().eq_ignore_ascii_case(token))
    };
    let missing = if !has(UPGRADE, "websocket") {
        "`Upgrade: websocket`"
    } else if !has(CONNECTION, "upgrade") {
        "`Connection: Upgrade`"
    } else if !has(SEC_WEBSOCKET_VERSION, "13") {
        "`Sec-WebSocket-Version: 13`"
    } else if !headers.contains_key(SEC_WEBSOCKET_KEY) {
        "`Sec-WebSocket-Key`"
    } else {
        return Ok(());
    };
    let message = format!("this route opens a WebSocket, and the request has no {missing}; a proxy on the way may have dropped it");
    Err(Problem::new(426, "upgrade-required", message).with(UPGRADE, HeaderValue::from_static("websocket")))
}
