//! Getting an archive into a cluster's nodes.

use super::child;
use crate::exit::{Exit, Failure};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loader {
    /// `kind`, into all nodes of one of its clusters.
    Kind {
        /// The cluster's name, which is not the context's.
        cluster: String,
    },
    /// A program and its arguments, with the archive on stdin.
    Command(Vec<String>),
}

impl Loader {
    /// A loader from `--image-loader`'s words, split as a shell would and given to none.
    ///
    /// # Errors
    /// [`Exit::Usage`]: no word, or a quote that does not end.
    pub fn parse(words: &str) -> Result<Self, Failure> {
        let example = "--image-loader 'ssh node1 sudo ctr -n k8s.io images import -'    the archive is on its stdin";
        let wrong = |why: &str| Failure::new(Exit::Usage, format!("--image-loader `{words}`: {why}")).try_this(example);
        match shlex::split(words) {
            None => Err(wrong("a quote does not end, or a backslash stands alone")),
            Some(words) if words.first().is_none_or(String::is_empty) => Err(wrong("it names no program")),
            Some(words) => Ok(Self::Command(words)),
        }
    }
}

/// Loads the archive of the image `name`.
///
/// # Errors
/// The program is not there ([`Exit::Prerequisite`]), failed ([`Exit::Failed`], with its exit code and last lines), or took
/// longer than `limit` ([`Exit::TimedOut`]).
pub async fn load(archive: &Path, name: &str, into: &Loader, limit: Duration) -> Result<(), Failure> {
    load_with(OsStr::new("kind"), archive, name, into, limit).await
}

async fn load_with(kind: &OsStr, archive: &Path, name: &str, into: &Loader, limit: Duration) -> Result<(), Failure> {
    let (command, program, doing) = match into {
        Loader::Kind { cluster } => {
            let mut command = Command::new(kind);
            command.args(["load", "image-archive"]).arg(archive).args(["--name", cluster]).stdin(Stdio::null());
            (command, "kind", format!("loading {name} into kind cluster {cluster}"))
        }
        Loader::Command(words) => {
            let Some((program, arguments)) = words.split_first() else {
                return Err(Failure::new(Exit::Usage, format!("loading {name}: the loader names no program")));
            };
            let mut command = Command::new(program);
            // The file itself, not a pipe that somebody has to fill: the program may read as much of it as it likes.
            command.args(arguments).stdin(open(archive).map_err(|e| unreadable(archive, name, &e))?);
            (command, program.as_str(), format!("loading {name}"))
        }
    };
    let done = child::run(command, limit).await;
    done.map_err(|ended| {
        let failure = ended.failure(&doing, program);
        match (into, failure.exit) {
            (Loader::Kind { .. }, Exit::Prerequisite) => failure
                .try_this("https://kind.sigs.k8s.io/docs/user/quick-start/#installation    the program that made this cluster")
                .try_this("stickyctl up --image-loader 'COMMAND'    a command that takes the archive on stdin")
                .try_this("stickyctl up --image REGISTRY/NAME:TAG   an image that the nodes can pull"),
            (Loader::Kind { cluster }, Exit::Failed) => failure.try_this(format!("kind get nodes --name {cluster}")),
            (Loader::Kind { .. } | Loader::Command(_), Exit::TimedOut) => failure.try_this("--timeout 10m    where the way to the nodes is slow"),
            _ => failure,
        }
    })
}

fn open(archive: &Path) -> io::Result<Stdio> {
    File::open(archive).map(Stdio::from)
}

fn unreadable(archive: &Path, name: &str, e: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("loading {name}: reading {}: {e}", archive.display()))
}

#[cfg(test)]
mod tests;
