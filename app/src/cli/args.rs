//! The flags of the server.

use super::shared::{Drain, DrainArgs, LimitArgs, RelayArgs};
use crate::logging::Format;
use crate::settings::{BusKind, CloseAfterPost, Request};
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use std::net::SocketAddr;
use sticky_core::choice::{Expose, Issuer};
use sticky_core::host::Host;
use sticky_core::names::env;
use sticky_core::version::Version;

/// Long enough for the slowest front door to notice.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnACluster;

impl Drain for OnACluster {
    const DELAY: &'static str = "10s";
    const WINDOW: &'static str = "15s";
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address of the site
    #[arg(long, value_name = "ADDRESS", env = env::LISTEN, default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Address of /healthz, /readyz and /metrics; never make it public [default: port 9090, on loopback only if --listen is]
    #[arg(long, value_name = "ADDRESS", env = env::ADMIN_LISTEN)]
    admin_listen: Option<SocketAddr>,
    /// Number of worker processes, 1 to 64
    #[arg(long, value_name = "N", env = env::WORKERS, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// How workers reach each other [default: redis with --redis-url, memory without]
    #[arg(long, env = env::BUS)]
    bus: Option<BusKind>,
    /// Who sets the affinity cookie
    #[arg(long, env = env::ISSUER, default_value = "proxy")]
    issuer: Issuer,
    /// Name of this pod [default: the host name]
    #[arg(long, value_name = "NAME", env = env::POD)]
    pod: Option<String>,
    /// Report TEXT as the version of this pod in /whoami and /topology, for example to tell a canary [default: the program's version]
    #[arg(long, value_name = "TEXT", env = env::REPORT_VERSION, value_parser = Version::parse)]
    report_version: Option<Version>,
    /// Describe the front door, for the map: {"kind":"nginx","affinity":"cookie|off|unknown"}
    #[arg(long, value_name = "JSON", env = env::DOOR)]
    door: Option<String>,
    /// How much of its identity the app shows in texts, headers and the map
    #[arg(long, env = env::EXPOSE_IDENTITY, default_value = "full")]
    expose_identity: Expose,
    /// Also accept the Origin of HOST; the requested host is always accepted (repeatable)
    #[arg(long, value_name = "HOST", env = env::ALLOWED_ORIGIN, value_delimiter = ',', value_parser = Host::parse)]
    allowed_origin: Vec<Host>,
    /// When listening on loopback, and on the admin port, also answer to HOST as the Host header (repeatable)
    #[arg(long, value_name = "HOST", env = env::ALLOWED_HOST, value_delimiter = ',', value_parser = Host::parse)]
    allowed_host: Vec<Host>,
    /// Trust X-Forwarded-For from proxies in CIDR (repeatable)
    #[arg(long, value_name = "CIDR", env = env::TRUSTED_PROXY, value_delimiter = ',')]
    trusted_proxy: Vec<IpNet>,
    /// Close the connection after a POST, so that a pooling proxy spreads requests over workers; auto does so with several workers
    #[arg(long, env = env::CLOSE_AFTER_POST, default_value = "auto")]
    close_after_post: CloseAfterPost,
    /// Format of log lines; RUST_LOG selects which are written
    #[arg(long, env = env::LOG_FORMAT, default_value = "text")]
    log_format: Format,
    #[command(flatten)]
    relay: RelayArgs,
    #[command(flatten)]
    drain: DrainArgs<OnACluster>,
    #[command(flatten)]
    limits: LimitArgs,
}

impl ServeArgs {
    pub(super) const fn log_format(&self) -> Format {
        self.log_format
    }

    /// What the flags ask for, from a process that may open `open_files` files.
    pub(super) fn request(self, open_files: u64) -> Request {
        Request {
            listen: self.listen,
            admin_listen: self.admin_listen,
            workers: self.workers,
            bus: self.bus,
            redis: self.relay.redis(),
            fanout: self.relay.fanout,
            issuer: self.issuer,
            pod: self.pod,
            door: self.door,
            expose: self.expose_identity,
            version: self.report_version.unwrap_or_else(Version::own),
            allowed_origins: self.allowed_origin,
            allowed_hosts: self.allowed_host,
            trusted_proxies: self.trusted_proxy,
            close_after_post: self.close_after_post,
            drain: self.drain.plan(),
            memory_limit: self.limits.memory_limit(),
            limits: self.limits.limits(open_files),
            open_files,
        }
    }
}

impl ValueEnum for BusKind {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Memory, Self::Redis]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Memory => PossibleValue::new("memory").help("In the memory of one process, for one worker"),
            Self::Redis => PossibleValue::new("redis").help("Through Redis, for any number of workers and pods"),
        })
    }
}

impl ValueEnum for CloseAfterPost {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::On, Self::Off]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        }))
    }
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => PossibleValue::new("text").help("For people"),
            Self::Json => PossibleValue::new("json").help("One JSON object a line"),
        })
    }
}
