//! Reads the spec that a user gives: flags, file and environment variables.

use crate::exit::{Exit, Explained};
use crate::generate::front_door;
use crate::output::{Mark, Output};
use crate::patience;
use crate::spec::load::{Loaded, Sources, load};
use crate::spec::{Problem, StickyApp, yaml};
use serde_json::Value;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// What a user gave on the command line, before anything is read.
#[derive(Debug)]
pub(crate) struct SpecRequest {
    /// The file of the spec.
    pub(crate) file: Option<Source>,
    /// What the flags set, in the shape of a spec.
    pub(crate) flags: Value,
    /// `STICKYCTL_*` variables of other commands, which are not keys of a spec.
    pub(crate) other_variables: Vec<String>,
}

/// Where a spec is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

/// Everything that was read, so that it can be loaded twice: stdin can't be read twice.
#[derive(Debug)]
pub(crate) struct Input {
    file: Option<String>,
    variables: Vec<(OsString, OsString)>,
    flags: Value,
    other_variables: Vec<String>,
}

impl Input {
    /// Reads the file and the environment.
    pub(crate) fn read(request: SpecRequest) -> Result<Self, InputError> {
        let file = request.file.as_ref().map(text).transpose()?;
        Ok(Self { file, variables: std::env::vars_os().collect(), flags: request.flags, other_variables: request.other_variables })
    }

    /// Whether there is a file: then the spec of the release on the cluster does not count.
    pub(crate) const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The spec, on top of the spec of the release on the cluster.
    pub(crate) fn load(&self, release: Option<Value>) -> Loaded {
        let mut loaded = load(Sources {
            release: release.unwrap_or_default(),
            file: self.file.as_deref(),
            variables: self.variables.clone(),
            other_variables: self.other_variables.clone(),
            flags: self.flags.clone(),
        });
        loaded.findings.add(front_door::check(&loaded.spec));
        loaded
    }
}

/// Why there is no spec.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("reading the spec from stdin: {0}")]
    Stdin(io::Error),
    #[error("reading the spec {}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
}

impl Explained for InputError {
    fn exit(&self) -> Exit {
        match self {
            Self::Stdin(_) => Exit::Failed,
            Self::File { .. } => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Stdin(_) => Vec::new(),
            Self::File { .. } => vec!["stickyctl render    prints the defaults, without -f".to_owned()],
        }
    }
}

/// A spec that is refused, with all its problems.
#[derive(Debug, thiserror::Error)]
#[error("invalid spec, {}:{}", count(.0.len()), .0.iter().map(|problem| format!("\n  {problem}")).collect::<String>())]
pub(crate) struct InvalidSpec(Vec<Problem>);

impl Explained for InvalidSpec {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

impl Loaded {
    /// The spec, if it has no problems; prints its warnings.
    pub(crate) fn checked(self, output: Output) -> Result<StickyApp, InvalidSpec> {
        for warning in &self.findings.warnings {
            output.phase(Mark::Warning, "spec", warning, None);
        }
        self.refuse()?;
        Ok(self.spec)
    }

    /// Fails if the spec has problems; prints nothing.
    pub(crate) fn refuse(&self) -> Result<(), InvalidSpec> {
        let problems = &self.findings.problems;
        if problems.is_empty() { Ok(()) } else { Err(InvalidSpec(problems.clone())) }
    }
}

fn text(source: &Source) -> Result<String, InputError> {
    let read = match source {
        Source::Stdin => bounded(io::stdin().lock()),
        Source::File(path) => {
            let path = path.clone();
            patience::read(move || File::open(path).and_then(bounded))
        }
    };
    read.map_err(|why| match source {
        Source::Stdin => InputError::Stdin(why),
        Source::File(path) => InputError::File { path: path.clone(), why },
    })
}

/// A stream may have no end.
fn bounded(stream: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let size = stream.take(yaml::MOST as u64 + 1).read_to_string(&mut text)?;
    if size > yaml::MOST { Err(io::Error::other(format!("it is larger than {} KiB", yaml::MOST >> 10))) } else { Ok(text) }
}
