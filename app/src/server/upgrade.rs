//! The WebSocket handshake (RFC 6455 section 4.2).

use crate::server::reply::Problem;
use axum::body::Body;
use axum::response::Response;
use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Request, StatusCode};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};

/// The server's end of a WebSocket.
pub(super) type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// A request that can become a WebSocket.
pub(super) struct Handshake {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl Handshake {
    /// Checks the headers of a request. The error names the header, since proxies often drop one.
    pub(super) fn of(request: &mut Request<Body>) -> Result<Self, Problem> {
        check(request.headers())?;
        let bad = || Problem::new(400, "bad-handshake", "this connection can't be upgraded to a WebSocket");
        let key = request.headers().get(SEC_WEBSOCKET_KEY).ok_or_else(bad)?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| bad())?;
        let on_upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(bad)?;
        Ok(Self { on_upgrade, accept })
    }

    /// The answer, 101. `run` gets the socket once the answer is out, in a task of its own.
    pub(super) fn accept<F>(self, config: WebSocketConfig, run: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let on_upgrade = self.on_upgrade;
        tokio::spawn(async move {
            // An error means that the client left before it had the answer.
            if let Ok(upgraded) = on_upgrade.await {
                run(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await).await;
            }
        });
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        answer
    }
}

/// Names the header that is missing from an upgrade. Proxies change the case of these values and add tokens to `Connection`,
/// so tokens are compared, without case (RFC 6455 section 4.2.1; ingress-nginx #3746).
fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|v: &HeaderValue| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|t| t.trim().eq_ignore_ascii_case(token))
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
    let message = format!("this route opens a WebSocket, but the request has no {missing}; a proxy on the way may have dropped it");
    Err(Problem::new(426, "upgrade-required", message).with(UPGRADE, HeaderValue::from_static("websocket")))
}
