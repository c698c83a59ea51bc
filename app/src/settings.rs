//! What the flags become: checked, and ready to make workers of.

use crate::bus::redis::{RedisBus, RedisConfig};
use crate::bus::{Bus, memory};
use crate::cli::{BusKind, CloseArg, LISTEN_VARIABLE, RelayArgs, ServeArgs};
use crate::server::{Config, Desk, Worker};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use sticky_core::choice::Expose;
use sticky_core::choice::Fanout;
use sticky_core::drain::Plan;
use sticky_core::identity::{Identity, PodName};
use sticky_core::limits::Limits;
use sticky_core::topology::Door;

/// The checked flags of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the site listens.
    pub listen: SocketAddr,
    /// Where the admin port listens.
    pub admin_listen: SocketAddr,
    /// Worker processes.
    pub workers: u16,
    /// The pod's name.
    pub pod: PodName,
    /// The limit of open files that was reached.
    pub open_files: u64,
    /// Every limit.
    pub limits: Limits,
    /// How workers leave.
    pub drain: Plan,
    redis: Option<RedisConfig>,
    fanout: Fanout,
    door: Door,
    expose: Expose,
    config: Config,
}

impl Settings {
    /// Checks what clap could not.
    ///
    /// # Errors
    /// A sentence for a person.
    pub(crate) fn check(args: ServeArgs, open_files: u64) -> Result<Self, String> {
        let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
        let pod = PodName::new(&args.pod.unwrap_or_else(host)).map_err(|e| format!("--pod: {e}"))?;
        let fanout = args.relay.fanout;
        let redis = redis(args.bus, &args.relay)?;
        if redis.is_none() && args.workers > 1 {
            return Err(format!(
                "--bus memory joins no processes, and --workers {} starts as many: name a Redis with --redis-url, or see `stickyctl up --local`, whose workers are threads",
                args.workers
            ));
        }
        let issuer = args.issuer;
        let door = match &args.door {
            None => Door::default(),
            Some(json) => sticky_core::wire::object(json.as_bytes())
                .map_err(|e| format!("--door is not {{\"kind\":…,\"affinity\":\"cookie|off|unknown\"}}: {e}"))?,
        };
        let limits = args.limits.limits(open_files);
        let drain = args.drain.plan(Duration::from_secs(10), Duration::from_secs(15));
        Ok(Self {
            listen: std::env::var(LISTEN_VARIABLE).ok().and_then(|a| a.parse().ok()).unwrap_or(args.listen),
            admin_listen: args.admin_listen,
            workers: args.workers,
            pod,
            open_files,
            config: Config {
                issuer,
                limits: limits.clone(),
                allowed_origins: args.allowed_origin,
                allowed_hosts: args.allowed_host,
                loopback_only: args.listen.ip().is_loopback(),
                trusted_proxies: args.trusted_proxy,
                close_after_post: match args.close_after_post {
                    CloseArg::Auto => args.workers > 1,
                    CloseArg::On => true,
                    CloseArg::Off => false,
                },
            },
            limits,
            drain,
            redis,
            fanout,
            door: Door { issuer, ..door },
            expose: args.expose_identity,
        })
    }

    /// `redis` or `memory`.
    #[must_use]
    pub const fn bus_name(&self) -> &'static str {
        if self.redis.is_some() { "redis" } else { "memory" }
    }

    /// Makes worker `number` on the current runtime, with its link to the bus.
    ///
    /// # Errors
    /// A sentence for a person.
    pub fn worker(&self, number: u16) -> Result<Arc<Worker>, String> {
        let boot = boot()?;
        let identity = Identity::new(self.pod.clone(), number, self.workers, boot.clone(), self.expose);
        let desk = Desk::new(identity, self.door.clone(), self.limits.sockets_per_session, self.limits.max_sockets, self.redis.is_none());
        let bus: Arc<dyn Bus> = match &self.redis {
            Some(redis) => Arc::new(RedisBus::start(redis.clone(), desk.clone(), &boot).map_err(|e| e.to_string())?),
            None => Arc::new(Arc::new(memory::Hub::default()).join(self.pod.as_str(), number, desk.clone(), self.fanout)),
        };
        Ok(Worker::new(self.config.clone(), desk, bus))
    }
}

/// A name for one start of a worker: 32 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn boot() -> Result<String, String> {
    getrandom::u32().map(|n| format!("{n:08x}")).map_err(|e| format!("the system gave no random numbers: {e}"))
}

fn redis(bus: Option<BusKind>, relay: &RelayArgs) -> Result<Option<RedisConfig>, String> {
    match (bus, &relay.redis_url) {
        (Some(BusKind::Memory), Some(_)) => Err("--bus memory and --redis-url exclude each other: leave one out".to_owned()),
        (Some(BusKind::Redis), None) => Err("--bus redis needs --redis-url redis://HOST:PORT".to_owned()),
        _ => relay.redis(),
    }
}
