//! A child process: its output is kept, and dropping the value kills it.

use crate::wait;
use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the output of a process that has exited is waited for. A grandchild can keep a stream open for longer.
const REST: Duration = Duration::from_secs(1);

/// The lines that one stream of a process has written so far.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lines: Mutex<Vec<String>>,
    complete: AtomicBool,
}

impl Lines {
    fn follow(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let kept = lines.clone();
        // A thread keeps the pipe from filling while a test is busy elsewhere. It ends with the stream.
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while matches!(reader.read_until(b'\n', &mut line), Ok(n) if n > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                kept.0.lines.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                line.clear();
            }
            kept.0.complete.store(true, Ordering::Release);
        });
        lines
    }

    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_complete(&self) -> bool {
        self.0.complete.load(Ordering::Acquire)
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.all().join("\n")
    }
}

/// A running child in its own process group.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pid: Pid,
    status: Option<(ExitStatus, Instant)>,
    pub stdout: Lines,
    pub stderr: Lines,
}

impl Process {
    /// Starts `command` with nothing on stdin, and keeps stdout and stderr.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
        // Its own group, so that grandchildren such as workers or a browser die with it, and Ctrl-C reaches only us.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().with_context(|| format!("can't start {name}"))?;
        let stdout = child.stdout.take().map(Lines::follow).unwrap_or_default();
        let stderr = child.stderr.take().map(Lines::follow).unwrap_or_default();
        let pid = Pid::from_child(&child);
        Ok(Self { name, child, pid, status: None, stdout, stderr })
    }

    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("{} {} is gone", self.name, self.pid()))
    }

    /// The exit status, once all output is read; `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten().map(|status| (status, Instant::now()));
        }
        let (status, since) = self.status?;
        let is_read = self.stdout.is_complete() && self.stderr.is_complete();
        (is_read || since.elapsed() >= REST).then_some(status)
    }

    /// Waits for the exit code. As in a shell, death by a signal is 128 plus the signal's number.
    pub async fn exit_code(&mut self, limit: Duration) -> Result<i32> {
        let what = format!("the end of {} {}", self.name, self.pid());
        let status = wait::until(&what, limit, async || self.ended()).await.map_err(|e| self.with_output(&e))?;
        Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
    }

    /// Waits for a line of stdout or stderr for which `pick` returns a value.
    ///
    /// # Errors
    /// It exits first, or the deadline passes; the error includes its output.
    pub async fn line<T>(&mut self, what: &str, limit: Duration, pick: impl Fn(&str) -> Option<T>) -> Result<T> {
        let condition = format!("{}: {what}", self.name);
        let found = wait::until(&condition, limit, async || {
            // Checked before the lines: a process that has exited writes no more of them.
            let ended = self.ended();
            let found = self.stdout.all().iter().chain(self.stderr.all().iter()).find_map(|line| pick(line));
            match (found, ended) {
                (Some(found), _) => Some(Ok(found)),
                (None, Some(status)) => Some(Err(anyhow!("{} ended ({status}) before: {what}", self.name))),
                (None, None) => None,
            }
        });
        let found = found.await.flatten();
        found.map_err(|e| self.with_output(&e))
    }

    fn with_output(&self, error: &anyhow::Error) -> anyhow::Error {
        anyhow!("{error}\n--- stdout ---\n{}\n--- stderr ---\n{}", self.stdout.text(), self.stderr.text())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL works on a stopped process too. Once the process is reaped, its id can be reused, but not as a group id while a child
        // lives; without a child, the signal reaches no process.
        let _ = kill_process_group(self.pid, Signal::KILL);
        if self.status.is_none() {
            let _ = self.child.wait();
        }
    }
}

/// Sends a signal to a process by its id, such as a worker's id from `/whoami`.
pub fn signal(pid: i32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid).context("0 is no process")?;
    kill_process(pid, signal).with_context(|| format!("no process {}", pid.as_raw_nonzero()))
}

/// Kills a process that isn't our child, such as a detached one, when dropped.
#[derive(Debug)]
pub struct KillOnDrop(pub i32);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if lives(self.0) {
            let _ = signal(self.0, Signal::KILL);
        }
    }
}

/// Whether the process runs; a zombie doesn't.
#[must_use]
pub fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The children of `pid`, from /proc.
#[must_use]
pub fn children(pid: i32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|n| n.parse().ok()).collect()
}

/// Resident memory of a process, in KiB.
#[must_use]
pub fn resident_kib(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
}
