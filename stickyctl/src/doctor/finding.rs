//! One fault, as data: what all reports are made from.

use schemars::JsonSchema;
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; affinity works.
    Note,
    /// Affinity breaks in some cases, such as a rollout.
    Warning,
    /// Sessions do not stick, or requests are lost.
    Error,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// An object that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct About {
    /// As in `Ingress`.
    pub kind: String,
    /// Empty for objects without a namespace.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// The file and the line where the document begins, if it was read from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl About {
    /// As in `Ingress shop/web`.
    #[must_use]
    pub fn title(&self) -> String {
        let Self { kind, namespace, name, .. } = self;
        if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    /// The file as the user named it; `-` for stdin.
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// Stable, in kebab case; `stickyctl explain` knows it.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The object.
    pub about: About,
    /// The field, as in `metadata.annotations[nginx.ingress.kubernetes.io/affinity]`; empty if it is about the whole object.
    pub field: String,
    /// What is there, and what follows from it.
    pub consequence: String,
    /// What to change.
    pub fix: String,
    /// The page that explains it.
    pub link: String,
}
