//! One request on a connection of its own: a connection that is kept leads to one pod with many proxies, cookie or not.

use super::target::{Body, Target};
use super::tls::Tls;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, LOCATION, PRAGMA, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

/// The most of a body that is read, in bytes.
pub(super) const MOST_BODY: usize = 1 << 20;
/// How long a body is read in which nobody looks for a name.
const BODY: Duration = Duration::from_secs(2);
/// The most of a redirect's URL that is told, in characters.
const LONGEST: usize = 200;
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
    /// Where a body may name a pod and was not read to its end: why.
    pub cut: Option<String>,
}

impl Answer {
    /// What tells why it names nobody: where a redirect leads, or that not all of it was read.
    #[must_use]
    pub fn aside(&self) -> Option<String> {
        let to = self.headers.get(LOCATION).filter(|_| (300..400).contains(&self.status)).and_then(|to| to.to_str().ok());
        to.map(|to| format!("{} to {}: ask there", self.status, without_secrets(to))).or_else(|| self.cut.clone())
    }
}

/// A URL without what may be a secret: its query, parameters of its path, a password.
fn without_secrets(url: &str) -> String {
    let plain = url.split(['?', '#', ';']).next().unwrap_or_default();
    let (scheme, rest) = plain.split_once("//").map_or(("", plain), |(scheme, rest)| (scheme, rest));
    let slashes = if plain.contains("//") { "//" } else { "" };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{slashes}{host}{path}").chars().take(LONGEST).collect()
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
        let (began, request) = (Instant::now(), request(target, question)?);
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
        // A stream of events goes on for ever: what came of it before the request's own time is over is the answer.
        let most = began + target.timeout * 9 / 10;
        let ends = if target.whole_bodies { most } else { most.min(Instant::now() + BODY) };
        let in_time = tokio::time::timeout_at(ends, all).await.ok().transpose()?.is_some();
        let cut = match () {
            () if !target.whole_bodies => None,
            () if !in_time => Some(format!("a body had no end within {:?}", target.timeout)),
            () if read.len() == MOST_BODY => Some(format!("a body was read up to {} KiB", MOST_BODY >> 10)),
            () => None,
        };
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: read.into(), cut })
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
    let stream = TlsConnector::from(tls.config(http2)).connect(Tls::name(&target.host)?, stream).await.map_err(|e| {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::HeaderName;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Asks a site that sends a part of its page, and after a while the rest.
    async fn in_two_parts(parts: [&str; 2], between: Duration, timeout: Duration, whole_bodies: bool) -> Answer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target = Target { whole_bodies, ..Target::plain(listener.local_addr().unwrap().to_string(), timeout) };
        let site = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", parts[0].len() + parts[1].len(), parts[0]);
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(between).await;
            // Who asked may have gone by then.
            let _ = stream.write_all(parts[1].as_bytes()).await;
            stream
        };
        let question = Question { path: "/", cookies: None, body: None, way: Way::default() };
        // The site is there for as long as it is asked.
        let site = async { drop((site.await, std::future::pending::<()>().await)) };
        tokio::select! {
            answer = once(&target, question) => answer.unwrap(),
            () = site => unreachable!("it never ends"),
        }
    }

    #[tokio::test]
    async fn a_body_that_may_name_a_pod_is_read_to_its_end() {
        let (page, wait) = ("x".repeat(300 << 10), BODY + Duration::from_millis(200));
        let parts = [page.as_str(), "web-1"];
        let (whole, short, other) = tokio::join!(
            in_two_parts(parts, wait, Duration::from_secs(10), true),
            in_two_parts(parts, wait, Duration::from_secs(1), true),
            in_two_parts(parts, wait, Duration::from_secs(10), false),
        );
        assert!(whole.body.ends_with(b"web-1") && whole.cut.is_none(), "{:?}", whole.cut);
        assert_eq!((short.body.len(), short.aside().as_deref()), (page.len(), Some("a body had no end within 1s")));
        assert_eq!((other.body.len(), other.cut), (page.len(), None), "nobody looks for a name in it");
        let large = in_two_parts([&"x".repeat(MOST_BODY), "web-1"], Duration::ZERO, Duration::from_secs(10), true).await;
        assert_eq!((large.body.len(), large.cut.as_deref()), (MOST_BODY, Some("a body was read up to 1024 KiB")));
    }

    #[test]
    fn what_tells_why_nobody_is_named() {
        let answer = |status: u16, headers: &[(HeaderName, &'static str)], cut: Option<&str>| Answer {
            status,
            headers: headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect(),
            body: Bytes::new(),
            cut: cut.map(str::to_owned),
        };
        for (to, told) in [
            ("https://shop.example/", "https://shop.example/"),
            ("https://u:secret@shop.example/login;jsessionid=secret?next=secret#secret", "https://shop.example/login"),
            ("/login?token=secret", "/login"),
            ("//other.example/a@b", "//other.example/a@b"),
            ("login", "login"),
        ] {
            assert_eq!(answer(301, &[(LOCATION, to)], None).aside(), Some(format!("301 to {told}: ask there")));
        }
        assert_eq!(answer(200, &[(LOCATION, "/")], None).aside(), None);
        assert_eq!(answer(304, &[], Some("a body was cut")).aside().as_deref(), Some("a body was cut"));
        let long: &'static str = Box::leak(format!("/{}", "x".repeat(10_000)).into_boxed_str());
        assert_eq!(answer(302, &[(LOCATION, long)], None).aside().map(|text| text.len()), Some(LONGEST + "302 to : ask there".len()));
    }
}
