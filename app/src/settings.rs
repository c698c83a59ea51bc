//! What an operator asks of a server, checked, and ready to make workers of.

use crate::bus::Relay;
use crate::bus::memory::Hub;
use crate::bus::redis::{BadRedis, RedisRequest};
use crate::server::{Blueprint, Config, Memory};
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use sticky_core::choice::{Expose, Fanout, Issuer};
use sticky_core::drain::Plan;
use sticky_core::host::{Host, is_loopback};
use sticky_core::identity::{BadPodName, PodName};
use sticky_core::limits::Limits;
use sticky_core::memory;
use sticky_core::topology::{Door, DoorView};
use sticky_core::version::Version;
use sticky_core::wire::{BadObject, object};
use tokio::sync::watch;

/// The values of `--bus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BusKind {
    Memory,
    Redis,
}

/// The values of `--close-after-post`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseAfterPost {
    /// With several workers only.
    Auto,
    On,
    Off,
}

/// What an operator asks for. The flags of the same names describe each value.
pub(crate) struct Request {
    pub(crate) listen: SocketAddr,
    /// By default port 9090: of the same loopback address if the site listens on loopback, and of every IPv4 address otherwise.
    pub(crate) admin_listen: Option<SocketAddr>,
    pub(crate) workers: u16,
    pub(crate) bus: Option<BusKind>,
    pub(crate) redis: Option<RedisRequest>,
    pub(crate) fanout: Fanout,
    pub(crate) issuer: Issuer,
    pub(crate) pod: Option<String>,
    pub(crate) door: Option<String>,
    pub(crate) expose: Expose,
    pub(crate) version: Version,
    pub(crate) allowed_origins: Vec<Host>,
    pub(crate) allowed_hosts: Vec<Host>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) close_after_post: CloseAfterPost,
    pub(crate) drain: Plan,
    pub(crate) limits: Limits,
    /// The memory that all workers may use together, in bytes.
    pub(crate) memory_limit: u64,
    /// The limit of open files of this process.
    pub(crate) open_files: u64,
}

const ADMIN_PORT: u16 = 9_090;

/// Who asks to listen on loopback only doesn't expect another port to be open to everybody.
fn admin_address(listen: SocketAddr) -> SocketAddr {
    let address = if listen.ip().to_canonical().is_loopback() { listen.ip() } else { Ipv4Addr::UNSPECIFIED.into() };
    (address, ADMIN_PORT).into()
}

/// Why a request can't be met.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("--pod: {0}")]
    Pod(#[from] BadPodName),
    #[error("--bus memory and --redis-url exclude each other: leave one out")]
    MemoryWithUrl,
    #[error("--bus redis needs --redis-url redis://HOST:PORT")]
    RedisWithoutUrl,
    #[error(
        "--bus memory can't join the {0} processes of --workers {0}: name a Redis with --redis-url, or run `stickyctl up --local`, whose workers are threads"
    )]
    MemoryWithProcesses(u16),
    #[error(transparent)]
    Redis(#[from] BadRedis),
    #[error("--door is not {{\"kind\":…,\"affinity\":\"cookie|off|unknown\"}}: {0}")]
    Door(#[source] BadObject),
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    pub(crate) workers: u16,
    pub(crate) pod: PodName,
    /// The limit of open files of this process.
    pub(crate) open_files: u64,
    /// The memory that all workers may use together, in bytes.
    pub(crate) memory_limit: u64,
    pub(crate) drain: Plan,
    /// What every worker is made from.
    pub(crate) blueprint: Blueprint,
}

impl Request {
    /// Checks the values against each other, and reads the files that they name.
    pub(crate) fn check(self) -> Result<Settings, Unusable> {
        let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
        let pod = PodName::new(&self.pod.unwrap_or_else(host))?;
        let relay = match (self.bus, self.redis) {
            (Some(BusKind::Memory), Some(_)) => return Err(Unusable::MemoryWithUrl),
            (Some(BusKind::Redis), None) => return Err(Unusable::RedisWithoutUrl),
            (_, Some(redis)) => Relay::Redis(Box::new(redis.read()?)),
            (_, None) if self.workers > 1 => return Err(Unusable::MemoryWithProcesses(self.workers)),
            (_, None) => Relay::Memory { hub: Arc::new(Hub::default()), fanout: self.fanout },
        };
        let door = match &self.door {
            None => Door::default(),
            Some(json) => object(json.as_bytes()).map_err(Unusable::Door)?,
        };
        let config = Config {
            issuer: self.issuer,
            limits: self.limits,
            allowed_origins: self.allowed_origins,
            allowed_hosts: self.allowed_hosts,
            loopback_only: is_loopback(self.listen.ip()),
            trusted_proxies: self.trusted_proxies,
            close_after_post: match self.close_after_post {
                CloseAfterPost::Auto => self.workers > 1,
                CloseAfterPost::On => true,
                CloseAfterPost::Off => false,
            },
        };
        let door = DoorView { door: Door { issuer: self.issuer, ..door }, control: false };
        let budget = memory::budget(self.memory_limit, self.workers);
        Ok(Settings {
            listen: self.listen,
            admin_listen: self.admin_listen.unwrap_or_else(|| admin_address(self.listen)),
            workers: self.workers,
            pod,
            open_files: self.open_files,
            memory_limit: self.memory_limit,
            drain: self.drain,
            blueprint: Blueprint {
                config,
                door: watch::channel(door).1,
                expose: self.expose,
                version: self.version,
                relay,
                memory: Memory::new(budget),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_port_is_no_more_open_than_the_site() {
        for (listen, admin) in [
            ("0.0.0.0:8080", "0.0.0.0:9090"),
            ("10.0.0.1:8080", "0.0.0.0:9090"),
            ("127.0.0.1:8080", "127.0.0.1:9090"),
            ("[::1]:8080", "[::1]:9090"),
            ("[::ffff:127.0.0.1]:8080", "[::ffff:127.0.0.1]:9090"),
        ] {
            assert_eq!(admin_address(listen.parse().unwrap()), admin.parse().unwrap(), "{listen}");
        }
    }
}
