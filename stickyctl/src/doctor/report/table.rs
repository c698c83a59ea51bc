//! The report for people.

use super::Report;

impl Report {
    /// As text in so many columns.
    #[must_use]
    pub(crate) fn table(&self, _unicode: bool, _columns: Option<usize>) -> String {
        String::new()
    }
}
