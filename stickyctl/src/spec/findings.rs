//! What checks of a spec find.

use std::fmt;
use sticky_core::harmless::harmless;

/// One thing that is wrong with a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key with its whole path, as in `ingress.cookie.name`; empty for the file as a whole.
    pub path: String,
    /// What is wrong, why, and what to write instead.
    pub what: String,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Both may quote the file. One problem is one line.
        let (path, what) = (harmless(&self.path), harmless(&self.what));
        if path.is_empty() { f.write_str(&what) } else { write!(f, "{path}: {what}") }
    }
}

/// What a check of a spec found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The spec is refused because of these.
    pub problems: Vec<Problem>,
    /// The spec is accepted, but doesn't do what it seems to say.
    pub warnings: Vec<String>,
}

impl Findings {
    pub(crate) fn refuse(&mut self, path: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(path, what));
    }

    pub(crate) fn warn(&mut self, path: &str, what: impl fmt::Display) {
        self.warnings.push(format!("{path}: {what}"));
    }

    /// Adds the findings of another check.
    pub fn add(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.warnings.extend(other.warnings);
    }
}
