//! The handshake (RFC 6455 section 4.2).

use crate::websocket::{Checked, WebSocket};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Body;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};

/// Why a request can't become a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHandshake {
    /// A header is missing, or lacks a word.
    #[error("this route opens a WebSocket, but the request has no {0}; a proxy on the way may have dropped it")]
    Missing(&'static str),
    /// Another version of the protocol.
    #[error("this server supports version 13 of the WebSocket protocol only (RFC 6455): send `Sec-WebSocket-Version: 13`")]
    Version,
    /// The key, or the version, comes more than once.
    #[error("the request has more than one `{0}`, and needs exactly one (RFC 6455 section 11.3)")]
    Repeated(&'static str),
    /// The key is missing, or not the base64 of 16 bytes.
    #[error("the request has no valid `Sec-WebSocket-Key`: it has to be 16 random bytes in base64 (RFC 6455 section 4.1)")]
    Key,
    /// The request has a body, and its bytes would be taken for frames.
    #[error("a request that opens a WebSocket can't have a body")]
    Body,
    /// HTTP/1.0.
    #[error("this connection can't become a WebSocket; HTTP/1.1 is needed")]
    Connection,
}

impl BadHandshake {
    /// 426 if another request could succeed here, as the headers of [`BadHandshake::headers`] say; else 400.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Missing(_) | Self::Version => 426,
            Self::Repeated(_) | Self::Key | Self::Body | Self::Connection => 400,
        }
    }

    /// What an answer with status 426 has to say (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
    #[must_use]
    pub fn headers() -> [(HeaderName, HeaderValue); 2] {
        [(UPGRADE, HeaderValue::from_static("websocket")), (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))]
    }
}

/// A request that can become a WebSocket.
#[derive(Debug)]
pub struct Handshake {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl Handshake {
    /// Checks a request.
    ///
    /// # Errors
    /// [`BadHandshake`] names what is wrong with it.
    pub fn of<B: Body>(request: &mut Request<B>) -> Result<Self, BadHandshake> {
        let key = check(request.headers())?;
        let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| BadHandshake::Key)?;
        if !request.body().is_end_stream() {
            return Err(BadHandshake::Body);
        }
        let on_upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or(BadHandshake::Connection)?;
        Ok(Self { on_upgrade, accept })
    }

    /// The answer, 101. `run` gets the socket once the answer is out, in a task of its own.
    pub fn accept<B, F>(self, config: WebSocketConfig, run: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response<B>
    where
        B: From<Bytes>,
        F: Future<Output = ()> + Send + 'static,
    {
        let on_upgrade = self.on_upgrade;
        tokio::spawn(async move {
            // An error means that the client left before it had the answer.
            if let Ok(upgraded) = on_upgrade.await {
                run(WebSocket::from_raw_socket(Checked::new(TokioIo::new(upgraded)), Role::Server, Some(config)).await).await;
            }
        });
        let mut answer = Response::new(B::from(Bytes::new()));
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        answer
    }
}

/// Checks the headers and returns the key. Proxies change the case of `Upgrade` and `Connection` and add tokens to them, so tokens
/// are compared, without case (RFC 6455 section 4.2.1; ingress-nginx #3746).
fn check(headers: &HeaderMap) -> Result<&HeaderValue, BadHandshake> {
    let has = |name, token: &str| {
        let values = headers.get_all(name).iter().filter_map(|v: &HeaderValue| v.to_str().ok());
        values.flat_map(|v| v.split(',')).any(|t| t.trim().eq_ignore_ascii_case(token))
    };
    if !has(UPGRADE, "websocket") {
        return Err(BadHandshake::Missing("`Upgrade: websocket`"));
    }
    if !has(CONNECTION, "upgrade") {
        return Err(BadHandshake::Missing("`Connection: Upgrade`"));
    }
    let version = single(headers, SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version")?.ok_or(BadHandshake::Missing("`Sec-WebSocket-Version: 13`"))?;
    if version != "13" {
        return Err(BadHandshake::Version);
    }
    single(headers, SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key")?.filter(|key| is_key(key.as_bytes())).ok_or(BadHandshake::Key)
}

fn single<'a>(headers: &'a HeaderMap, name: HeaderName, word: &'static str) -> Result<Option<&'a HeaderValue>, BadHandshake> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(BadHandshake::Repeated(word)),
        (value, None) => Ok(value),
    }
}

/// Whether it is the base64 of 16 bytes. The last character has four bits to spare; clients that choose it at random are accepted.
fn is_key(key: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==").is_some_and(|key| key.len() == 22 && key.iter().all(is_base64))
}
