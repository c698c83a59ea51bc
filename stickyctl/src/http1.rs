//! HTTP/1.1 over any stream, for small questions of our own: one connection, small answers, a time limit for each.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

/// How much of an answer is read, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The largest body, in bytes.
    pub(crate) body: usize,
    /// From sending a request to the last byte of its answer.
    pub(crate) answer: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is malformed: a path or header that HTTP doesn't allow.
    #[error(transparent)]
    Request(#[from] http::Error),
    /// The connection failed, or the other side doesn't speak HTTP.
    #[error(transparent)]
    Connection(#[from] hyper::Error),
    /// The body is larger than [`Limits::body`], or it ended early.
    #[error("reading the body: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// No whole answer within [`Limits::answer`].
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    /// All headers; a name may occur more than once.
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The first value of a header, if it is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A connection that is kept open. It can't be used after an error.
#[derive(Debug)]
pub(crate) struct Conn {
    sender: SendRequest<Full<Bytes>>,
    limits: Limits,
    task: JoinHandle<()>,
}

impl Conn {
    /// Speaks HTTP/1.1 over an open stream. Nothing is sent yet.
    pub(crate) async fn over<S>(stream: S, limits: Limits) -> Result<Self, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
        let task = tokio::spawn(async move {
            // A failure shows at the request that it breaks.
            let _: Result<(), hyper::Error> = connection.await;
        });
        Ok(Self { sender, limits, task })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, Error> {
        let limits = self.limits;
        let exchange = async {
            self.sender.ready().await?;
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, limits.body).collect().await.map_err(Error::Body)?.to_bytes();
            Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
        };
        tokio::time::timeout(limits.answer, exchange).await.unwrap_or(Err(Error::TimedOut(limits.answer)))
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const LIMITS: Limits = Limits { body: 8, answer: Duration::from_secs(3) };

    async fn ask(answer: &'static str) -> Result<Reply, Error> {
        let (ours, mut theirs) = duplex(1024);
        tokio::spawn(async move {
            let mut request = [0; 1024];
            let _ = theirs.read(&mut request).await;
            let _ = theirs.write_all(answer.as_bytes()).await;
            std::future::pending::<()>().await;
        });
        let request = Request::get("/x").header("host", "h").body(Full::default())?;
        Conn::over(ours, LIMITS).await?.send(request).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_and_the_ways_to_have_none() {
        let reply = ask("HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 2\r\n\r\nno").await.unwrap();
        assert_eq!((reply.status, reply.header("x-a"), &reply.body[..]), (404, Some("b"), &b"no"[..]));
        let large = ask("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789").await.unwrap_err();
        assert_eq!(large.to_string(), "reading the body: length limit exceeded");
        assert_eq!(ask("").await.unwrap_err().to_string(), "no answer within 3 s");
        assert!(matches!(ask("220 smtp.example ESMTP\r\n").await.unwrap_err(), Error::Connection(_)));
    }
}
