//! HTTP over a link, for questions of our own: small ones, small answers, a time limit.

use super::link::{Trouble, connect};
use super::target::PodPort;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use kube::Client;
use std::time::Duration;
use tokio::task::JoinHandle;

/// The largest answer, in bytes: a scrape of 64 workers has 20 KiB.
const LARGEST: usize = 1024 * 1024;
/// The most that one answer takes.
const ANSWER: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A header's value, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A connection that can be asked again and again.
#[derive(Debug)]
pub struct Conn {
    sender: SendRequest<Full<Bytes>>,
    trouble: Option<Trouble>,
    task: JoinHandle<()>,
}

impl Conn {
    /// Opens one to a pod.
    ///
    /// # Errors
    /// Why not, in a few words.
    pub async fn open(client: &Client, pod: &PodPort) -> Result<Self, String> {
        let (link, trouble) = connect(client, pod).await?;
        let (sender, connection) = handshake::<_, Full<Bytes>>(TokioIo::new(link)).await.map_err(|error| error.to_string())?;
        let task = tokio::spawn(async move {
            // What went wrong shows at the request.
            let _: Result<(), hyper::Error> = connection.await;
        });
        Ok(Self { sender, trouble: Some(trouble), task })
    }

    /// Asks for a path. `host` is what the request names, `cookie` the whole header.
    ///
    /// # Errors
    /// Why no whole answer came, in a few words. The connection is of no use then.
    pub async fn get(&mut self, host: &str, path: &str, cookie: Option<&str>) -> Result<Reply, String> {
        let mut request = Request::get(path).header(HOST, host);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        let request = request.body(Full::default()).map_err(|error| format!("GET {path}: {error}"))?;
        self.send(request, &format!("GET {path}")).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&mut self, host: &str, path: &str, json: &'static str) -> Result<Reply, String> {
        let request = Request::post(path)
            .header(HOST, host)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(json))
            .map_err(|error| format!("POST {path}: {error}"))?;
        self.send(request, &format!("POST {path}")).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>, what: &str) -> Result<Reply, String> {
        match tokio::time::timeout(ANSWER, exchange(&mut self.sender, request)).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(why)) => {
                let reason = match self.trouble.take() {
                    Some(trouble) => trouble.reason().await,
                    None => None,
                };
                Err(reason.unwrap_or_else(|| format!("{what}: {why}")))
            }
            Err(_) => Err(format!("{what}: no answer within {} s", ANSWER.as_secs())),
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn exchange(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Result<Reply, String> {
    sender.ready().await.map_err(|error| error.to_string())?;
    let (head, body) = sender.send_request(request).await.map_err(|error| error.to_string())?.into_parts();
    let body = Limited::new(body, LARGEST).collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
}

/// One question over a connection of its own.
///
/// # Errors
/// Why no whole answer came, in a few words.
pub async fn get(client: &Client, pod: &PodPort, host: &str, path: &str) -> Result<Reply, String> {
    Conn::open(client, pod).await?.get(host, path, None).await
}
