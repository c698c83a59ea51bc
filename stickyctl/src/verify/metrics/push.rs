//! Sends metrics to a Pushgateway: a PUT replaces all metrics of the run's group (prometheus/pushgateway README, "API").

use crate::exit::{Exit, Explained};
use crate::http1::{self, Conn, Limits};
use crate::verify::probe::tls::{NameError, Tls, TlsError};
use crate::verify::request::{Parts, UrlError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};
use prometheus_client::encoding::prometheus_text;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The value of the label `job`.
const JOB: &str = "stickyctl_verify";
const LIMITS: Limits = Limits { body: 16 << 10, answer: Duration::from_secs(20) };
/// Time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Characters of an answer that an error shows.
const SHOWN: usize = 300;

/// A Pushgateway, by its URL without `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pushgateway {
    parts: Parts,
}

/// Why metrics did not get to the Pushgateway.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushError {
    #[error("pushing metrics to {at}: {source}")]
    Connect { at: String, source: io::Error },
    #[error("pushing metrics to {at}: no connection within {} s", CONNECT.as_secs())]
    Late { at: String },
    #[error("pushing metrics to {at}: {source}")]
    Tls { at: String, source: TlsError },
    #[error("pushing metrics to {at}: {source}")]
    Name { at: String, source: NameError },
    #[error("pushing metrics to {at}: {source}")]
    Http { at: String, source: http1::Error },
    #[error("pushing metrics to {at}: it answered {status}{}", if said.is_empty() { String::new() } else { format!(": {said}") })]
    Refused { at: String, status: u16, said: String },
}

impl Explained for PushError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Refused { status: 404 | 405, .. } => vec!["--pushgateway http://HOST:9091    the URL without /metrics".to_owned()],
            _ => vec!["--metrics-file FILE    writes the same metrics to a file".to_owned()],
        }
    }
}

impl std::str::FromStr for Pushgateway {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        Ok(Self { parts: Parts::read(url)? })
    }
}

impl std::fmt::Display for Pushgateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.parts.host, self.parts.port)
    }
}

impl Pushgateway {
    /// Replaces the metrics of a target.
    pub(crate) async fn push(&self, target: &str, text: &str) -> Result<(), PushError> {
        let parts = &self.parts;
        let at = format!("{}:{}", parts.host, parts.port);
        let connect = |source| PushError::Connect { at: at.clone(), source };
        let stream = timeout(CONNECT, TcpStream::connect(&at)).await.map_err(|_| PushError::Late { at: at.clone() })?.map_err(connect)?;
        let http = |source| PushError::Http { at: at.clone(), source };
        let mut conn = if parts.tls {
            let tls = Tls::new(None, false).map_err(|source| PushError::Tls { at: at.clone(), source })?;
            let name = Tls::name(&parts.host).map_err(|source| PushError::Name { at: at.clone(), source })?;
            let stream = TlsConnector::from(tls.config(false)).connect(name, stream).await.map_err(connect)?;
            Conn::over(stream, LIMITS).await
        } else {
            Conn::over(stream, LIMITS).await
        }
        .map_err(http)?;
        let request = Request::put(path(&parts.path, target)).header(HOST, &at).header(CONTENT_TYPE, prometheus_text::CONTENT_TYPE);
        let request = request.body(text.to_owned().into()).map_err(|why| http(why.into()))?;
        let reply = conn.send(request).await.map_err(http)?;
        // 200 since 0.10; older ones answer 202.
        if matches!(reply.status, 200 | 202) {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&reply.body).trim().chars().take(SHOWN).collect();
        Err(PushError::Refused { at, status: reply.status, said })
    }
}

/// The path of the group: its job and its target. The value is in base64, because it contains slashes.
fn path(base: &str, target: &str) -> String {
    let base = base.split('?').next().unwrap_or_default().trim_end_matches('/');
    // An empty value is written as a padding character.
    let target = if target.is_empty() { "=".to_owned() } else { URL_SAFE_NO_PAD.encode(target) };
    format!("{base}/metrics/job/{JOB}/target@base64/{target}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_group_of_a_target() {
        assert_eq!(path("/", "https://a/b"), "/metrics/job/stickyctl_verify/target@base64/aHR0cHM6Ly9hL2I");
        assert_eq!(path("/push/?x=1", ""), "/push/metrics/job/stickyctl_verify/target@base64/=");
        for bad in ["http://user:secret@push/", "push:9091", "ftp://push"] {
            let why = bad.parse::<Pushgateway>().unwrap_err().to_string();
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
