//! Flags of disruptions.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct DisruptArgs {}
