//! The flags of the demo on this machine.

use clap::{Args, ValueEnum};
use std::net::IpAddr;
use sticky_app::cli::{DrainArgs, LimitArgs, RelayArgs};
use sticky_core::choice::Issuer;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LocalArg {
    /// Use the demo running on this machine instead of a cluster
    #[arg(long)]
    pub(crate) local: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LocalUpArgs {
    /// The port of the page; 0 picks a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// The address to listen on; anything but loopback makes the demo reachable from other machines
    #[arg(long, env = "STICKYCTL_LISTEN", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// How the front door keeps a session on one pod
    #[arg(long, env = "STICKYCTL_AFFINITY", default_value = "cookie")]
    pub(crate) affinity: AffinityArg,
    /// Who sets the affinity cookie: the front door, or the app, whose StickyStr cookie the front door hashes
    #[arg(long, env = "STICKYCTL_ISSUER", default_value = "proxy")]
    pub(crate) issuer: Issuer,
    /// Accept this host name besides loopback names; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_HOST", value_delimiter = ',')]
    pub(crate) allowed_host: Vec<String>,
    /// Accept this host in the Origin header besides the page's own; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_ORIGIN", value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Run in the background
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) relay: RelayArgs,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AffinityArg {
    /// By a cookie
    Cookie,
    /// Not at all
    Off,
}
