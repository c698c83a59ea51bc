//! The flags of commands about a release that exists: `status`, `scale`, `mode` and `down`.

use super::cluster::ReleaseArgs;
use super::local::LocalArg;
use super::place::ON_A_CLUSTER;
use crate::output::Format;
use clap::Args;
use std::time::Duration;
use sticky_core::duration;

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) local: LocalArg,
    /// The output format
    #[arg(short, long, default_value = "table")]
    pub(super) output: Format,
    /// Keep showing changes until interrupted; with --local, keys scale, switch and kill
    #[arg(short, long)]
    pub(super) watch: bool,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(super) release: ReleaseArgs,
}

#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    pub(super) local: LocalArg,
    /// Give up waiting after this long
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive)]
    pub(super) timeout: Duration,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(super) release: ReleaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct DownArgs {
    #[command(flatten)]
    pub(super) local: LocalArg,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(super) release: ReleaseArgs,
    /// Delete without asking
    #[arg(short, long, help_heading = ON_A_CLUSTER)]
    pub(super) yes: bool,
    /// Also delete the Redis PersistentVolumeClaim and its data
    #[arg(long, help_heading = ON_A_CLUSTER)]
    pub(super) delete_data: bool,
    /// Give up waiting after this long
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive, help_heading = ON_A_CLUSTER)]
    pub(super) timeout: Duration,
}
