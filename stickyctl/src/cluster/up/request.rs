//! The request and the result of `up`.

use crate::exit::Failure;
use crate::image::load::Loader;
use crate::spec::StickyApp;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The request to `up`, from its flags.
pub(crate) struct Request<'a> {
    pub(crate) spec: &'a dyn SpecSource,
    /// The static binary for the image; `None` searches the usual places.
    pub(crate) app_binary: Option<PathBuf>,
    /// How to load the image; without one, kind loads it into a kind cluster.
    pub(crate) loader: Option<Loader>,
    /// Install a front door if nothing serves the class.
    pub(crate) install_front_door: bool,
    /// Take ownership of fields that others manage.
    pub(crate) force_conflicts: bool,
    /// Apply even if sessions would not stick.
    pub(crate) force: bool,
    pub(crate) dry_run: Option<DryRun>,
    /// Give up waiting after this long.
    pub(crate) timeout: Duration,
}

/// Where the dry run happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DryRun {
    /// Only here: no object is sent to the API server.
    Client,
    /// The API server does everything except storing it.
    Server,
}

/// Where the spec comes from: a file, the environment, flags.
pub(crate) trait SpecSource {
    /// Whether there is a file. If so, the spec in a release's annotation is ignored.
    fn has_file(&self) -> bool;

    /// The spec on top of the one in a release's annotation.
    ///
    /// # Errors
    /// All problems of the spec at once.
    fn load(&self, release: Option<Value>) -> Result<Effective, Failure>;

    /// Name and namespace of the release, whatever else may be wrong with the spec.
    fn place(&self) -> (String, String);
}

/// A spec without problems.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    pub(crate) spec: StickyApp,
    pub(crate) warnings: Vec<String>,
    /// What was given on this call, in the shape of a spec: without defaults and without the release's annotation.
    pub(crate) given: Value,
}

impl Effective {
    /// Whether a key was given on this call, as in `ingress.frontDoor`.
    pub(crate) fn says(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.given, |tree, key| tree.get(key)).is_some()
    }
}

/// How a browser on this machine reaches the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// No front door serves it.
    None,
    /// Through a port that is forwarded to the front door.
    Forward,
    /// The cluster's node has the front door on this machine's port 80.
    Url(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Up {
        name: String,
        pods: usize,
        workers: u16,
        /// Canary pods, which are not among `pods`.
        canary: usize,
        /// The image's tag.
        version: String,
        way: Way,
    },
    /// The objects as YAML documents.
    Client(Vec<String>),
    /// One line for each object, each followed by the fields that would change.
    Server(Vec<String>),
}
