//! The control socket's client.

use super::api::{Change, Refusal, Status};
use super::error::LocalError;
use super::runtime_dir;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;

/// The longest time for an answer: the server only notes what is wanted.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to the running demo.
pub struct Client {
    path: PathBuf,
}

impl Client {
    /// A client of the control socket in the runtime folder. Whether anything listens there, a call will tell.
    ///
    /// # Errors
    /// The folder is not safe.
    pub fn open() -> Result<Self, LocalError> {
        Ok(Self { path: runtime_dir::open()?.join("local.sock") })
    }

    /// The control socket.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The status, or `None` where nothing listens.
    ///
    /// # Errors
    /// Something listens, but does not answer as it should.
    pub async fn find(&self) -> Result<Option<Status>, LocalError> {
        match UnixStream::connect(&self.path).await {
            Ok(stream) => self.ask(stream, "GET", "/status", None).await.map(Some),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused) => Ok(None),
            Err(e) => Err(self.failed(e.to_string())),
        }
    }

    /// The status of what runs.
    ///
    /// # Errors
    /// Nothing runs.
    pub async fn status(&self) -> Result<Status, LocalError> {
        self.find().await?.ok_or_else(|| LocalError::NothingRuns(self.path.clone()))
    }

    /// Asks for a change.
    ///
    /// # Errors
    /// Nothing runs, or it refuses.
    pub async fn change(&self, change: &Change) -> Result<Status, LocalError> {
        self.status().await?;
        let body = serde_json::to_string(change).map_err(|e| self.failed(e.to_string()))?;
        self.ask(self.connect().await?, "POST", "/change", Some(body)).await
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// Nothing runs.
    pub async fn down(&self) -> Result<(), LocalError> {
        self.raw(self.connect().await?, "POST", "/down", None).await.map(drop)
    }

    async fn connect(&self) -> Result<UnixStream, LocalError> {
        UnixStream::connect(&self.path).await.map_err(|e| self.failed(e.to_string()))
    }

    async fn ask<T: DeserializeOwned>(&self, stream: UnixStream, method: &str, path: &str, body: Option<String>) -> Result<T, LocalError> {
        let body = self.raw(stream, method, path, body).await?;
        serde_json::from_slice(&body).map_err(|e| self.failed(format!("the answer is of another version: {e}")))
    }

    async fn raw(&self, stream: UnixStream, method: &str, path: &str, body: Option<String>) -> Result<bytes::Bytes, LocalError> {
        let exchange = async {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
            tokio::spawn(connection);
            let request = http::Request::builder()
                .method(method)
                .uri(path)
                .header("host", "local")
                .header("content-type", "application/json")
                .body(Full::new(bytes::Bytes::from(body.unwrap_or_default())))
                .map_err(|e| e.to_string())?;
            let answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), 4 * 1_024 * 1_024).collect().await.map_err(|e| e.to_string())?.to_bytes();
            Ok::<_, String>((status, body))
        };
        let (status, body) = tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| self.failed("no answer within 5 s".to_owned()))?
            .map_err(|e| self.failed(e))?;
        if status.is_success() {
            return Ok(body);
        }
        let why = serde_json::from_slice::<Refusal>(&body).map_or_else(|_| format!("the running demo answers {status}"), |r| r.error);
        Err(LocalError::Refused(why))
    }

    fn failed(&self, why: String) -> LocalError {
        LocalError::Control { path: self.path.clone(), why }
    }
}
