//! Requests to a pod over a port-forward, without any local port.

use super::error::Error;
use super::link::Trouble;
use super::pool::connect;
use super::target::PodPort;
use crate::http1::{self, Limits, Reply};
use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use http_body_util::Full;
use kube::Client;
use std::time::Duration;

/// The scrape of a pod with 64 workers has 20 KiB.
const LIMITS: Limits = Limits { body: 1024 * 1024, answer: Duration::from_secs(10) };

/// A connection to a pod that is kept open. It can't be used after an error.
#[derive(Debug)]
pub(crate) struct Conn {
    http: http1::Conn,
    trouble: Option<Trouble>,
}

impl Conn {
    /// Opens a connection through the API server.
    ///
    /// # Errors
    /// The API server refused.
    pub(crate) async fn open(client: &Client, pod: &PodPort) -> Result<Self, Error> {
        let (link, trouble) = connect(client, pod).await?;
        let http = http1::Conn::over(link, LIMITS).await.map_err(|why| Error::Http { what: "HTTP".to_owned(), why })?;
        Ok(Self { http, trouble: Some(trouble) })
    }

    /// `host` is the request's Host, `cookie` its whole Cookie header.
    ///
    /// # Errors
    /// There is no complete answer.
    pub(crate) async fn get(&mut self, host: &str, path: &str, cookie: Option<&str>) -> Result<Reply, Error> {
        let mut request = Request::get(path).header(HOST, host);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        self.send(request.body(Full::default()), format!("GET {path}")).await
    }

    /// Like [`Self::get`], but a POST with a JSON body.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(crate) async fn post(&mut self, host: &str, path: &str, json: &'static str) -> Result<Reply, Error> {
        let request = Request::post(path).header(HOST, host).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Full::from(json)), format!("POST {path}")).await
    }

    async fn send(&mut self, request: Result<Request<Full<Bytes>>, http::Error>, what: String) -> Result<Reply, Error> {
        let sent = async { self.http.send(request?).await };
        match sent.await {
            Ok(reply) => Ok(reply),
            // A silent pod has not ended the connection, so there is no reason to read.
            Err(why @ http1::Error::TimedOut(_)) => Err(Error::Http { what, why }),
            Err(why) => {
                let reason = match self.trouble.take() {
                    Some(trouble) => trouble.reason().await,
                    None => None,
                };
                Err(reason.map_or(Error::Http { what, why }, Error::Ended))
            }
        }
    }
}

/// One request over a connection of its own.
///
/// # Errors
/// There is no complete answer.
pub async fn get(client: &Client, pod: &PodPort, host: &str, path: &str) -> Result<Reply, Error> {
    Conn::open(client, pod).await?.get(host, path, None).await
}
