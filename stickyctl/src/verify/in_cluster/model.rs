//! What is asked of a run inside the cluster.

use crate::cluster::connect::Access;
use crate::image::load::Loader;
use crate::verify::request::Site;
use std::path::PathBuf;

/// A run inside the cluster.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) access: Access,
    /// Where the Job runs; none for the namespace of the context.
    pub(crate) namespace: Option<String>,
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

impl Inside {
    /// The namespace of the Job. `context` is that of the kubeconfig's context.
    pub(super) fn job_namespace(&self, context: &str) -> String {
        self.namespace.clone().unwrap_or_else(|| context.to_owned())
    }

    /// The words, with the namespace that an application without one has: inside, the context is another.
    pub(super) fn words(&self, site: &Site, context: &str) -> Vec<Word> {
        let is_open = matches!(site, Site::Workload { namespace: None, .. });
        let named = is_open.then(|| Word::Plain(format!("--namespace={context}")));
        self.words.iter().cloned().chain(named).collect()
    }
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
