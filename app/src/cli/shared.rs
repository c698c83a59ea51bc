//! Flags that `sticky-app` and `stickyctl up --local` share.

use crate::bus::redis::RedisRequest;
use crate::cgroup;
use clap::Args;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;
use sticky_core::choice::Fanout;
use sticky_core::drain::Plan;
use sticky_core::duration;
use sticky_core::limits::{Limits, parse_memory, parse_size};
use sticky_core::names::env;

/// `--redis-…` and `--fanout`: how messages reach the worker that holds the socket.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Relay")]
pub struct RelayArgs {
    /// Redis as `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, or `rediss://` for TLS
    #[arg(long, value_name = "URL", env = env::REDIS_URL, hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Read the Redis password from FILE, which keeps it out of argument lists
    #[arg(long, value_name = "FILE", env = env::REDIS_PASSWORD_FILE)]
    pub redis_password_file: Option<PathBuf>,
    /// For rediss://, trust the certificates (PEM) in FILE instead of the public authorities
    #[arg(long, value_name = "FILE", env = env::REDIS_CA_FILE)]
    pub redis_ca_file: Option<PathBuf>,
    /// Start the names of Redis channels with PREFIX; give each site on one Redis its own
    #[arg(long, value_name = "PREFIX", env = env::REDIS_PREFIX, default_value = "sticky")]
    pub redis_prefix: String,
    /// Which workers receive a relayed message
    #[arg(long, env = env::FANOUT, default_value = "directed")]
    pub fanout: Fanout,
}

impl RelayArgs {
    /// Redis as these flags name it; `None` without `--redis-url`.
    #[must_use]
    pub fn redis(&self) -> Option<RedisRequest> {
        Some(RedisRequest {
            url: self.redis_url.clone()?,
            password_file: self.redis_password_file.clone(),
            ca_file: self.redis_ca_file.clone(),
            prefix: self.redis_prefix.clone(),
            fanout: self.fanout,
        })
    }
}

/// The drain of a program, unless its flags say otherwise.
pub trait Drain {
    /// The default of `--drain-delay`, as a flag's value.
    const DELAY: &'static str;
    /// The default of `--drain-window`, as a flag's value.
    const WINDOW: &'static str;
}

/// `--drain-…`: how a worker leaves, with the defaults of a program.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Drain")]
pub struct DrainArgs<D: Drain + std::fmt::Debug + Clone + Send + Sync + 'static> {
    /// After SIGTERM, keep accepting everything for DURATION, so that proxies can notice
    #[arg(long, value_name = "DURATION", env = env::DRAIN_DELAY, default_value = D::DELAY, value_parser = duration::parse)]
    drain_delay: Duration,
    /// Then close the sockets with code 1012, spread over DURATION, and cut what is left
    #[arg(long, value_name = "DURATION", env = env::DRAIN_WINDOW, default_value = D::WINDOW, value_parser = duration::parse)]
    drain_window: Duration,
    #[arg(skip)]
    of: PhantomData<D>,
}

impl<D: Drain + std::fmt::Debug + Clone + Send + Sync> DrainArgs<D> {
    /// How long the two steps of a drain take.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        Plan { delay: self.drain_delay, window: self.drain_window }
    }
}

/// `--max-…` and the like: what a client may use of a worker.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Largest request body; a larger one gets 413
    #[arg(long, value_name = "SIZE", env = env::MAX_BODY, default_value = "16KiB", value_parser = parse_size)]
    max_body: usize,
    /// Longest text of a message, in bytes; a longer one gets 413, or an error frame on a socket
    #[arg(long, value_name = "SIZE", env = env::MAX_TEXT, default_value = "4096", value_parser = parse_size)]
    max_text: usize,
    /// Largest WebSocket message; a larger one closes the socket with 1009
    #[arg(long, value_name = "SIZE", env = env::MAX_FRAME, default_value = "16KiB", value_parser = parse_size)]
    max_frame: usize,
    /// Close a connection whose request headers take longer than this
    #[arg(long, value_name = "DURATION", env = env::HEADER_TIMEOUT, default_value = "10s", value_parser = duration::positive)]
    header_timeout: Duration,
    /// Close a connection that is idle for this long between requests; keep it above the front door's own timeout
    #[arg(long, value_name = "DURATION", env = env::KEEP_ALIVE, default_value = "120s", value_parser = duration::positive)]
    keep_alive: Duration,
    /// Longest time for a whole request; a slower one gets 408
    #[arg(long, value_name = "DURATION", env = env::REQUEST_TIMEOUT, default_value = "10s", value_parser = duration::positive)]
    request_timeout: Duration,
    /// Close a socket with 1000 after this long without a message in either direction
    #[arg(long, value_name = "DURATION", env = env::IDLE_SOCKET, default_value = "1h", value_parser = duration::positive)]
    idle_socket: Duration,
    /// Time between pings; two unanswered ones end the socket
    #[arg(long, value_name = "DURATION", env = env::PING_INTERVAL, default_value = "20s", value_parser = duration::positive)]
    ping_interval: Duration,
    /// Most sockets of one session on one worker; one more gets 429
    #[arg(long, value_name = "N", env = env::SOCKETS_PER_SESSION, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    sockets_per_session: u64,
    /// Most sockets of one worker; one more gets 503 [default: what the limit of open files allows]
    #[arg(long, value_name = "N", env = env::MAX_SOCKETS, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    max_sockets: Option<u64>,
    /// Most frames queued for one socket; a reader that falls further behind is closed with 1008
    #[arg(long, value_name = "N", env = env::SOCKET_QUEUE, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    socket_queue: u64,
    /// Most messages that one worker answers over HTTP at once; one more gets 503
    #[arg(long, value_name = "N", env = env::MAX_REQUESTS, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_requests: u64,
    /// Most connections of one address, or sockets and requests by way of a proxy, with --trusted-proxy only; one more gets 429
    #[arg(long, value_name = "N", env = env::CONNECTIONS_PER_ADDRESS, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    connections_per_address: u64,
    /// Memory that all workers may use together; beyond a budget below it, new work gets 503 [default: the limit of the control group, or half of the machine's memory]
    #[arg(long, value_name = "MEMORY", env = env::MEMORY_LIMIT, value_parser = parse_memory)]
    memory_limit: Option<u64>,
    /// Most new sessions a minute from one address, with --trusted-proxy only; one more gets 429
    #[arg(long, value_name = "N", env = env::NEW_SESSIONS_PER_MINUTE, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    new_sessions_per_minute: u32,
    /// Most cursors of downloads that one worker keeps; one more takes the place of the least recently used one
    #[arg(long, value_name = "N", env = env::MAX_CURSORS, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_cursors: u64,
    /// Most models of sessions that one worker keeps, 16 KiB each; one more takes the place of the least recently used one
    #[arg(long, value_name = "N", env = env::MAX_MODELS, default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_models: u64,
    /// Drop a cursor or a model that is unused for this long
    #[arg(long, value_name = "DURATION", env = env::USE_CASE_TTL, default_value = "10m", value_parser = duration::positive)]
    use_case_ttl: Duration,
}

impl LimitArgs {
    /// The memory that all workers may use together, in bytes.
    #[must_use]
    pub fn memory_limit(&self) -> u64 {
        self.memory_limit.unwrap_or_else(cgroup::memory_limit)
    }

    /// The limits of a worker whose process may open `open_files` files.
    #[must_use]
    pub fn limits(&self, open_files: u64) -> Limits {
        let (max_connections, room) = Limits::for_open_files(open_files);
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Limits {
            max_body: self.max_body,
            max_text: self.max_text,
            max_frame: self.max_frame,
            header_timeout: self.header_timeout,
            keep_alive: self.keep_alive,
            request_timeout: self.request_timeout,
            idle_socket: self.idle_socket,
            ping_interval: self.ping_interval.max(Duration::from_millis(10)),
            sockets_per_session: size(self.sockets_per_session),
            max_sockets: self.max_sockets.map_or(room, size),
            max_connections,
            socket_queue: size(self.socket_queue),
            max_requests: size(self.max_requests),
            connections_per_address: size(self.connections_per_address),
            new_sessions_per_minute: self.new_sessions_per_minute,
            max_cursors: size(self.max_cursors),
            max_models: size(self.max_models),
            use_case_ttl: self.use_case_ttl,
        }
    }
}
