//! The public routes.

use crate::core::admission::{counted_address, origin_passes};
use crate::core::cookie;
use crate::core::identity::Expose;
use crate::core::ids::ClientId;
use crate::core::registry::Full;
use crate::core::topology::Issuer;
use crate::core::wire::json;
use crate::server::reply::{self, Problem};
use crate::server::stream::Activity;
use crate::server::worker::{Peer, Worker};
use crate::server::{message, page, socket};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::header::{CONNECTION, COOKIE, HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SET_COOKIE, UPGRADE};
use http::{HeaderMap, Request};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// All routes of one worker.
pub fn router(worker: Arc<Worker>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/static/{name}", get(page::asset))
        .route("/readme", get(page::readme))
        .route("/session", get(session))
        .route("/whoami", get(whoami))
        .route("/topology", get(topology))
        .route("/submit/{client_id}", post(message::submit))
        .route("/without-redis/{client_id}", post(message::without_redis))
        .route("/with-redis/{client_id}", post(message::with_redis))
        .route("/ws/{client_id}", any(upgrade))
        .with_state(worker)
}

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

#[derive(Serialize)]
struct SessionBody<'a> {
    client_id: &'a str,
    page_by: &'a str,
    sticky_str: Option<&'a str>,
}

async fn session(State(worker): State<Arc<Worker>>, peer: axum::Extension<Peer>, headers: HeaderMap) -> Result<Response, Problem> {
    let session = NewSession::open(&worker, *peer, &headers)?;
    let body = SessionBody { client_id: session.id.as_str(), page_by: worker.desk.identity.text(), sticky_str: session.sticky_str.as_deref() };
    let mut answer = reply::ok(json(&body));
    session.sign(&mut answer);
    Ok(answer)
}

#[derive(Serialize)]
struct Whoami<'a> {
    pod: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot: Option<&'a str>,
    version: &'static str,
    cookies: Vec<&'a str>,
}

async fn whoami(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let identity = &worker.desk.identity;
    let full = identity.expose == Expose::Full;
    let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok()).flat_map(cookie::pairs).map(|(name, _)| name);
    reply::ok(json(&Whoami {
        pod: if identity.expose == Expose::Off { "app" } else { identity.pod.as_str() },
        worker: full.then_some(identity.worker),
        pid: full.then(std::process::id),
        boot: full.then_some(&identity.boot),
        version: env!("CARGO_PKG_VERSION"),
        cookies: cookies.collect(),
    }))
}

async fn topology(State(worker): State<Arc<Worker>>) -> Response {
    reply::ok(worker.picture().as_str().to_owned())
}

#[derive(Deserialize)]
struct UpgradeQuery {
    map: Option<String>,
}

async fn upgrade(
    State(worker): State<Arc<Worker>>,
    Query(query): Query<UpgradeQuery>,
    activity: axum::Extension<Arc<Activity>>,
    headers: HeaderMap,
    ws: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request<axum::body::Body>,
) -> Response {
    if request.method() != http::Method::GET {
        return Problem::new(405, "wrong-method", "this route answers GET only")
            .with(http::header::ALLOW, HeaderValue::from_static("GET"))
            .into_response();
    }
    let admitted = client_id(request.uri()).and_then(|id| {
        check_upgrade(&headers)?;
        check_origin(&worker, &headers)?;
        let ws = ws.map_err(|e| Problem::new(400, "bad-handshake", e.body_text()))?;
        let place = worker.desk.seat(id, worker.config.limits.socket_queue).map_err(|full| match full {
            Full::Session(_) => Problem::new(429, "too-many-sockets", full.to_string()),
            Full::Worker(_) => Problem::new(503, "too-many-sockets", full.to_string()).retry_after(1),
        })?;
        Ok((ws, place))
    });
    match admitted {
        Ok((ws, place)) => socket::accept(worker, ws, place, activity.0, query.map.as_deref() == Some("1")),
        Err(problem) => problem.into_response(),
    }
}

/// Names the header that makes a plain request of an upgrade. Proxies change the case of these values and add tokens to
/// `Connection`, so tokens are compared, without case (RFC 6455 section 4.2.1; ingress-nginx #3746).
fn check_upgrade(headers: &HeaderMap) -> Result<(), Problem> {
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
