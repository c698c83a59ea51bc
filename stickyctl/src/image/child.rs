//! Runs another program to its end, within a time limit, and keeps the end of its output.

use crate::exit::Exit;
use crate::output::short;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// How many bytes of a stream are kept.
const KEPT: usize = 4 << 10;
/// How many lines of them an error shows.
const LINES: usize = 8;
/// How long to read on after the program has ended: a child of its own may hold its streams open.
const LINGER: Duration = Duration::from_millis(500);

/// Why a program failed.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is missing or can't be executed.
    Unstartable(io::Error),
    /// It exited with an error.
    Badly {
        /// `exit 1`, `signal: 9 (SIGKILL)`.
        how: String,
        /// The last lines of its output.
        said: Vec<String>,
    },
    /// It was killed because it took longer.
    Late(Duration),
}

/// A failed program and its task.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {}", ended.words(program))]
pub(crate) struct ChildError {
    pub(super) doing: String,
    pub(super) program: String,
    pub(super) ended: Ended,
}

impl ChildError {
    pub(super) fn exit(&self) -> Exit {
        match self.ended {
            Ended::Unstartable(_) => Exit::Prerequisite,
            Ended::Badly { .. } => Exit::Failed,
            Ended::Late(_) => Exit::TimedOut,
        }
    }
}

impl Ended {
    fn words(&self, program: &str) -> String {
        match self {
            Self::Unstartable(e) if e.kind() == io::ErrorKind::NotFound => format!("{program} not found"),
            Self::Unstartable(e) => format!("can't start {program}: {e}"),
            Self::Badly { how, said } if said.is_empty() => format!("{program} failed ({how}) without any output"),
            Self::Badly { how, said } => format!("{program} failed ({how}):\n  {}", said.join("\n  ")),
            Self::Late(limit) => format!("{program} took more than {} and was stopped", short(*limit)),
        }
    }

    /// The last line of its output, or why there is none.
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Unstartable(e) => e.to_string(),
            Self::Badly { how, mut said } => said.pop().unwrap_or(how),
            Self::Late(limit) => format!("no answer within {}", short(limit)),
        }
    }
}

/// Runs a program. Its stdout doesn't go to ours, which is for the answer.
pub(super) async fn run(mut command: Command, limit: Duration) -> Result<(), Ended> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(Ended::Unstartable)?;
    let (mut told, mut said) = (Tail::default(), Tail::default());
    match tokio::time::timeout(limit, end(&mut child, &mut told, &mut said)).await {
        Err(_) => {
            // This fails only if it has just ended.
            let _ = child.kill().await;
            Err(Ended::Late(limit))
        }
        Ok(Err(e)) => Err(Ended::Unstartable(e)),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => {
            let how = status.code().map_or_else(|| status.to_string(), |code| format!("exit {code}"));
            let said = said.lines();
            Err(Ended::Badly { how, said: if said.is_empty() { told.lines() } else { said } })
        }
    }
}

async fn end(child: &mut Child, told: &mut Tail, said: &mut Tail) -> io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let streams = async { tokio::join!(told.follow(stdout), said.follow(stderr)) };
    tokio::pin!(streams);
    tokio::select! {
        status = child.wait() => {
            // Output that comes later is lost, which is no failure.
            let _ = tokio::time::timeout(LINGER, &mut streams).await;
            status
        }
        _ = &mut streams => child.wait().await,
    }
}

/// The last bytes of a stream.
#[derive(Default)]
struct Tail(Vec<u8>);

impl Tail {
    async fn follow(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut chunk = [0; 4 << 10];
        while let Ok(count @ 1..) = stream.read(&mut chunk).await {
            tracing::info!("{}", String::from_utf8_lossy(&chunk[..count]).trim_end());
            self.0.extend_from_slice(&chunk[..count]);
            let surplus = self.0.len().saturating_sub(KEPT);
            self.0.drain(..surplus);
        }
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.0);
        let plain = text.split(['\n', '\r']).map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
        let lines: Vec<String> = plain.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LINES)..].to_vec()
    }
}
