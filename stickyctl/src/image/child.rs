//! Running another program to its end, within a limit, keeping the last of what it says.

use crate::exit::{Exit, Failure};
use crate::output::short;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// What is kept of a stream, in bytes.
const KEPT: usize = 4 << 10;
/// Lines of it that get into an error.
const LINES: usize = 8;
/// A child that has ended may have left its streams to a child of its own.
const LINGER: Duration = Duration::from_millis(500);

/// Why a program did not do what it was started for.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is not there, or can't be run.
    Unstartable(io::Error),
    /// It ended, and not with 0.
    Badly {
        /// `exit 1`, `signal: 9 (SIGKILL)`.
        how: String,
        /// Its last lines.
        said: Vec<String>,
    },
    /// It was killed because it took longer.
    Late(Duration),
}

impl Ended {
    /// The failure of `doing` by `program`.
    pub(super) fn failure(self, doing: &str, program: &str) -> Failure {
        match self {
            Self::Unstartable(e) if e.kind() == io::ErrorKind::NotFound => {
                Failure::new(Exit::Prerequisite, format!("{doing}: there is no {program}"))
            }
            Self::Unstartable(e) => Failure::new(Exit::Prerequisite, format!("{doing}: {program} can't be started: {e}")),
            Self::Badly { how, said } if said.is_empty() => Failure::new(Exit::Failed, format!("{doing}: {program} failed ({how}) and said nothing")),
            Self::Badly { how, said } => Failure::new(Exit::Failed, format!("{doing}: {program} failed ({how}):\n  {}", said.join("\n  "))),
            Self::Late(limit) => Failure::new(Exit::TimedOut, format!("{doing}: {program} was ended because it took more than {}", short(limit))),
        }
    }

    /// The last thing it said, or why it said nothing.
    pub(super) fn sentence(self) -> String {
        match self {
            Self::Unstartable(e) => e.to_string(),
            Self::Badly { how, mut said } => said.pop().unwrap_or(how),
            Self::Late(limit) => format!("no answer within {}", short(limit)),
        }
    }
}

/// Runs it. Its stdout is kept apart from ours: that is the answer's.
///
/// # Errors
/// See [`Ended`].
pub(super) async fn run(mut command: Command, limit: Duration) -> Result<(), Ended> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(Ended::Unstartable)?;
    let (mut told, mut said) = (Tail::default(), Tail::default());
    match tokio::time::timeout(limit, end(&mut child, &mut told, &mut said)).await {
        Err(_) => {
            // It may be over by now, and then there is nothing to kill.
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
            // Late words are words less, no failure.
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
