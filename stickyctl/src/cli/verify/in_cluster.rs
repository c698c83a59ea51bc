//! Flags for a run inside the cluster.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct InClusterArgs {}
