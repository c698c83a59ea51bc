//! Reads the log of a run to its end, whatever happens to the connection.

use super::error::{InsideError, Of};
use super::manifest::CONTAINER;
use super::start::{self, state};
use crate::cluster::errors::{ApiError, ask};
use crate::output::Live;
use crate::relay::{Broken, Line, Reader};
use futures_util::AsyncBufRead;
use futures_util::io::AsyncReadExt as _;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, Pod};
use k8s_openapi::jiff::Timestamp;
use kube::api::LogParams;
use kube::{Api, Client};
use std::collections::VecDeque;
use std::time::Duration;

/// The pause before a log is opened again.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest line that is read, in bytes; the rest of a longer one is left out.
const LONGEST: usize = 64 << 10;
/// The last lines that an error shows.
const LAST: usize = 5;

/// What was read of a log.
#[derive(Default)]
pub(super) struct Log {
    pub(super) reader: Reader,
    /// The latest time of a line, as the kubelet writes it: all have the same length, so that they compare as texts.
    last: String,
    /// Lines up to this time came over an earlier connection.
    known: String,
    /// The last lines for people.
    tail: VecDeque<String>,
}

impl Log {
    /// The last lines for people, as the end of a sentence.
    pub(super) fn last_words(&self) -> String {
        if self.tail.is_empty() {
            return String::new();
        }
        format!(". Its last words:\n  {}", self.tail.iter().map(String::as_str).collect::<Vec<_>>().join("\n  "))
    }

    /// Takes a line with its time. Lines of stdout and stderr are in the order in which they were written only among themselves.
    fn line(&mut self, line: &str, live: &Live) {
        let (time, text) = line.split_once(' ').unwrap_or(("", line));
        if time.parse::<Timestamp>().is_err() {
            return;
        }
        let read = self.reader.line(text);
        if time <= self.known.as_str() {
            return;
        }
        if time > self.last.as_str() {
            time.clone_into(&mut self.last);
        }
        match read {
            Line::Progress(what) => live.says(&what),
            Line::Note(text) => {
                live.above(&text);
                self.tail.push_back(text);
                if self.tail.len() > LAST {
                    self.tail.pop_front();
                }
            }
            Line::Taken => {}
        }
    }
}

/// How the container of a run ended.
pub(super) fn ended(state: &ContainerStateTerminated) -> String {
    let reason = state.reason.as_deref().filter(|reason| !matches!(*reason, "Error" | "Completed"));
    match (reason, state.message.as_deref().map(str::trim)) {
        (Some("OOMKilled"), _) => "it was killed for exceeding its memory limit".to_owned(),
        (Some(reason), Some(message)) => format!("it ended with exit code {}: {reason}: {message}", state.exit_code),
        (Some(reason), None) => format!("it ended with exit code {}: {reason}", state.exit_code),
        (None, _) => format!("it ended with exit code {}", state.exit_code),
    }
}

/// Follows the log until the container has ended; returns what was read, and how it ended.
pub(super) async fn to_the_end(client: &Client, of: &Of, run: &str, pod: &str, live: &Live) -> Result<(Log, ContainerStateTerminated), InsideError> {
    let mut log = Log::default();
    loop {
        read(client, of, pod, true, &mut log, live).await?;
        let Some(found) = start::pod(client, of, run).await? else {
            return Err(InsideError::Gone { of: of.clone(), why: "somebody deleted it".to_owned() });
        };
        if let Some(terminated) = state(&found).and_then(|state| state.terminated.clone()) {
            // The log may have ended before its last lines were there.
            if matches!(log.reader.json(), Err(Broken::Missing | Broken::Cut { .. })) && log.reader.failure().is_none() {
                read(client, of, pod, false, &mut log, live).await?;
            }
            return Ok((log, terminated));
        }
        let status = found.status.as_ref().filter(|status| status.phase.as_deref() == Some("Failed"));
        if let Some(status) = status {
            let why = status.message.as_ref().or(status.reason.as_ref()).cloned().unwrap_or_else(|| "it failed".to_owned());
            return Err(InsideError::Gone { of: of.clone(), why });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads the log once. A connection that breaks is no error.
async fn read(client: &Client, of: &Of, pod: &str, follow: bool, log: &mut Log, live: &Live) -> Result<(), ApiError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &of.namespace);
    log.known.clone_from(&log.last);
    let since = log.last.parse::<Timestamp>().ok().filter(|_| follow);
    let params = LogParams { container: Some(CONTAINER.to_owned()), follow, since_time: since, timestamps: true, ..LogParams::default() };
    let stream = ask(&format!("reading the log of pod {pod} in namespace {}", of.namespace), pods.log_stream(pod, &params)).await?;
    lines(stream, |line| log.line(line, live)).await;
    Ok(())
}

/// Calls `take` for each line, until the stream ends or breaks.
async fn lines(stream: impl AsyncBufRead, mut take: impl FnMut(&str)) {
    let mut stream = std::pin::pin!(stream);
    let (mut line, mut chunk) = (Vec::new(), vec![0; 16 << 10]);
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        for piece in chunk[..count].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(&piece[..piece.len().min(LONGEST.saturating_sub(line.len()))]);
            if piece.ends_with(b"\n") {
                take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
                line.clear();
            }
        }
    }
    // A line without an end is not whole.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_whole_and_bounded() {
        let text = format!("one\r\n{}\ntwo\nhalf", "x".repeat(3 * LONGEST));
        let mut all = Vec::new();
        lines(text.as_bytes(), |line| all.push(line.to_owned())).await;
        assert_eq!((all.len(), all[0].as_str(), all[1].len(), all[2].as_str()), (3, "one", LONGEST, "two"));
    }

    #[test]
    fn how_it_ended() {
        let state = |code, reason: &str, message: Option<&str>| ContainerStateTerminated {
            exit_code: code,
            reason: Some(reason.to_owned()),
            message: message.map(str::to_owned),
            ..ContainerStateTerminated::default()
        };
        assert_eq!(ended(&state(3, "Error", None)), "it ended with exit code 3");
        assert_eq!(ended(&state(137, "OOMKilled", None)), "it was killed for exceeding its memory limit");
        assert_eq!(ended(&state(128, "StartError", Some("no such file"))), "it ended with exit code 128: StartError: no such file");
    }
}
