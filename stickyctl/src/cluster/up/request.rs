//! What `up` is asked for, and what it brings back.

use crate::exit::Failure;
use crate::image::load::Loader;
use crate::spec::StickyApp;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// What `up` is asked for.
pub(crate) struct Request<'a> {
    pub(crate) spec: &'a dyn SpecSource,
    /// The static binary to make the image from; without one it is looked for.
    pub(crate) app_binary: Option<PathBuf>,
    /// How to load the image; without one, kind loads it into a kind cluster.
    pub(crate) loader: Option<Loader>,
    /// Install a front door if nothing serves the class.
    pub(crate) install_front_door: bool,
    /// Take ownership of fields that others manage.
    pub(crate) force_conflicts: bool,
    pub(crate) dry_run: Option<DryRun>,
    /// Give up waiting after this long.
    pub(crate) timeout: Duration,
}

/// Who makes the dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DryRun {
    /// Nothing is sent.
    Client,
    /// The API server does everything except storing it.
    Server,
}

/// Where the spec comes from: a file, the environment, flags.
pub(crate) trait SpecSource {
    /// Whether there is a file. Then the spec in a release's annotation does not count.
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    Up {
        name: String,
        pods: usize,
        workers: u16,
        /// The image's tag.
        version: String,
        /// Whether a front door serves the release.
        has_door: bool,
    },
    /// The objects as YAML documents.
    Client(Vec<String>),
    /// One line for each object, each followed by the fields that would change.
    Server(Vec<String>),
}
