//! A small HTTP/1.1 client with a fresh connection for each request, because the connection decides which worker answers.

use crate::wait;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The default deadline of a request.
pub const LIMIT: Duration = Duration::from_secs(15);

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    limit: Duration,
}

pub fn get(url: impl Into<String>) -> Ask {
    ask(Method::GET, url)
}

pub fn post(url: impl Into<String>, json: &Value) -> Ask {
    ask(Method::POST, url).header("content-type", "application/json").body(json.to_string())
}

pub fn ask(method: Method, url: impl Into<String>) -> Ask {
    Ask { method, url: url.into(), headers: Vec::new(), body: Bytes::new(), limit: LIMIT }
}

/// A WebSocket handshake as a plain request, for tests of refused upgrades that need the whole answer.
pub fn upgrade(url: impl Into<String>) -> Ask {
    get(url)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}

impl Ask {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// Sends these cookies; an empty text sends no header.
    #[must_use]
    pub fn cookie(self, cookie: &str) -> Self {
        if cookie.is_empty() { self } else { self.header("cookie", cookie) }
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sends it on a fresh connection.
    pub async fn send(self) -> Result<Answer> {
        let what = format!("{} {}", self.method, self.url);
        wait::within(&what, self.limit, async {
            let mut connection = Kept::open(&self.url).await?;
            connection.send(self.clone()).await
        })
        .await?
        .with_context(|| what.clone())
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let uri: Uri = self.url.parse().context("not a URL")?;
        let path = uri.path_and_query().map_or("/", |p| p.as_str());
        let mut request = Request::builder().method(&self.method).uri(path);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(HOST, uri.authority().context("no host")?.as_str());
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

/// A connection that is kept open for more requests.
#[derive(Debug)]
pub struct Kept(SendRequest<Full<Bytes>>);

impl Kept {
    /// Connects to the host of `url`.
    pub async fn open(url: &str) -> Result<Self> {
        let stream = connect(url).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends when the sender is dropped or the server closes; its errors show up in the request as well.
        tokio::spawn(connection.with_upgrades());
        Ok(Self(sender))
    }

    /// Sends one request on it.
    pub async fn send(&mut self, ask: Ask) -> Result<Answer> {
        self.0.ready().await?;
        let answer = self.0.send_request(ask.request()?).await?;
        let (head, body) = answer.into_parts();
        // A switched connection has no body to wait for.
        let body = if head.status.as_u16() == 101 { Bytes::new() } else { body.collect().await?.to_bytes() };
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Whether the server has closed it.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// A TCP connection to the host of `url`.
///
/// A name from [`named`] contains its address; any other name is looked up.
pub async fn connect(url: &str) -> Result<TcpStream> {
    let uri: Uri = url.parse().context("not a URL")?;
    let authority = uri.authority().context("no host")?;
    let (host, port) = (address(authority.host()), authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect((host.as_str(), port)).await.with_context(|| format!("connect to {authority}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A host name that contains its address, `NAME.198-18-0-1.test`. Sites behind one front door get different names, without any entry
/// in a resolver.
#[must_use]
pub fn named(name: &str, address: &str) -> String {
    format!("{name}.{}.test", address.replace('.', "-"))
}

/// The address in a name from [`named`]; any other name unchanged.
fn address(host: &str) -> String {
    let ours = host.strip_suffix(".test").and_then(|rest| rest.rsplit_once('.')).map(|(_, address)| address.replace('-', "."));
    ours.filter(|text| text.parse::<std::net::Ipv4Addr>().is_ok()).unwrap_or_else(|| host.to_owned())
}

/// Sends `bytes` as they are, and reads until the server closes the connection.
///
/// # Errors
/// It can't connect, or the server keeps the connection open.
pub async fn raw(url: &str, bytes: &[u8]) -> Result<String> {
    let mut stream = connect(url).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    wait::within("the server's close", LIMIT, stream.read_to_end(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Like [`raw`], but ends its own side after the last byte, as `nc -N` does, and then waits for the answer.
///
/// # Errors
/// It can't connect, or the server keeps the connection open.
pub async fn half_closed(url: &str, bytes: &[u8]) -> Result<String> {
    let mut stream = connect(url).await?;
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    wait::within("the server's close", LIMIT, stream.read_to_end(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// How many of 100 clients got no answer that begins with `start`. Each sends `bytes` on a connection of its own and half-closes it;
/// ten do so at a time.
pub async fn half_closed_and_lost(url: &str, bytes: &[u8], start: &str) -> usize {
    let mut lost = 0;
    for _ in 0..10 {
        let ten = (0..10).map(|_| half_closed(url, bytes));
        lost += join_all(ten).await.iter().filter(|answer| !answer.as_ref().is_ok_and(|text| text.starts_with(start))).count();
    }
    lost
}

/// An answer with its whole body.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header's first value; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    ///
    /// # Errors
    /// It isn't JSON; the error includes the answer.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} with a body that is not JSON: {}", self.status, self.text()))
    }

    /// The code of an error body, after checking the body's shape.
    ///
    /// # Errors
    /// The body isn't `{"error": {"code", "message"}}` with two strings.
    pub fn error_code(&self) -> Result<String> {
        let json = self.json()?;
        let error = &json["error"];
        match (error["code"].as_str(), error["message"].as_str(), json.as_object().map(|o| o.len()), error.as_object().map(|o| o.len())) {
            (Some(code), Some(message), Some(1), Some(2)) if !message.is_empty() => Ok(code.to_owned()),
            _ => bail!("{} with a body that is no error: {json}", self.status),
        }
    }

    pub fn error_message(&self) -> Result<String> {
        self.error_code()?;
        Ok(self.json()?["error"]["message"].as_str().unwrap_or_default().to_owned())
    }

    /// `pod:worker` from the identity headers, all three of which are required.
    ///
    /// # Errors
    /// A header is missing or malformed.
    pub fn place(&self) -> Result<String> {
        let (pod, worker, boot) = (self.header("x-sticky-pod"), self.header("x-sticky-worker"), self.header("x-sticky-boot"));
        if pod.is_empty() || worker.parse::<u16>().is_err() || boot.is_empty() {
            bail!("{} without identity headers: {:?}\n{}", self.status, self.headers, self.text());
        }
        Ok(format!("{pod}:{worker}"))
    }

    /// The pod from the identity headers; empty without one.
    #[must_use]
    pub fn pod(&self) -> String {
        self.header("x-sticky-pod").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_hold_an_address() {
        assert_eq!(named("a", "198.18.0.1"), "a.198-18-0-1.test");
        for (host, means) in
            [("a.198-18-0-1.test", "198.18.0.1"), ("198-18-0-1.test", "198-18-0-1.test"), ("a.b.test", "a.b.test"), ("localhost", "localhost")]
        {
            assert_eq!(address(host), means);
        }
    }
}
