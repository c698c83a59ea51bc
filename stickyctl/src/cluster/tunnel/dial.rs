//! Opens a connection to the API server for a session with one pod.
//!
//! The first choice is SPDY inside a WebSocket, which proxies let through; the API server has it on by default from Kubernetes 1.31.
//! If the answer is anything else, the second choice is an upgrade to plain SPDY: kubectl's order. The first is a GET, so a role that
//! allows `create` on `pods/portforward` and not `get` refuses it. From 1.35, the API server wants `create` for both.

use super::spdy::Transport;
use super::target::PodPort;
use crate::cluster::errors::ApiError;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

const DOING: &str = "port-forward";
/// The only version of the protocol inside SPDY.
const PROTOCOL: &str = "portforward.k8s.io";
const TUNNELLED: &str = "SPDY/3.1+portforward.k8s.io";
const SPDY: &str = "SPDY/3.1";
/// The most that a refusal may hold.
const REFUSAL: usize = 64 * 1024;
/// The most that a message may hold. The API server's have 32 KiB.
const MESSAGE: usize = 1024 * 1024;

/// Opens connections, and remembers which kind the API server accepts.
#[derive(Clone)]
pub(super) struct Dialer {
    client: Client,
    plain: std::sync::Arc<AtomicBool>,
}

impl Dialer {
    pub(super) fn new(client: Client) -> Self {
        Self { client, plain: std::sync::Arc::default() }
    }

    /// # Errors
    /// What the API server said to the last request.
    pub(super) async fn dial(&self, pod: &PodPort) -> Result<Transport, ApiError> {
        let path = format!("/api/v1/namespaces/{}/pods/{}/portforward", pod.namespace, pod.name);
        if !self.plain.load(Ordering::Relaxed)
            && let Some(transport) = self.tunnelled(&path).await?
        {
            return Ok(transport);
        }
        let transport = self.plain(&path).await?;
        self.plain.store(true, Ordering::Relaxed);
        Ok(transport)
    }

    /// SPDY inside a WebSocket. `None` if the answer is not that.
    async fn tunnelled(&self, path: &str) -> Result<Option<Transport>, ApiError> {
        let key = generate_key();
        let headers = [(UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13"), (SEC_WEBSOCKET_KEY, &key), (SEC_WEBSOCKET_PROTOCOL, TUNNELLED)];
        let response = self.send(Method::GET, path, &headers).await?;
        let accepted = is(response.headers(), SEC_WEBSOCKET_ACCEPT.as_str(), &derive_accept_key(key.as_bytes()));
        if response.status() != StatusCode::SWITCHING_PROTOCOLS || !accepted || !is(response.headers(), SEC_WEBSOCKET_PROTOCOL.as_str(), TUNNELLED) {
            tracing::debug!("the API server does not tunnel SPDY in a WebSocket: status {}", response.status());
            return Ok(None);
        }
        let limits = WebSocketConfig::default().max_message_size(Some(MESSAGE)).max_frame_size(Some(MESSAGE));
        let socket = WebSocketStream::from_raw_socket(upgraded(response).await?, Role::Client, Some(limits)).await;
        Ok(Some(Transport::messages(socket)))
    }

    /// SPDY without anything around it.
    async fn plain(&self, path: &str) -> Result<Transport, ApiError> {
        let version = http::HeaderName::from_static("x-stream-protocol-version");
        let response = self.send(Method::POST, path, &[(UPGRADE, SPDY), (version, PROTOCOL)]).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        Ok(Transport::plain(upgraded(response).await?))
    }

    async fn send(&self, method: Method, path: &str, headers: &[(http::HeaderName, &str)]) -> Result<Response<Body>, ApiError> {
        let mut request = Request::builder().method(method).uri(path).header(CONNECTION, "Upgrade");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).map_err(|error| ApiError::new(DOING, &kube::Error::HttpError(error)))?;
        self.client.send(request).await.map_err(|error| ApiError::new(DOING, &error))
    }
}

fn is(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get(name).map(HeaderValue::as_bytes) == Some(value.as_bytes())
}

async fn upgraded(response: Response<Body>) -> Result<TokioIo<hyper::upgrade::Upgraded>, ApiError> {
    let upgraded = hyper::upgrade::on(response).await;
    upgraded.map(TokioIo::new).map_err(|error| ApiError::new(DOING, &kube::Error::HyperError(error)))
}

/// The API server's own words, if there are any.
async fn refusal(response: Response<Body>) -> ApiError {
    let code = response.status().as_u16();
    let said = Limited::new(response.into_body(), REFUSAL).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let status = serde_json::from_slice(&said).unwrap_or_else(|_| {
        let line = String::from_utf8_lossy(&said);
        Status::failure(line.lines().next().unwrap_or_default().trim(), "").with_code(code)
    });
    ApiError::new(DOING, &kube::Error::Api(status.boxed()))
}
