//! The flags of `up`.

use super::cluster::ClusterUpArgs;
use super::local::{LocalArg, LocalUpArgs};
use super::place::{ON_A_CLUSTER, SPEC, WITH_LOCAL};
use super::spec::SpecArgs;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct UpArgs {
    #[command(flatten)]
    pub(super) local: LocalArg,
    #[command(flatten, next_help_heading = SPEC)]
    pub(super) spec: SpecArgs,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(super) on_cluster: ClusterUpArgs,
    #[command(flatten, next_help_heading = WITH_LOCAL)]
    pub(super) here: LocalUpArgs,
}
