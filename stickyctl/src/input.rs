//! The spec as whoever calls gives it: the flags that several commands share, the file, the variables.

use crate::exit::{Exit, Failure};
use crate::generate::front_door;
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use crate::spec::load::{Loaded, Sources, load};
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;

/// What was said about a release, before anything is read.
#[derive(Debug)]
pub(crate) struct SpecRequest {
    /// The spec's file, where one was named.
    pub(crate) file: Option<Source>,
    /// What the flags say, in the shape of a spec.
    pub(crate) flags: Value,
    /// `STICKYCTL_*` names that are no key of a spec and mean something to another command.
    pub(crate) other_variables: Vec<String>,
}

/// Where a spec is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// This process's stdin.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// All that was said, read once: stdin can't be read twice.
#[derive(Debug)]
pub struct Input {
    file: Option<String>,
    variables: Vec<(String, String)>,
    flags: Value,
    other_variables: Vec<String>,
}

impl Input {
    /// Reads the file and the environment.
    ///
    /// # Errors
    /// The file can't be read ([`Exit::Usage`]).
    pub(crate) fn read(request: SpecRequest) -> Result<Self, Failure> {
        let file = request.file.as_ref().map(text).transpose()?;
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(Self { file, variables: variables.collect(), flags: request.flags, other_variables: request.other_variables })
    }

    /// Whether there is a file: then what a release says of itself does not count.
    #[must_use]
    pub const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The spec over what a release says of itself.
    #[must_use]
    pub fn load(&self, release: Option<Value>) -> Loaded {
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

impl Loaded {
    /// The spec, with its warnings printed.
    ///
    /// # Errors
    /// All its problems at once ([`Exit::Usage`]).
    pub fn checked(&self, output: Output) -> Result<StickyApp, Failure> {
        for warning in &self.findings.warnings {
            output.phase(Mark::Warning, "spec", warning, None);
        }
        let problems = &self.findings.problems;
        if problems.is_empty() {
            return Ok(self.spec.clone());
        }
        let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        Err(Failure::new(Exit::Usage, format!("the spec has {count}:\n{}", lines.join("\n"))))
    }

    /// Whether a key was said now, as in `ingress.frontDoor`.
    #[must_use]
    pub fn says(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.given, |tree, key| tree.get(key)).is_some()
    }
}

fn text(source: &Source) -> Result<String, Failure> {
    let Source::File(path) = source else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| Failure::new(Exit::Failed, format!("reading the spec from stdin: {e}")))?;
        return Ok(text);
    };
    std::fs::read_to_string(path).map_err(|e| {
        Failure::new(Exit::Usage, format!("reading the spec {}: {e}", path.display())).try_this("stickyctl render   without -f, for the defaults")
    })
}
