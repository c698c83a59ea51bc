//! A run's report: a table and a page for people, JSON and JUnit XML for programs. Texts from the site are made harmless first. Cookie values
//! are in none of them, unless the user asked for them.

pub(crate) mod baseline;
pub(crate) mod build;
mod disrupted;
mod disruptions;
mod disruptions_table;
mod error;
pub(crate) mod files;
mod here;
mod junit;
pub(crate) mod model;
pub(super) mod moment;
mod observed;
pub(super) mod page;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
mod summary;
pub(crate) mod table;

pub use error::ReportError;
pub use model::Report;
