//! What can go wrong with the demo on this machine.

use super::size::TooLarge;
use crate::exit::{Exit, Explained};
use crate::output::{Unwritten, short};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use sticky_app::bus::redis::{BadRedis, Unreachable};
use sticky_core::mode::{BadMode, Mode};

/// Why the folder of the control socket can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnsafeFolder {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it is a symlink or not a folder ({0})")]
    NotAFolder(rustix::io::Errno),
    #[error("it belongs to user {owner}, not to you ({you})")]
    Owner { owner: u32, you: u32 },
    #[error("other users can enter it (mode {0:o}); run chmod 700 on it")]
    Open(u32),
}

/// Why the control socket gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silence {
    /// Nothing can connect to it.
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    /// Something answers, but not as an HTTP server.
    #[error(transparent)]
    Http(#[from] crate::http1::Error),
    /// The answer is not what this version understands.
    #[error("the demo is of another version: {0}")]
    Version(#[from] serde_json::Error),
}

/// Why a command for the demo on this machine failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    #[error("using {} for the control socket: {why}", dir.display())]
    Folder { dir: PathBuf, why: UnsafeFolder },
    #[error("no demo is running on this machine: nothing listens on {}", .0.display())]
    NothingRuns(PathBuf),
    /// It was there when watching began.
    #[error("the demo on this machine has ended")]
    Ended,
    #[error("a demo is already running: {url} (process {pid})")]
    AlreadyUp { url: String, pid: u32 },
    #[error("locking {}: {why}", path.display())]
    Lock { path: PathBuf, why: std::io::Error },
    /// Another process holds the lock and does not answer.
    #[error("another demo on this machine is starting or ending: it has held the lock {} for {}", path.display(), short(*limit))]
    Locked { path: PathBuf, limit: Duration },
    #[error("talking to the running demo over {}: {why}", path.display())]
    Control { path: PathBuf, why: Silence },
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The running demo refuses the change, for this reason.
    #[error("{0}")]
    Refused(String),
    #[error("creating the control socket {}: {why}", path.display())]
    ControlSocket { path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    BadRedis(#[from] BadRedis),
    #[error("connecting to Redis at {address}: {why}")]
    Redis { address: String, why: Unreachable },
    #[error("listening on {address}: {why}")]
    Listen { address: SocketAddr, why: std::io::Error },
    #[error("starting the pods: {0}")]
    Pod(#[from] CannotStart),
    #[error("waiting for the pods: they were not ready after {}", short(*.0))]
    NotReady(Duration),
    #[error("{doing}: {why}")]
    Process { doing: &'static str, why: std::io::Error },
    #[error("creating the log {}: {why}", path.display())]
    Log { path: PathBuf, why: std::io::Error },
    /// The demo that was started in the background ended.
    #[error("{said}")]
    Background {
        /// Its exit code, where it is one that a user acts on.
        exit: Exit,
        /// The end of its log.
        said: String,
    },
    #[error("the demo did not answer within {}; its log is {}", short(*.limit), log.display())]
    BackgroundSilent { limit: Duration, log: PathBuf },
    #[error("the running demo reports the mode `{mode}`: {why}")]
    Mode { mode: String, why: BadMode },
    #[error("changing to {want}: {why}")]
    Change { want: Mode, why: String },
    #[error("changing to {want}: not done after {}; last seen: {seen}", short(*.limit))]
    ChangeTimedOut {
        want: Mode,
        limit: Duration,
        seen: String,
        /// Whether Redis is what the pods wait for.
        no_redis: bool,
    },
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
    #[error("waiting for {0}: interrupted")]
    Interrupted(Mode),
    #[error("process {pid} was asked to end and is still there after {}", short(*.limit))]
    StillThere { pid: u32, limit: Duration },
}

/// Why a pod could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotStart {
    #[error("the system gave no random numbers: {0}")]
    NoRandomness(getrandom::Error),
    #[error("starting {what} for {place}: {why}")]
    System {
        /// `a thread` or `a runtime`.
        what: &'static str,
        /// `POD:WORKER`.
        place: String,
        why: std::io::Error,
    },
    #[error(transparent)]
    Worker(#[from] sticky_app::server::CannotMake),
    #[error("worker {0} ended before it listened")]
    Ended(String),
    #[error(transparent)]
    Name(#[from] sticky_core::identity::BadPodName),
    #[error(transparent)]
    Version(#[from] sticky_core::version::BadVersion),
}

impl Explained for LocalError {
    fn exit(&self) -> Exit {
        match self {
            Self::NothingRuns(_) | Self::Redis { .. } => Exit::Prerequisite,
            Self::BadRedis(_) | Self::TooLarge(_) => Exit::Usage,
            Self::NotReady(_) | Self::ChangeTimedOut { .. } | Self::BackgroundSilent { .. } | Self::Locked { .. } | Self::StillThere { .. } => {
                Exit::TimedOut
            }
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Background { exit, .. } => *exit,
            _ => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let steps: &[&str] = match self {
            Self::Folder { .. } => &["set XDG_RUNTIME_DIR to a folder of your own"],
            Self::NothingRuns(_) | Self::Ended => &["stickyctl up --local"],
            Self::AlreadyUp { .. } => &["stickyctl status --local   what it is", "stickyctl down --local     end it first"],
            Self::Locked { path, .. } => return vec![format!("fuser {}    shows which process it is", path.display())],
            Self::Redis { .. } => {
                &["redis-server               start one", "stickyctl up --local       without Redis: workers of one process need none"]
            }
            Self::Listen { address, why } if why.kind() == std::io::ErrorKind::AddrInUse => {
                return vec![
                    format!("stickyctl up --local --port {}   another port", address.port().saturating_add(1)),
                    "stickyctl up --local --port 0      any free port".to_owned(),
                ];
            }
            Self::TooLarge(why) => {
                let mode = why.largest();
                return vec![
                    format!("stickyctl up --local --mode {mode}    starts the demo in it"),
                    format!("stickyctl mode {mode} --local         switches a running demo to it"),
                ];
            }
            Self::ChangeTimedOut { no_redis: true, .. } => {
                &["redis-cli ping             shows whether Redis answers", "stickyctl status --local   shows the pods; the change goes on by itself"]
            }
            Self::NotReady(_) => &["stickyctl up --local -v   log what the pods do"],
            Self::ChangeTimedOut { .. } | Self::Refused(_) => &["stickyctl status --local"],
            Self::StillThere { pid, .. } => return vec![format!("kill {pid}")],
            _ => &[],
        };
        steps.iter().map(|step| (*step).to_owned()).collect()
    }
}
