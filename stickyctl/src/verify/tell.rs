//! Who hears of a run: the terminal or a program on stdout, and files for browsers and CI.

use super::baseline::{Earlier, compare};
use super::report::{Baseline, Report};
use super::save::Place;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Mark, Output};

/// What is told, and where.
#[derive(Debug)]
pub struct Told {
    /// On stdout.
    pub output: Format,
    /// The page for a browser.
    pub page: Option<Place>,
    /// JUnit XML.
    pub junit: Option<Place>,
    /// An earlier report, and the file that it is from.
    pub baseline: Option<(String, Earlier)>,
}

impl Told {
    /// What changed since the earlier report, where there is one.
    #[must_use]
    pub fn compared(&self, report: &Report) -> Option<Baseline> {
        self.baseline.as_ref().map(|(file, before)| compare(file, before, report))
    }

    /// Prints a report and writes its files.
    ///
    /// # Errors
    /// A file can't be written; the others are, and the report was printed.
    pub fn tell(&self, report: &Report, output: Output) -> Result<(), Failure> {
        let making = |what: &str, why: String| Failure::new(Exit::Failed, format!("making {what}: {why}"));
        match self.output {
            Format::Table => output.answer(&report.table(output.unicode())),
            Format::Json => output.answer(&serde_json::to_string_pretty(report).map_err(|e| making("the report", e.to_string()))?),
        }
        let page = |place: &Place| write(place, "report", &report.page().map_err(|e| making("the page", e.to_string()))?, output);
        let junit = |place: &Place| write(place, "junit", &report.junit().map_err(|e| making("the JUnit file", e.to_string()))?, output);
        let written = [self.page.as_ref().map(page), self.junit.as_ref().map(junit)];
        written.into_iter().flatten().collect()
    }
}

fn write(place: &Place, name: &str, text: &str, output: Output) -> Result<(), Failure> {
    place.write(text)?;
    output.phase(Mark::Done, name, &place.path().display().to_string(), None);
    Ok(())
}
