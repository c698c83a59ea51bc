//! One request on a connection of its own: a connection that is kept leads to one pod with many proxies, cookie or not.

use super::target::{Body, Target};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, PRAGMA, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// The most of a body that is read: an identity stands in its beginning.
pub(super) const MOST_BODY: usize = 256 << 10;
/// How long a body is read.
const BODY: Duration = Duration::from_secs(2);
/// What every request calls itself.
const AGENT: &str = concat!("stickyctl-verify/", env!("CARGO_PKG_VERSION"));

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, up to what is read.
    pub body: Bytes,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Path and query.
    pub path: &'a str,
    /// The `Cookie` header.
    pub cookies: Option<&'a str>,
    /// What is posted; none: a GET.
    pub body: Option<&'a Body>,
    /// Where it goes and whence.
    pub way: Way,
}

/// Where a connection goes and whence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// Which of the site's addresses.
    pub to: usize,
    /// The address of this machine that it comes from; none: as the system chooses.
    pub from: Option<IpAddr>,
}

/// A stream to a site.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Asks on a connection of its own, and reads the answer.
///
/// # Errors
/// Why there was none, as a sentence.
pub async fn once(target: &Target, question: Question<'_>) -> Result<Answer, String> {
    within(target, async { Connection::open(target, question.way).await?.ask(target, question).await }).await
}

/// What comes within the time that a probe may take.
///
/// # Errors
/// As the work, or that it took too long.
pub async fn within<T>(target: &Target, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(target.timeout, work).await.unwrap_or_else(|_| Err(format!("no answer within {:?}", target.timeout)))
}

/// A connection that can be asked more than once.
pub struct Connection {
    sender: Sender,
    driver: JoinHandle<()>,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Opens one.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub async fn open(target: &Target, way: Way) -> Result<Self, String> {
        let stream = TokioIo::new(connect(target, way, target.http2).await?);
        let failed = |e: hyper::Error| format!("talking to {}{}: {}", target.address(way), over(target), sentence(&e));
        // What goes wrong on it is told by the request.
        if target.http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.map_err(failed)?;
            return Ok(Self { sender: Sender::Two(sender), driver: tokio::spawn(async move { drop(connection.await) }) });
        }
        let (sender, connection) = http1::handshake(stream).await.map_err(failed)?;
        Ok(Self { sender: Sender::One(sender), driver: tokio::spawn(async move { drop(connection.await) }) })
    }

    /// Asks on it.
    ///
    /// # Errors
    /// Why there was no answer, as a sentence.
    pub async fn ask(&mut self, target: &Target, question: Question<'_>) -> Result<Answer, String> {
        let request = request(target, question)?;
        let failed = |e: hyper::Error| format!("asking {}{}: {}", target.address(question.way), over(target), sentence(&e));
        let answer = match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await.map_err(failed)?;
                sender.send_request(request).await
            }
            Sender::Two(sender) => sender.send_request(request).await,
        };
        let (head, mut body) = answer.map_err(failed)?.into_parts();
        let mut read = Vec::new();
        let all = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|e| format!("reading the answer of {}: {}", target.address(question.way), sentence(&e)))?;
                let Some(data) = frame.data_ref() else { continue };
                read.extend_from_slice(&data[..data.len().min(MOST_BODY - read.len())]);
                if read.len() == MOST_BODY {
                    break;
                }
            }
            Ok::<(), String>(())
        };
        // A stream of events goes on for ever: what came of it by then is the answer.
        if let Ok(done) = tokio::time::timeout(BODY, all).await {
            done?;
        }
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: read.into() })
    }
}

/// What is asked over, where that may be what is wrong.
const fn over(target: &Target) -> &'static str {
    if target.http2 { " over HTTP/2" } else { "" }
}

fn request(target: &Target, question: Question<'_>) -> Result<Request<Full<Bytes>>, String> {
    let path = question.path;
    // HTTP/2 has scheme and authority of their own (RFC 9113 section 8.3.1).
    let uri = if target.http2 { format!("{}://{}{path}", target.scheme(), target.authority) } else { path.to_owned() };
    let method = if question.body.is_some() { Method::POST } else { Method::GET };
    let bytes = question.body.map(|body| body.bytes.clone()).unwrap_or_default();
    let mut request = Request::builder().method(method).uri(uri).body(Full::new(bytes)).map_err(|e| format!("{path}: {e}"))?;
    if !target.http2 {
        let host = HeaderValue::from_str(&target.authority).map_err(|_| format!("{} can't be a host", target.authority))?;
        request.headers_mut().insert(HOST, host);
    }
    if let Some(body) = question.body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(body.kind));
    }
    dress(request.headers_mut(), target, question.cookies)?;
    Ok(request)
}

/// Puts on what every request has.
pub(super) fn dress(headers: &mut HeaderMap, target: &Target, cookies: Option<&str>) -> Result<(), String> {
    headers.extend(target.headers.clone());
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    // A cache in between is asked to let it through (RFC 9111 section 5.2.1.4), and an old one too.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.entry(PRAGMA).or_insert(HeaderValue::from_static("no-cache"));
    if let Some(cookies) = cookies {
        let mut value = HeaderValue::from_str(cookies).map_err(|_| "a cookie holds characters that a header can't carry".to_owned())?;
        value.set_sensitive(true);
        headers.append(COOKIE, value);
    }
    Ok(())
}

/// A fresh connection, with TLS where the site has it.
///
/// # Errors
/// It did not come about.
pub async fn connect(target: &Target, way: Way, http2: bool) -> Result<Box<dyn Stream>, String> {
    let address = target.address(way);
    let stream = tcp(address, way.from).await.map_err(|e| format!("connecting to {address}: {e}"))?;
    let _ = stream.set_nodelay(true);
    let Some(tls) = &target.tls else { return Ok(Box::new(stream)) };
    let name = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|_| format!("{} can't be the name of a certificate", target.host))?;
    let stream = TlsConnector::from(tls.config(http2)).connect(name, stream).await.map_err(|e| {
        // Some sites say so in an alert, others go on without (RFC 7301 section 3.2).
        let refused = http2 && e.to_string().contains("NoApplicationProtocol");
        if refused { without_http2(address) } else { format!("TLS with {address}: {e}") }
    })?;
    if http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(without_http2(address));
    }
    Ok(Box::new(stream))
}

fn without_http2(address: &str) -> String {
    format!("TLS with {address}: the site does not speak HTTP/2")
}

async fn tcp(address: &str, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(address).await };
    let mut last = None;
    for to in lookup_host(address).await?.filter(|to| to.is_ipv4() == from.is_ipv4()) {
        let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        match socket.connect(to).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::other(format!("it has no address of the kind of {from}"))))
}

/// An error with its causes, which hyper's own text leaves out.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source()).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
