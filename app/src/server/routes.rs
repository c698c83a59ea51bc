//! The public routes.

use crate::server::activity::Activity;
use crate::server::admit::{NewSession, check_origin, client_id, cookie_names};
use crate::server::cases::{download, model};
use crate::server::desk::NoSeat;
use crate::server::reply::{self, Problem};
use crate::server::worker::{AddressSlot, Peer, Worker};
use crate::server::{message, page, socket, upgrade};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::header::HeaderValue;
use http::{HeaderMap, Request};
use serde::Serialize;
use std::sync::Arc;
use sticky_core::choice::Expose;
use sticky_core::registry::Full;
use sticky_core::wire::json;

/// All routes of one worker.
pub(super) fn router(worker: Arc<Worker>) -> Router {
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
        .route("/download/{client_id}", post(download::open))
        .route("/download/{client_id}/next", post(download::next))
        .route("/download/{client_id}/relay", post(download::relay))
        .route("/model/{client_id}", post(model::model))
        .route("/ws/{client_id}", any(open_socket))
        .with_state(worker)
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
    version: &'a str,
    cookies: Vec<&'a str>,
}

async fn whoami(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let identity = &worker.desk.identity;
    let full = identity.expose == Expose::Full;
    reply::ok(json(&Whoami {
        pod: if identity.expose == Expose::Off { "app" } else { identity.pod.as_str() },
        worker: full.then_some(identity.worker),
        pid: full.then(std::process::id),
        boot: full.then_some(&identity.boot),
        version: identity.version.as_str(),
        cookies: cookie_names(&headers).collect(),
    }))
}

async fn topology(State(worker): State<Arc<Worker>>) -> Response {
    reply::ok(worker.picture().as_str().to_owned())
}

async fn open_socket(State(worker): State<Arc<Worker>>, activity: axum::Extension<Arc<Activity>>, mut request: Request<Body>) -> Response {
    if request.method() != http::Method::GET {
        return Problem::new(405, "wrong-method", "this route answers GET only")
            .with(http::header::ALLOW, HeaderValue::from_static("GET"))
            .into_response();
    }
    let map = request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "map=1"));
    let admitted = client_id(request.uri()).and_then(|id| {
        let handshake = upgrade::handshake(&mut request)?;
        check_origin(&worker, request.headers())?;
        let place = worker.desk.seat(id, worker.config.limits.socket_queue, &worker.memory).map_err(|full| match full {
            NoSeat::Full(Full::Session(_)) => Problem::new(429, "too-many-sockets", full.to_string()),
            NoSeat::Full(Full::Worker(_)) | NoSeat::Memory => Problem::new(503, "too-many-sockets", full.to_string()).retry_after(1),
        })?;
        Ok((handshake, place))
    });
    match admitted {
        Ok((handshake, place)) => {
            let slot = request.extensions_mut().remove::<Arc<AddressSlot>>();
            socket::accept(worker, handshake, place, slot, activity.0, map)
        }
        Err(problem) => problem.into_response(),
    }
}
