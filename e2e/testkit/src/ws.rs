//! A WebSocket client that shows every frame and how the socket ended.

use crate::http::{self, Answer};
use crate::wait;
use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use hyper::HeaderMap;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Deadline for a frame that has to arrive.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A socket, ready to be opened.
#[derive(Debug, Clone)]
pub struct WsAsk {
    url: String,
    headers: Vec<(String, String)>,
    small: bool,
}

/// The socket of `client_id` at the site `base`, `http://host:port/` or a path below it.
#[must_use]
pub fn socket(base: &str, client_id: &str) -> WsAsk {
    at(format!("{}/ws/{client_id}", base.trim_end_matches('/')))
}

/// A socket by its full `http://` URL.
#[must_use]
pub fn at(url: String) -> WsAsk {
    WsAsk { url, headers: Vec::new(), small: false }
}

impl WsAsk {
    /// Adds a header to the handshake.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends these cookies; an empty text sends no header.
    #[must_use]
    pub fn cookie(self, cookie: &str) -> Self {
        if cookie.is_empty() { self } else { self.header("cookie", cookie) }
    }

    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    /// Subscribes to topology frames.
    #[must_use]
    pub fn map(mut self) -> Self {
        self.url.push_str("?map=1");
        self
    }

    /// Uses small buffers, for thousands of sockets in one process.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// Opens it over a fresh connection and reads the first frame.
    pub async fn open(self) -> Result<Ws> {
        let stream = http::connect(&self.url).await?;
        self.open_over(stream).await
    }

    /// Opens it over an existing connection.
    pub async fn open_over(self, stream: TcpStream) -> Result<Ws> {
        let uri: hyper::Uri = self.url.parse().context("not a URL")?;
        let authority = uri.authority().context("no host")?.as_str();
        let mut request = Request::builder().uri(self.url.replacen("http", "ws", 1));
        for (name, value) in [
            ("host", authority),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", &generate_key()),
        ] {
            if !self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
                request = request.header(name, value);
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let config = if self.small { WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0) } else { WebSocketConfig::default() };
        let shake = client_async_with_config(request.body(())?, stream, Some(config));
        let (stream, response) = match wait::within("the handshake's answer", LIMIT, shake).await? {
            Ok(done) => done,
            Err(Error::Http(refused)) => {
                bail!("the socket was refused with {}: {}", refused.status(), String::from_utf8_lossy(refused.body().as_deref().unwrap_or_default()))
            }
            Err(other) => return Err(anyhow!(other).context("the handshake failed")),
        };
        let mut ws = Ws { stream, headers: response.headers().clone(), hello: Value::Null };
        ws.hello = ws.next_json().await.context("the first frame")?;
        if !ws.hello["websocket_pid"].is_string() {
            bail!("the first frame is no greeting: {}", ws.hello);
        }
        Ok(ws)
    }
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With a close frame: its code and reason. The code is 1005 if the frame has none (RFC 6455 section 7.4.1).
    Closed(u16, String),
    /// Without a close frame: the connection just ended.
    Cut,
}

#[derive(Debug)]
pub struct Ws {
    stream: WebSocketStream<TcpStream>,
    /// The headers of the 101.
    pub headers: HeaderMap,
    pub hello: Value,
}

/// What a socket receives.
#[derive(Debug, Clone)]
pub enum Next {
    /// A text frame, parsed as JSON.
    Json(Value),
    End(End),
}

impl Ws {
    /// The worker that holds it, `pod:worker`, from the first frame.
    #[must_use]
    pub fn at(&self) -> String {
        self.hello["at"].as_str().unwrap_or_default().to_owned()
    }

    /// The identity text in the first frame.
    #[must_use]
    pub fn identity(&self) -> String {
        self.hello["websocket_pid"].as_str().unwrap_or_default().to_owned()
    }

    /// The pod that holds it.
    #[must_use]
    pub fn pod(&self) -> String {
        self.at().rsplit_once(':').map_or_else(|| self.at(), |(pod, _)| pod.to_owned())
    }

    /// The 101 response as an [`Answer`], for its headers.
    #[must_use]
    pub fn answer(&self) -> Answer {
        Answer { status: 101, headers: self.headers.clone(), body: bytes::Bytes::new() }
    }

    /// Sends a text frame unchanged.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<()> {
        Ok(self.stream.send(Message::text(text.into())).await?)
    }

    pub async fn send(&mut self, json: &Value) -> Result<()> {
        self.send_text(json.to_string()).await
    }

    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        Ok(self.stream.send(Message::binary(bytes)).await?)
    }

    /// Waits for the next frame or the end, and answers pings meanwhile.
    ///
    /// # Errors
    /// Nothing arrives in time, or a binary frame does.
    pub async fn next(&mut self, limit: Duration) -> Result<Next> {
        wait::within("the next frame", limit, async {
            loop {
                return Ok(match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        Next::Json(serde_json::from_str(&text).with_context(|| format!("a frame that is not JSON: {text}"))?)
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Binary(_))) => bail!("a binary frame"),
                    Some(Ok(Message::Close(frame))) => {
                        let end = frame.map_or(End::Closed(1005, String::new()), |f| End::Closed(f.code.into(), f.reason.to_string()));
                        // Reading on completes the closing handshake.
                        while let Some(Ok(_)) = self.stream.next().await {}
                        Next::End(end)
                    }
                    Some(Err(_)) | None => Next::End(End::Cut),
                });
            }
        })
        .await?
    }

    /// The next frame that isn't a topology frame, since those can arrive at any time.
    pub async fn next_json(&mut self) -> Result<Value> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.next(end.saturating_duration_since(Instant::now())).await? {
                Next::Json(json) if json.get("topology").is_some() => {}
                Next::Json(json) => return Ok(json),
                Next::End(how) => bail!("the socket ended instead of a frame: {how:?}"),
            }
        }
    }

    pub async fn next_topology(&mut self) -> Result<Value> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.next(end.saturating_duration_since(Instant::now())).await? {
                Next::Json(mut json) if json.get("topology").is_some() => return Ok(json["topology"].take()),
                Next::Json(_) => {}
                Next::End(how) => bail!("the socket ended instead of a frame: {how:?}"),
            }
        }
    }

    /// Sends a message and returns the next frame, which should be its echo.
    pub async fn echo(&mut self, text: &str) -> Result<Value> {
        self.send(&serde_json::json!({"text": text, "op": "echo"})).await?;
        self.next_json().await
    }

    /// Waits for the end and ignores frames that arrive before it.
    pub async fn end(&mut self, limit: Duration) -> Result<End> {
        let deadline = Instant::now() + limit;
        loop {
            if let Next::End(end) = self.next(deadline.saturating_duration_since(Instant::now())).await.context("the socket is still open")? {
                return Ok(end);
            }
        }
    }

    /// Closes it from this side and waits for the server's close frame.
    pub async fn close(mut self) -> Result<()> {
        self.stream.close(None).await?;
        self.end(LIMIT).await.map(drop)
    }
}
