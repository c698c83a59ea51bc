//! Flags for sites that do not name their pods: which log tells.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct LogArgs {}
