//! The flags of `up`.

use super::cluster::ClusterUpArgs;
use super::local::LocalUpArgs;
use super::place::{ON_A_CLUSTER, SPEC, WITH_LOCAL};
use super::spec::SpecArgs;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct UpArgs {
    /// Start the demo on this machine instead of on a cluster
    #[arg(long)]
    pub(super) local: bool,
    #[command(flatten, next_help_heading = SPEC)]
    pub(super) spec: SpecArgs,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(super) on_cluster: ClusterUpArgs,
    #[command(flatten, next_help_heading = WITH_LOCAL)]
    pub(super) here: LocalUpArgs,
}
