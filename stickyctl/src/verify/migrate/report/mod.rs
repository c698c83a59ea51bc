//! The report of a run at two doors: what users will feel and what to do about it, as a table, a page for a change request, JSON and JUnit
//! XML. Texts from the site are made harmless first, and cookie values are in none of them.

pub(crate) mod build;
mod junit;
mod model;
mod page;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
mod summary;
mod table;

pub use model::Report;

use crate::verify::report::ReportError;
use crate::verify::report::files::Written;

impl Written for Report {
    fn as_page(&self) -> Result<String, ReportError> {
        self.page().map_err(ReportError::Page)
    }

    fn as_junit(&self) -> Result<String, ReportError> {
        Ok(self.junit()?)
    }
}
