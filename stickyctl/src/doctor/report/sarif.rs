//! The report as SARIF 2.1.0, which code scanning reads.

use super::Report;

impl Report {
    /// As one line of JSON.
    #[must_use]
    pub(crate) fn sarif(&self) -> String {
        String::new()
    }
}
