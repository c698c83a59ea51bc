//! The control socket's client.

use super::api::{Change, Refusal, Status};
use super::error::{LocalError, Silence};
use super::runtime_dir;
use crate::http1;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;

/// The server answers before a change is done, so the timeout is short.
const LIMITS: http1::Limits = http1::Limits { body: 4 * 1_024 * 1_024, answer: Duration::from_secs(5) };

/// A connection to the running demo.
pub(crate) struct Client {
    path: PathBuf,
}

impl Client {
    /// A client of the control socket in the runtime folder. It does not check whether anything listens there.
    ///
    /// # Errors
    /// The folder is not safe.
    pub(crate) fn open() -> Result<Self, LocalError> {
        Ok(Self { path: runtime_dir::open()?.join("local.sock") })
    }

    #[cfg(test)]
    pub(super) const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    #[must_use]
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The status, or `None` if nothing listens.
    ///
    /// # Errors
    /// Something listens, but does not answer as it should.
    pub(crate) async fn find(&self) -> Result<Option<Status>, LocalError> {
        match UnixStream::connect(&self.path).await {
            Ok(stream) => self.ask(stream, Method::GET, "/status", None).await.map(Some),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused) => Ok(None),
            Err(e) => Err(self.failed(e)),
        }
    }

    /// The status of what runs.
    ///
    /// # Errors
    /// Nothing runs.
    pub(crate) async fn status(&self) -> Result<Status, LocalError> {
        self.find().await?.ok_or_else(|| LocalError::NothingRuns(self.path.clone()))
    }

    /// Asks for a change.
    ///
    /// # Errors
    /// Nothing runs, or it refuses.
    pub(crate) async fn change(&self, change: &Change) -> Result<Status, LocalError> {
        self.status().await?;
        let body = serde_json::to_string(change).map_err(|e| self.failed(e))?;
        self.ask(self.connect().await?, Method::POST, "/change", Some(body)).await
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// Nothing runs.
    pub(crate) async fn down(&self) -> Result<(), LocalError> {
        self.raw(self.connect().await?, Method::POST, "/down", None).await.map(drop)
    }

    async fn connect(&self) -> Result<UnixStream, LocalError> {
        UnixStream::connect(&self.path).await.map_err(|e| self.failed(e))
    }

    async fn ask<T: DeserializeOwned>(&self, stream: UnixStream, method: Method, path: &str, body: Option<String>) -> Result<T, LocalError> {
        let body = self.raw(stream, method, path, body).await?;
        serde_json::from_slice(&body).map_err(|e| self.failed(e))
    }

    async fn raw(&self, stream: UnixStream, method: Method, path: &str, body: Option<String>) -> Result<Bytes, LocalError> {
        let request = Request::builder().method(method).uri(path).header(HOST, "local").header(CONTENT_TYPE, "application/json");
        let exchange = async {
            let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())))?;
            http1::Conn::over(stream, LIMITS).await?.send(request).await
        };
        let reply = exchange.await.map_err(|e| self.failed(e))?;
        if (200..300).contains(&reply.status) {
            return Ok(reply.body);
        }
        let why = serde_json::from_slice::<Refusal>(&reply.body).map_or_else(|_| format!("the running demo answers {}", reply.status), |r| r.error);
        Err(LocalError::Refused(why))
    }

    fn failed(&self, why: impl Into<Silence>) -> LocalError {
        LocalError::Control { path: self.path.clone(), why: why.into() }
    }
}
