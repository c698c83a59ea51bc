//! The files of a run: the page, JUnit XML, and the earlier report to compare with. They are checked before the first request.

use super::baseline;
use super::error::ReportError;
use super::model::Report;
use crate::files::{Place, Replace};
use crate::output::{Mark, Output};
use std::path::Path;
use sticky_affinity::baseline::compare;
use sticky_affinity::baseline::snapshot::Snapshot;
use sticky_core::harmless::harmless;

/// The files of a run.
#[derive(Debug)]
pub(crate) struct Files {
    page: Option<Place>,
    junit: Option<Place>,
    /// The earlier report, by the name of its file.
    baseline: Option<(String, Snapshot)>,
}

impl Files {
    /// Checks that the page and the JUnit XML can be written, and reads the earlier report. `force` replaces files that are no
    /// earlier reports.
    pub(crate) fn new(page: Option<&Path>, junit: Option<&Path>, earlier: Option<&Path>, force: bool) -> Result<Self, ReportError> {
        let place = |path: Option<&Path>, own| path.map(|path| Place::new(path, Replace::new(force, own))).transpose();
        let files = Self {
            page: place(page, |head| holds(head, "<title>stickyctl verify</title>"))?,
            junit: place(junit, |head| holds(head, "<testsuites name=\"stickyctl verify\""))?,
            baseline: earlier.map(|path| Ok::<_, ReportError>((harmless(&path.display().to_string()), baseline::read(path)?))).transpose()?,
        };
        if files.page.is_some() && files.page == files.junit {
            return Err(ReportError::SameFile);
        }
        Ok(files)
    }

    /// Adds the comparison with the earlier report, if there is one.
    pub(crate) fn compare(&self, report: &mut Report) {
        report.baseline = self.baseline.as_ref().map(|(file, before)| compare(file, before, &Snapshot::from(&*report)));
    }

    /// Writes the files. If one cannot be written, the others still are.
    pub(crate) fn write(&self, report: &impl Written, output: Output) -> Result<(), ReportError> {
        let page = |place: &Place| write(place, "report", &report.as_page()?, output);
        let junit = |place: &Place| write(place, "junit", &report.as_junit()?, output);
        let written = [self.page.as_ref().map(page), self.junit.as_ref().map(junit)];
        written.into_iter().flatten().collect()
    }
}

/// A report that files are made from.
pub(crate) trait Written {
    /// As a page for a browser.
    fn as_page(&self) -> Result<String, ReportError>;
    /// As JUnit XML.
    fn as_junit(&self) -> Result<String, ReportError>;
}

impl Written for Report {
    fn as_page(&self) -> Result<String, ReportError> {
        self.page().map_err(ReportError::Page)
    }

    fn as_junit(&self) -> Result<String, ReportError> {
        Ok(self.junit()?)
    }
}

fn write(place: &Place, name: &str, text: &str, output: Output) -> Result<(), ReportError> {
    place.write(text.as_bytes())?;
    output.phase(Mark::Done, name, &place.path().display().to_string(), None);
    Ok(())
}

fn holds(head: &[u8], mark: &str) -> bool {
    head.windows(mark.len()).any(|part| part == mark.as_bytes())
}
