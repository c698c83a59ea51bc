//! The protocol between supervisor and worker: environment variables at the start, then one line of JSON per message.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::net::SocketAddr;
use std::time::Duration;
use sticky_core::readiness::Report;
use sticky_core::wire::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// A worker reports at least this often.
pub(super) const BEAT: Duration = Duration::from_millis(500);
/// A worker that has not reported for this long hangs, and is killed.
pub(super) const HUNG_AFTER: Duration = Duration::from_secs(5);
/// Holds a worker's number; its presence makes a process a worker.
pub(crate) const WORKER_VARIABLE: &str = "STICKY_INTERNAL_WORKER";
/// Holds the address that the supervisor reserved, which `--listen` with port 0 does not name.
pub(super) const LISTEN_VARIABLE: &str = "STICKY_INTERNAL_LISTEN";

/// What a worker process learns from its environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkerPlace {
    /// Its number, from 0.
    pub(crate) number: u16,
    /// The address that it shares with the others.
    pub(super) listen: Option<SocketAddr>,
}

/// The place of this process; `None` unless a supervisor started it as a worker.
pub(crate) fn place_of_this_worker() -> Option<WorkerPlace> {
    let variable = |name| std::env::var(name).ok();
    let number = variable(WORKER_VARIABLE)?.parse().ok()?;
    Some(WorkerPlace { number, listen: variable(LISTEN_VARIABLE).and_then(|address| address.parse().ok()) })
}

/// What the supervisor sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    /// Report now, for a scrape of metrics.
    Report,
    /// Drain, by the plan of the flags.
    Drain,
}

/// What a worker sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    /// Its state and its counters.
    Report(Box<Report>),
    /// It can't serve; the text says why.
    Failed(String),
}

pub(super) struct Reader(Lines<BufReader<OwnedReadHalf>>);

pub(super) struct Writer(OwnedWriteHalf);

pub(super) fn split(stream: UnixStream) -> (Reader, Writer) {
    let (read, write) = stream.into_split();
    (Reader(BufReader::new(read).lines()), Writer(write))
}

impl Reader {
    /// The next message; cancelling loses nothing. `None` when the other side is gone or sends something unknown.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        let line = self.0.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }
}

impl Writer {
    pub(super) async fn say<T: Serialize>(&mut self, word: &T) -> std::io::Result<()> {
        let mut line = json(word);
        line.push('\n');
        self.0.write_all(line.as_bytes()).await
    }
}
