//! One request on its own connection: many proxies keep a connection on one pod, cookie or not.

use super::answer::{Answer, MOST_BODY};
use super::connect::connect;
use super::error::ProbeError;
use super::session::shape::Filled;
use super::target::Target;
use super::way::Way;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, PRAGMA, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a body is read that is not searched for an identity.
const BODY: Duration = Duration::from_secs(2);
/// The `User-Agent` of requests without one of their own.
pub(super) const AGENT: &str = concat!("stickyctl-verify/", env!("CARGO_PKG_VERSION"));

/// A request to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) filled: &'a Filled,
    pub(super) cookies: Option<&'a [u8]>,
    pub(super) way: Way,
    /// Whether the answer's body is read to its end, because it is searched.
    pub(super) whole: bool,
}

/// Sends a request on a connection, which it opens if there is none, and reads the answer. All of it takes no longer than a probe may. A
/// connection that fails is gone afterwards.
pub(super) async fn over(target: &Target, line: &mut Option<Connection>, question: Question<'_>) -> Result<Answer, ProbeError> {
    within(target, async {
        let mut open = match line.take() {
            Some(open) => open,
            None => Connection::open(target, question.way).await?,
        };
        let answer = open.ask(target, question).await?;
        *line = Some(open);
        Ok(answer)
    })
    .await
}

/// The result of `work`, if it comes within the time that a probe may take.
pub(super) async fn within<T>(target: &Target, work: impl Future<Output = Result<T, ProbeError>>) -> Result<T, ProbeError> {
    tokio::time::timeout(target.timeout, work).await.unwrap_or(Err(ProbeError::Timeout(target.timeout)))
}

/// A connection for one or more requests.
pub(super) struct Connection {
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
    pub(super) async fn open(target: &Target, way: Way) -> Result<Self, ProbeError> {
        let stream = TokioIo::new(connect(target, way, target.http2).await?);
        let failed = |source| failed(target, way, "starting HTTP with", source);
        // Requests report what goes wrong later.
        if target.http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.map_err(failed)?;
            return Ok(Self { sender: Sender::Two(sender), driver: tokio::spawn(async move { drop(connection.await) }) });
        }
        let (sender, connection) = http1::Builder::new()
            // A header line with a control character is left out, as browsers leave out such a cookie; the rest of the answer counts.
            .ignore_invalid_headers_in_responses(true)
            .handshake(stream)
            .await
            .map_err(failed)?;
        Ok(Self { sender: Sender::One(sender), driver: tokio::spawn(async move { drop(connection.await) }) })
    }

    /// Sends a request, and reads the answer.
    pub(super) async fn ask(&mut self, target: &Target, question: Question<'_>) -> Result<Answer, ProbeError> {
        let (began, request) = (Instant::now(), request(target, question)?);
        let failed = |doing| move |source| failed(target, question.way, doing, source);
        let answer = match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await.map_err(failed("sending a request to"))?;
                sender.send_request(request).await
            }
            Sender::Two(sender) => sender.send_request(request).await,
        };
        let (head, mut body) = answer.map_err(failed("sending a request to"))?.into_parts();
        let mut read = Vec::new();
        let all = async {
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(failed("reading the answer of"))?;
                let Some(data) = frame.data_ref() else { continue };
                read.extend_from_slice(&data[..data.len().min(MOST_BODY - read.len())]);
                if read.len() == MOST_BODY {
                    break;
                }
            }
            Ok::<(), ProbeError>(())
        };
        // A stream of events never ends: what has arrived shortly before the request's timeout is the answer.
        let most = began + target.timeout * 9 / 10;
        let ends = if question.whole { most } else { most.min(Instant::now() + BODY) };
        let in_time = tokio::time::timeout_at(ends, all).await.ok().transpose()?.is_some();
        let cut = match () {
            () if !question.whole => None,
            () if !in_time => Some(format!("the body did not end within {:?}", target.timeout)),
            () if read.len() == MOST_BODY => Some(format!("only the first {} KiB of the body were read", MOST_BODY >> 10)),
            () => None,
        };
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: read.into(), cut })
    }
}

fn failed(target: &Target, way: Way, doing: &'static str, source: hyper::Error) -> ProbeError {
    let over = if target.http2 { " over HTTP/2" } else { "" };
    ProbeError::Http { doing, address: target.address(way).to_owned(), over, source }
}

fn request(target: &Target, question: Question<'_>) -> Result<Request<Full<Bytes>>, ProbeError> {
    let Filled { method, path, headers, body } = question.filled;
    // HTTP/2 sends scheme and authority as fields of their own (RFC 9113 section 8.3.1).
    let uri = if target.http2 { format!("{}://{}{path}", target.scheme(), target.authority) } else { path.to_owned() };
    let bytes = body.as_ref().map(|(bytes, _)| bytes.clone()).unwrap_or_default();
    let mut request = Request::builder().method(method).uri(uri).body(Full::new(bytes)).map_err(ProbeError::Request)?;
    if !target.http2 {
        let host = HeaderValue::from_str(&target.authority).map_err(|_| ProbeError::Host(target.authority.clone()))?;
        request.headers_mut().insert(HOST, host);
    }
    if let Some((_, kind)) = body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    dress(request.headers_mut(), headers, question.cookies)?;
    Ok(request)
}

/// Adds the headers that every request has, and those of `--header`.
pub(super) fn dress(headers: &mut HeaderMap, lines: &HeaderMap, cookies: Option<&[u8]>) -> Result<(), ProbeError> {
    headers.extend(lines.clone());
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    // Asks caches on the way to pass it on (RFC 9111 section 5.2.1.4), old ones too.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.entry(PRAGMA).or_insert(HeaderValue::from_static("no-cache"));
    if let Some(cookies) = cookies {
        let mut value = HeaderValue::from_bytes(cookies).map_err(|_| ProbeError::Cookie)?;
        value.set_sensitive(true);
        headers.append(COOKIE, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Sends a request to a site that sends a part of its page, and after a while the rest.
    async fn in_two_parts(parts: [&str; 2], between: Duration, timeout: Duration, whole: bool) -> Answer {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target = Target::plain(listener.local_addr().unwrap().to_string(), timeout);
        let site = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", parts[0].len() + parts[1].len(), parts[0]);
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(between).await;
            // The client may have gone by then.
            let _ = stream.write_all(parts[1].as_bytes()).await;
            stream
        };
        let filled = Filled { method: http::Method::GET, path: "/".to_owned(), headers: HeaderMap::new(), body: None };
        let question = Question { filled: &filled, cookies: None, way: Way::default(), whole };
        // The site outlives the request.
        let site = async { drop((site.await, std::future::pending::<()>().await)) };
        let mut line = None;
        tokio::select! {
            answer = over(&target, &mut line, question) => answer.unwrap(),
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
        assert_eq!((short.body.len(), short.aside().as_deref()), (page.len(), Some("the body did not end within 1s")));
        assert_eq!((other.body.len(), other.cut), (page.len(), None), "it is not searched for an identity");
        let large = in_two_parts([&"x".repeat(MOST_BODY), "web-1"], Duration::ZERO, Duration::from_secs(10), true).await;
        assert_eq!((large.body.len(), large.cut.as_deref()), (MOST_BODY, Some("only the first 1024 KiB of the body were read")));
    }

    /// Browsers drop a cookie with a control character, and use the rest of the answer.
    #[tokio::test]
    async fn a_line_with_a_control_character_is_left_out() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target = Target::plain(listener.local_addr().unwrap().to_string(), Duration::from_secs(10));
        let site = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=x\x01y; Path=/\r\nSet-Cookie: b=\xe4\r\nX-Pod: web-1\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            stream
        };
        let filled = Filled { method: http::Method::GET, path: "/".to_owned(), headers: HeaderMap::new(), body: None };
        let question = Question { filled: &filled, cookies: None, way: Way::default(), whole: true };
        let mut line = None;
        let (answer, _stream) = tokio::join!(over(&target, &mut line, question), site);
        let headers = answer.unwrap().headers;
        let cookies: Vec<&[u8]> = headers.get_all("set-cookie").into_iter().map(HeaderValue::as_bytes).collect();
        assert_eq!((cookies, headers["x-pod"].as_bytes()), (vec![&b"b=\xe4"[..]], &b"web-1"[..]));
    }
}
