//! What is asked of a run inside the cluster.

use crate::cluster::connect::Access;
use crate::image::load::Loader;
use std::path::PathBuf;

/// A run inside the cluster.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) access: Access,
    /// Where the Job runs.
    pub(crate) namespace: String,
    /// The image; none for the one of this version.
    pub(crate) image: Option<String>,
    /// What loads the image that is built here.
    pub(crate) loader: Option<Loader>,
    /// The program to build the image from; none for this very program.
    pub(crate) program: Option<PathBuf>,
    /// A ServiceAccount that exists; none for one of its own, with its rights.
    pub(crate) account: Option<String>,
    /// Whether the Job stays.
    pub(crate) keep: bool,
    /// The command line to run inside, without the name of the program.
    pub(crate) words: Vec<Word>,
}

/// A word of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// As it is.
    Plain(String),
    /// A value that may be a secret, such as that of a URL's query.
    Hidden(String),
    /// A file, which becomes another path inside. `before` is what precedes the path, such as `@`.
    File { before: &'static str, path: PathBuf },
}

/// How a schedule runs the command.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// In cron's notation.
    pub(crate) cron: String,
    /// The file for metrics on the node; none for none.
    pub(crate) metrics: Option<PathBuf>,
}
