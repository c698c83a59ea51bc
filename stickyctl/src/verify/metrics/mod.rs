//! A run's result as metrics: for the textfile collector of Prometheus's node exporter, or for a Pushgateway.

pub(crate) mod push;
mod text;

use crate::exit::Explained;
use crate::files::{Place, Replace, WriteError};
use crate::output::{Mark, Output};
use crate::verify::report::Report;
use push::Pushgateway;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use text::{is_own, target, text};

/// Where metrics go.
#[derive(Debug)]
pub(crate) struct Sinks {
    file: Option<Place>,
    gateway: Option<Pushgateway>,
}

impl Sinks {
    /// Checks that the file can be written; `force` replaces a file with something else.
    pub(crate) fn new(file: Option<&Path>, gateway: Option<Pushgateway>, force: bool) -> Result<Self, WriteError> {
        Ok(Self { file: file.map(|path| Place::new(path, Replace::new(force, is_own))).transpose()?, gateway })
    }

    /// Writes and pushes the metrics of a run that has just ended. A push that fails is a warning: the exit code says what the site does,
    /// and metrics that are old show by their timestamp.
    pub(crate) async fn send(&self, report: &Report, output: Output) -> Result<(), WriteError> {
        if self.file.is_none() && self.gateway.is_none() {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let text = text(report, now.as_secs_f64());
        if let Some(place) = &self.file {
            place.write(text.as_bytes())?;
            output.phase(Mark::Done, "metrics", &place.path().display().to_string(), None);
        }
        if let Some(gateway) = &self.gateway {
            match gateway.push(target(report), &text).await {
                Ok(()) => output.phase(Mark::Done, "pushed", &gateway.to_string(), None),
                Err(why) => output.warning(&std::iter::once(why.to_string()).chain(why.next_steps()).collect::<Vec<_>>().join(". Try ")),
            }
        }
        Ok(())
    }
}
