//! A site as a function from requests to answers, for the behavior of a single report. What several cases need is a field of
//! [`Site`](crate::site::Site) instead.

use crate::site::{Served, Tls};
use http::header::{COOKIE, HeaderMap};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A request.
#[derive(Debug)]
pub(crate) struct Asked {
    /// From 1, in the order of arrival; upgrades count too.
    pub(crate) number: u64,
    /// Since the first request.
    pub(crate) at: Duration,
    /// The connection that it came on, from 1.
    pub(crate) connection: u64,
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// The value of a cookie; of several with one name the first, as proxies read it.
    pub(crate) fn cookie(&self, name: &str) -> Option<Vec<u8>> {
        let lines: Vec<&[u8]> = self.headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes).collect();
        let pairs = lines.into_iter().flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")).map(<[u8]>::to_vec).next()
    }

    /// The same as a number.
    pub(crate) fn number_in(&self, cookie: &str) -> Option<u64> {
        String::from_utf8(self.cookie(cookie)?).ok()?.parse().ok()
    }

    /// The value of a header, if it is ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a key in the query, as it was sent.
    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.path.split_once('?')?.1.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    pub(crate) fn is_upgrade(&self) -> bool {
        self.headers.contains_key("sec-websocket-key")
    }
}

/// An answer. Without further calls it is a response that is sent at once; to an upgrade with status 101 it is a socket that stays open.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
    after: Duration,
    socket: Socket,
    never: bool,
}

#[derive(Debug, Default)]
struct Socket {
    says: Option<String>,
    cut_after: Option<Duration>,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: String::new(), after: Duration::ZERO, socket: Socket::default(), never: false }
    }

    /// From pod `web-N`, which the header `x-pod` names; a socket for an upgrade.
    pub(crate) fn pod(n: u64, asked: &Asked) -> Self {
        Self::new(if asked.is_upgrade() { 101 } else { 200 }).header("x-pod", format!("web-{n}"))
    }

    /// The connection stays open, without an answer.
    pub(crate) fn never() -> Self {
        Self { never: true, ..Self::new(0) }
    }

    /// Appends a header; `value` need not be ASCII.
    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Sets a cookie: a whole `Set-Cookie` line.
    pub(crate) fn cookie(self, line: impl AsRef<[u8]>) -> Self {
        self.header("set-cookie", line)
    }

    pub(crate) fn body(self, text: impl Into<String>) -> Self {
        Self { body: text.into(), ..self }
    }

    /// Answers after a while, as a distant site does.
    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// The socket begins with this text message.
    pub(crate) fn says(mut self, text: impl Into<String>) -> Self {
        self.socket.says = Some(text.into());
        self
    }

    /// The socket ends after a while, without a close frame.
    pub(crate) fn cut_after(mut self, after: Duration) -> Self {
        self.socket.cut_after = Some(after);
        self
    }
}

pub(crate) type Answers = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// A site that is a function; it answers one request at a time.
pub(crate) struct Stub {
    answers: Answers,
    tls: Option<Tls>,
}

impl Stub {
    pub(crate) fn new(answers: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        Self { answers: Box::new(answers), tls: None }
    }

    /// Its function, for a stub around it.
    pub(crate) fn into_answers(self) -> Answers {
        self.answers
    }

    /// Served over TLS, under the host `shop.example`.
    pub(crate) fn over_tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Starts serving.
    pub(crate) async fn serve(self) -> Served {
        Served::stub(self.tls, Running { answers: Mutex::new(self.answers), connections: AtomicU64::new(0), began: Mutex::default() }).await
    }
}

/// A stub that is served.
pub(crate) struct Running {
    answers: Mutex<Answers>,
    connections: AtomicU64,
    began: Mutex<Option<Instant>>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}

impl Running {
    /// The number of a new connection.
    pub(crate) fn connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) async fn answer(self: Arc<Self>, number: u64, connection: u64, mut request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let at = self.began.lock().unwrap().get_or_insert_with(Instant::now).elapsed();
        let key = request.headers().get("sec-websocket-key").map(|key| derive_accept_key(key.as_bytes()));
        let upgrade = key.is_some().then(|| hyper::upgrade::on(&mut request));
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let asked = Asked { number, at, connection, method: head.method, path, headers: head.headers, body };
        let reply = (self.answers.lock().unwrap())(&asked);
        tokio::time::sleep(reply.after).await;
        if reply.never {
            std::future::pending::<()>().await;
        }
        let mut answer = Response::new(Full::from(reply.body));
        *answer.status_mut() = StatusCode::from_u16(reply.status).unwrap();
        *answer.headers_mut() = reply.headers;
        if let (101, Some(key), Some(upgrade)) = (reply.status, key, upgrade) {
            let headers = answer.headers_mut();
            headers.insert("connection", HeaderValue::from_static("upgrade"));
            headers.insert("upgrade", HeaderValue::from_static("websocket"));
            headers.insert("sec-websocket-accept", key.parse().unwrap());
            tokio::spawn(hold(upgrade, reply.socket));
        }
        Ok(answer)
    }
}

/// Holds a socket until the client closes it, or until it is to be cut.
async fn hold(upgrade: OnUpgrade, socket: Socket) {
    use futures_util::{SinkExt, StreamExt};
    let Ok(stream) = upgrade.await else { return };
    let mut open = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Server, None).await;
    let held = async {
        if let Some(text) = socket.says {
            open.send(Message::text(text)).await?;
        }
        while let Some(Ok(_)) = open.next().await {}
        Ok::<(), tokio_tungstenite::tungstenite::Error>(())
    };
    // The client sees how it ends.
    let _ = tokio::time::timeout(socket.cut_after.unwrap_or(Duration::MAX), held).await;
}
