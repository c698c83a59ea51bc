//! Why a report cannot be written.

use super::baseline::BaselineError;
use crate::exit::{Exit, Explained};
use crate::files::WriteError;

/// Why a report, or the comparison with an earlier one, failed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The page's data has a value without a JSON form.
    #[error("writing the report's page: {0}")]
    Page(serde_json::Error),
    /// The report has no JUnit form.
    #[error("writing the report as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// The page and the JUnit XML have the same file.
    #[error("--report and --junit-file name the same file")]
    SameFile,
    /// A file cannot be written.
    #[error(transparent)]
    Save(#[from] WriteError),
    /// The earlier report cannot be read.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
}

impl Explained for ReportError {
    fn exit(&self) -> Exit {
        match self {
            Self::Page(_) | Self::Junit(_) => Exit::Failed,
            Self::SameFile => Exit::Usage,
            Self::Save(why) => why.exit(),
            Self::Baseline(why) => why.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Baseline(why) => why.next_steps(),
            Self::Save(why) => why.next_steps(),
            _ => Vec::new(),
        }
    }
}
