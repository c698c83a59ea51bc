//! The flags of the demo on this machine.

use crate::local::UpRequest;
use clap::{Args, ValueEnum};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use sticky_app::cli::{DrainArgs, LimitArgs, RelayArgs};
use sticky_core::choice::Issuer;
use sticky_core::mode::Mode;
use sticky_core::topology::{Affinity, Door};

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LocalArg {
    /// Use the demo running on this machine instead of a cluster
    #[arg(long)]
    pub(crate) local: bool,
}

#[derive(Debug, Args)]
pub(super) struct LocalUpArgs {
    /// The port of the page; 0 picks a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The address to listen on; anything but loopback makes the demo reachable from other machines
    #[arg(long, env = "STICKYCTL_LISTEN", default_value = "127.0.0.1")]
    pub(super) listen: IpAddr,
    /// How the front door keeps a session on one pod
    #[arg(long, env = "STICKYCTL_AFFINITY", default_value = "cookie")]
    affinity: AffinityArg,
    /// Who sets the affinity cookie: the front door, or the app, whose StickyStr cookie the front door hashes
    #[arg(long, env = "STICKYCTL_ISSUER", default_value = "proxy")]
    pub(super) issuer: Issuer,
    /// Accept this host name besides loopback names; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_HOST", value_delimiter = ',')]
    pub(super) allowed_host: Vec<String>,
    /// Accept this host in the Origin header besides the page's own; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_ORIGIN", value_delimiter = ',')]
    pub(super) allowed_origin: Vec<String>,
    /// Run in the background
    #[arg(long)]
    pub(super) detach: bool,
    #[command(flatten)]
    pub(super) relay: RelayArgs,
    #[command(flatten)]
    pub(super) drain: DrainArgs,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

impl LocalUpArgs {
    /// The demo that these flags ask for.
    pub(super) fn request(self, mode: Mode) -> UpRequest {
        let affinity = match self.affinity {
            AffinityArg::Cookie => Affinity::Cookie,
            AffinityArg::Off => Affinity::Off,
        };
        UpRequest {
            mode,
            listen: SocketAddr::new(self.listen, self.port),
            door: Door { kind: "local".to_owned(), affinity, issuer: self.issuer },
            allowed_hosts: self.allowed_host,
            allowed_origins: self.allowed_origin,
            redis: self.relay.redis(),
            fanout: self.relay.fanout,
            drain: self.drain.plan(Duration::from_secs(2), Duration::from_secs(5)),
            memory_limit: self.limits.memory_limit(),
            limits: self.limits.limits(sticky_app::open_files::raise_limit()),
            detach: self.detach,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AffinityArg {
    /// By a cookie
    Cookie,
    /// Not at all
    Off,
}
