//! `sticky-app`'s flags, and what they become.

use crate::bus::redis::{Access, RedisConfig};
use crate::settings::Settings;
use crate::supervisor::control::WORKER_VARIABLE;
use crate::{logging, probe, supervisor};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use sticky_core::choice::{Expose, Fanout, Issuer};
use sticky_core::drain::Plan;
use sticky_core::duration;
use sticky_core::limits::{Limits, parse_size};
use sticky_core::names::env;

/// The address that the supervisor chose for all workers, where the flag says port 0.
pub const LISTEN_VARIABLE: &str = "STICKY_INTERNAL_LISTEN";

/// The server that shows sticky sessions: which pod and which worker answers, and why.
#[derive(Debug, Parser)]
#[command(
    name = "sticky-app",
    version,
    long_version = env!("STICKY_LONG_VERSION"),
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  sticky-app --listen 127.0.0.1:8080\n  sticky-app --workers 4 --redis-url redis://127.0.0.1:6379\n  sticky-app probe http://127.0.0.1:8080\n\nDurations are written 500ms, 10s, 5m, 1h; sizes 4096, 16KiB."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Does one HTTP and one WebSocket round trip; exits 0 when both are answered, 1 otherwise
    Probe {
        /// Where the app is, for example http://127.0.0.1:8080
        url: String,
        /// Gives up after this long
        #[arg(long, default_value = "5s", value_parser = duration::parse)]
        timeout: Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where the site listens
    #[arg(long, env = env::LISTEN, default_value = "0.0.0.0:8080")]
    pub(crate) listen: SocketAddr,
    /// Where /healthz, /readyz and /metrics listen; never make it public
    #[arg(long, env = env::ADMIN_LISTEN, default_value = "0.0.0.0:9090")]
    pub(crate) admin_listen: SocketAddr,
    /// Worker processes, 1 to 64
    #[arg(long, env = env::WORKERS, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// How workers reach each other; redis where a URL is given [default: memory or redis]
    #[arg(long, env = env::BUS)]
    pub(crate) bus: Option<BusKind>,
    /// Who writes the affinity cookie: the proxy in front, or this app (StickyStr)
    #[arg(long, env = env::ISSUER, default_value = "proxy")]
    pub(crate) issuer: Issuer,
    /// This pod's name [default: the host's name]
    #[arg(long, env = env::POD)]
    pub(crate) pod: Option<String>,
    /// What stands in front, for the map: {"kind":"nginx","affinity":"cookie|off|unknown"}
    #[arg(long, env = env::DOOR)]
    pub(crate) door: Option<String>,
    /// How much of the identity strangers see
    #[arg(long, env = env::EXPOSE_IDENTITY, default_value = "full")]
    pub(crate) expose_identity: Expose,
    /// Host of an Origin that may use this site, besides the host that was asked; repeat for more
    #[arg(long, env = env::ALLOWED_ORIGIN, value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Name that is answered to when listening on loopback, besides loopback's own; repeat for more
    #[arg(long, env = env::ALLOWED_HOST, value_delimiter = ',')]
    pub(crate) allowed_host: Vec<String>,
    /// Network of proxies whose X-Forwarded-For is believed; repeat for more
    #[arg(long, env = env::TRUSTED_PROXY, value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// Whether POST routes close their connection, so that a pooling proxy spreads over workers; auto: with several workers
    #[arg(long, env = env::CLOSE_AFTER_POST, default_value = "auto")]
    pub(crate) close_after_post: CloseArg,
    /// How log lines look; RUST_LOG chooses which are written
    #[arg(long, env = env::LOG_FORMAT, default_value = "text")]
    pub(crate) log_format: logging::Format,
    #[command(flatten)]
    pub(crate) relay: RelayArgs,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// How messages reach the worker that holds the socket; `stickyctl up --local` has the same flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Relay")]
pub struct RelayArgs {
    /// `redis://HOST:PORT`, with `USER:PASSWORD@` and `/DB` where needed; `rediss://` for TLS
    #[arg(long, env = env::REDIS_URL, hide_env_values = true)]
    pub redis_url: Option<String>,
    /// File with Redis' password, so that it stands in no argument list
    #[arg(long, env = env::REDIS_PASSWORD_FILE)]
    pub redis_password_file: Option<PathBuf>,
    /// File with the certificates (PEM) that rediss:// trusts, instead of the public authorities
    #[arg(long, env = env::REDIS_CA_FILE)]
    pub redis_ca_file: Option<PathBuf>,
    /// First part of the names of Redis channels; two sites on one Redis need two
    #[arg(long, env = env::REDIS_PREFIX, default_value = "sticky")]
    pub redis_prefix: String,
    /// Who hears a relayed message: the workers that hold its session, or all
    #[arg(long, env = env::FANOUT, default_value = "directed")]
    pub fanout: Fanout,
}

impl RelayArgs {
    /// Redis as these flags name it; `None` where they name none.
    ///
    /// # Errors
    /// A sentence for a person, which repeats no secret.
    pub fn redis(&self) -> Result<Option<RedisConfig>, String> {
        let Some(url) = &self.redis_url else { return Ok(None) };
        let prefix = &self.redis_prefix;
        let fits = (1..=64).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'));
        if !fits {
            return Err("--redis-prefix is 1 to 64 letters, digits, `-`, `_`, `.` and `:`".to_owned());
        }
        let read = |path: &Option<PathBuf>, flag: &str| {
            let read = path.as_ref().map(|path| std::fs::read_to_string(path).map_err(|e| format!("reading {} ({flag}): {e}", path.display())));
            read.transpose()
        };
        let password = read(&self.redis_password_file, "--redis-password-file")?;
        let access = Access {
            password: password.map(|p| p.trim_end_matches(['\r', '\n']).to_owned()),
            authorities: read(&self.redis_ca_file, "--redis-ca-file")?,
        };
        RedisConfig::new(url, access, prefix, self.fanout).map(Some).map_err(|e| e.to_string())
    }
}

/// How a worker leaves.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Drain")]
pub struct DrainArgs {
    /// After SIGTERM all is still accepted for this long, until proxies have moved on [default: 10s]
    #[arg(long, env = env::DRAIN_DELAY, value_parser = duration::parse)]
    pub drain_delay: Option<Duration>,
    /// Then sockets are closed (1012) over this time; afterwards what is left is cut [default: 15s]
    #[arg(long, env = env::DRAIN_WINDOW, value_parser = duration::parse)]
    pub drain_window: Option<Duration>,
}

impl DrainArgs {
    /// The plan, with the defaults of a cluster.
    #[must_use]
    pub fn plan(&self, delay: Duration, window: Duration) -> Plan {
        Plan { delay: self.drain_delay.unwrap_or(delay), window: self.drain_window.unwrap_or(window) }
    }
}

/// The limits; `stickyctl up --local` has the same flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Bytes of a request's body; beyond: 413
    #[arg(long, env = env::MAX_BODY, default_value = "16KiB", value_parser = parse_size)]
    max_body: usize,
    /// Bytes of a message's text; beyond: 413, on a socket an error frame
    #[arg(long, env = env::MAX_TEXT, default_value = "4096", value_parser = parse_size)]
    max_text: usize,
    /// Bytes of a frame; beyond: close 1009
    #[arg(long, env = env::MAX_FRAME, default_value = "16KiB", value_parser = parse_size)]
    max_frame: usize,
    /// From a request's first byte to the end of its headers; beyond: the connection is closed
    #[arg(long, env = env::HEADER_TIMEOUT, default_value = "10s", value_parser = duration::parse)]
    header_timeout: Duration,
    /// Silence between two requests of a connection; keep it longer than the front door's own
    #[arg(long, env = env::KEEP_ALIVE, default_value = "120s", value_parser = duration::parse)]
    keep_alive: Duration,
    /// A whole request; beyond: 408
    #[arg(long, env = env::REQUEST_TIMEOUT, default_value = "10s", value_parser = duration::parse)]
    request_timeout: Duration,
    /// A socket without a message in either direction; beyond: close 1000
    #[arg(long, env = env::IDLE_SOCKET, default_value = "1h", value_parser = duration::parse)]
    idle_socket: Duration,
    /// Between two pings; two unanswered ones end the socket
    #[arg(long, env = env::PING_INTERVAL, default_value = "20s", value_parser = duration::parse)]
    ping_interval: Duration,
    /// Sockets of one session on one worker; beyond: 429
    #[arg(long, env = env::SOCKETS_PER_SESSION, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    sockets_per_session: u64,
    /// Sockets of one worker; beyond: 503 [default: what the limit of open files has room for]
    #[arg(long, env = env::MAX_SOCKETS, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    max_sockets: Option<u64>,
    /// Frames that wait for one socket's reader; beyond: close 1008
    #[arg(long, env = env::SOCKET_QUEUE, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    socket_queue: u64,
    /// Requests in work at once in one worker; beyond: 503
    #[arg(long, env = env::MAX_REQUESTS, default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_requests: u64,
    /// New sessions of one address in a minute, where --trusted-proxy names addresses; beyond: 429
    #[arg(long, env = env::NEW_SESSIONS_PER_MINUTE, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    new_sessions_per_minute: u32,
}

impl LimitArgs {
    /// The limits of a worker that may open `open_files` files.
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
            new_sessions_per_minute: self.new_sessions_per_minute,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BusKind {
    Memory,
    Redis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CloseArg {
    Auto,
    On,
    Off,
}

/// Raises the soft limit of open files to the hard one. Returns what holds now.
pub fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Unlimited is a number all the same, so that a limit of sockets can be derived from it.
    let most = limit.maximum.unwrap_or(1_048_576);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    if raised.is_ok() { most } else { limit.current.unwrap_or(most) }
}

/// The command line as clap has it, for tests and generated texts.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The whole program: parses the arguments, and is a supervisor, a worker or a probe.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Probe { url, timeout }) = cli.command {
        return probe::run(&url, timeout);
    }
    logging::start(cli.serve.log_format, "info");
    let settings = match Settings::check(cli.serve, raise_open_files()) {
        Ok(settings) => settings,
        Err(why) => {
            // Like clap's own findings: on stderr, exit code 2.
            clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{why}\n")).exit();
        }
    };
    match std::env::var(WORKER_VARIABLE).ok().and_then(|n| n.parse().ok()) {
        Some(number) => {
            let span = tracing::info_span!("worker", pod = %settings.pod, worker = number);
            let _entered = span.enter();
            supervisor::run_worker(&settings, number)
        }
        None => supervisor::run(settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn clap_finds_no_fault_in_it() {
        command().debug_assert();
    }

    /// The generator of manifests writes these names, so each has to be a flag's.
    #[test]
    fn every_name_of_a_variable_is_a_flags_and_each_flag_has_one() {
        let command = command();
        let flags: BTreeSet<_> = command.get_arguments().filter_map(|flag| flag.get_env()?.to_str()).collect();
        assert_eq!(flags, env::ALL.iter().copied().collect());
        for flag in command.get_arguments().filter(|flag| flag.get_env().is_some()) {
            let derived = format!("STICKY_{}", flag.get_long().unwrap().replace('-', "_").to_uppercase());
            assert_eq!(flag.get_env().unwrap(), derived.as_str());
        }
    }
}
