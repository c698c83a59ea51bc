//! Flags for sites that do not name their pods: which log tells.

use crate::verify::request::LogReading;
use clap::Args;
use std::time::Duration;
use sticky_core::duration;

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// Mark requests in User-Agent only, not in the query, for a front door that hashes the URL or an app that rejects other parameters
    #[arg(long)]
    no_marker_query: bool,
    /// Wait up to DURATION for each missing log line
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration::positive)]
    log_wait: Duration,
}

impl LogArgs {
    pub(super) const fn reading(&self) -> LogReading {
        LogReading { in_query: !self.no_marker_query, patience: self.log_wait }
    }
}
