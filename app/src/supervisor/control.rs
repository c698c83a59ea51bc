//! What supervisor and worker say to each other: one line of JSON each.

use crate::server::worker::Report;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// A worker speaks at least this often.
pub const BEAT: Duration = Duration::from_millis(500);
/// A worker that is silent for this long is hung and is killed.
pub const HUNG_AFTER: Duration = Duration::from_secs(5);
/// Tells a process that it is a worker, and which one.
pub const WORKER_VARIABLE: &str = "STICKY_INTERNAL_WORKER";

/// From the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Say now how you are; somebody asks for metrics.
    Report,
    /// Leave by the plan.
    Drain,
}

/// From a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// How it is.
    Report(Box<Report>),
    /// It can't serve; the text is for a person.
    Failed(String),
}

/// Reads lines.
pub struct Reader(Lines<BufReader<OwnedReadHalf>>);

/// Writes lines.
pub struct Writer(OwnedWriteHalf);

/// The two halves of a link.
pub fn split(stream: UnixStream) -> (Reader, Writer) {
    let (read, write) = stream.into_split();
    (Reader(BufReader::new(read).lines()), Writer(write))
}

impl Reader {
    /// The next line; loses nothing when it is cancelled. `None` when the other side is gone or says something unknown.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        let line = self.0.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }
}

impl Writer {
    /// Says one line.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn say<T: Serialize>(&mut self, word: &T) -> std::io::Result<()> {
        let mut line = sticky_core::wire::json(word);
        line.push('\n');
        self.0.write_all(line.as_bytes()).await
    }
}
