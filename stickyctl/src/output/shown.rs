//! The forms of an answer.

use crate::yaml::yaml;
use serde::Serialize;

/// The form of an answer: `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
}

/// One of the answers of a command that watches.
#[derive(Debug)]
pub(crate) enum Shown {
    Lines(String),
    Json(String),
    /// A YAML document, which the next one follows.
    Yaml(String),
    /// In place of everything that the terminal shows.
    Screen(String),
}

impl Shown {
    /// One of several documents in the form that `-o` asks for: JSON on one line, YAML after a `---`.
    pub(crate) fn of(format: Format, value: &impl Serialize, table: impl FnOnce() -> String) -> Self {
        match format {
            Format::Table => Self::Lines(format!("{}\n", table())),
            Format::Json => Self::Json(serde_json::to_string(value).unwrap_or_default()),
            Format::Yaml => Self::Yaml(yaml(value).unwrap_or_default()),
        }
    }
}
