//! Loads an archive into the nodes of a cluster.

use super::child::{self, ChildError};
use crate::exit::{Exit, Explained};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// What loads the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loader {
    /// `kind`, into all nodes of one of its clusters.
    Kind {
        /// The name of the cluster, which is not that of the context.
        cluster: String,
    },
    /// A program that reads the archive from stdin.
    Command { program: String, arguments: Vec<String> },
}

impl Loader {
    /// Reads the value of `--image-loader`: split into words as a shell would, but not run by one.
    pub(crate) fn parse(words: &str) -> Result<Self, InvalidLoader> {
        let wrong = |why| InvalidLoader { words: words.to_owned(), why };
        let mut split = shlex::split(words).ok_or_else(|| wrong("it has an unclosed quote or a trailing backslash"))?.into_iter();
        let program = split.next().filter(|program| !program.is_empty()).ok_or_else(|| wrong("it names no program"))?;
        Ok(Self::Command { program, arguments: split.collect() })
    }
}

/// A value of `--image-loader` that is no command.
#[derive(Debug, thiserror::Error)]
#[error("invalid --image-loader `{words}`: {why}")]
pub(crate) struct InvalidLoader {
    words: String,
    why: &'static str,
}

impl Explained for InvalidLoader {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        vec!["--image-loader 'ssh node1 sudo ctr -n k8s.io images import -'    a command that reads the archive from stdin".to_owned()]
    }
}

/// Why an archive was not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("loading {name}: reading {}: {why}", archive.display())]
    Unreadable { name: String, archive: PathBuf, why: io::Error },
    #[error("{child}")]
    Kind { cluster: String, child: ChildError },
    /// The command of `--image-loader` failed.
    #[error("{0}")]
    Command(ChildError),
}

impl Explained for LoadError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable { .. } => Exit::Failed,
            Self::Kind { child, .. } | Self::Command(child) => child.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Kind { child, .. } if child.exit() == Exit::Prerequisite => vec![
                "https://kind.sigs.k8s.io/docs/user/quick-start/#installation    install kind, which created this cluster".to_owned(),
                "stickyctl up --image-loader 'COMMAND'    use a command that reads the archive from stdin".to_owned(),
                "stickyctl up --image REGISTRY/NAME:TAG   use an image that the nodes can pull".to_owned(),
            ],
            Self::Kind { cluster, child } if child.exit() == Exit::Failed => vec![format!("kind get nodes --name {cluster}")],
            Self::Kind { .. } | Self::Command(_) if self.exit() == Exit::TimedOut => {
                vec!["--timeout 10m    if the nodes are slow to reach".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

/// Loads the archive of the image `name`, within a time limit.
pub(crate) async fn load(archive: &Path, name: &str, into: &Loader, limit: Duration) -> Result<(), LoadError> {
    load_with(OsStr::new("kind"), archive, name, into, limit).await
}

async fn load_with(kind: &OsStr, archive: &Path, name: &str, into: &Loader, limit: Duration) -> Result<(), LoadError> {
    let (command, program, doing) = match into {
        Loader::Kind { cluster } => {
            let mut command = Command::new(kind);
            command.args(["load", "image-archive"]).arg(archive).args(["--name", cluster]).stdin(Stdio::null());
            (command, "kind", format!("loading {name} into kind cluster {cluster}"))
        }
        Loader::Command { program, arguments } => {
            let mut command = Command::new(program);
            // The file itself rather than a pipe: the program may read as much of it as it likes.
            let file = File::open(archive).map_err(|why| LoadError::Unreadable { name: name.to_owned(), archive: archive.to_owned(), why })?;
            command.args(arguments).stdin(Stdio::from(file));
            (command, program.as_str(), format!("loading {name}"))
        }
    };
    child::run(command, limit).await.map_err(|ended| {
        let child = ChildError { doing, program: program.to_owned(), ended };
        match into {
            Loader::Kind { cluster } => LoadError::Kind { cluster: cluster.clone(), child },
            Loader::Command { .. } => LoadError::Command(child),
        }
    })
}

#[cfg(test)]
mod tests;
