//! The command line.

use crate::commands;
use crate::exit::{Exit, Failure, HELP};
use crate::mode::Mode;
use crate::output::Output;
use crate::render::RenderArgs;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;
use sticky_app::cli::{DrainArgs, IssuerArg, LimitArgs, RelayArgs};
use sticky_app::core::duration;

/// Brings the sticky sessions demo up, scales it and switches its mode.
#[derive(Debug, Parser)]
#[command(name = "stickyctl", version, after_help = HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print the answer and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour
    #[arg(long, global = true, default_value = "auto")]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the whole demo: pods, workers, a front door with affinity, and a bus
    #[command(
        after_help = "Examples:\n  stickyctl up --local\n  stickyctl up --local --mode 1x4 --port 8081\n  stickyctl up --local --redis-url redis://127.0.0.1:6379 --detach"
    )]
    Up(Box<UpArgs>),
    /// Prints the Kubernetes manifests of a release; never touches the network
    #[command(
        after_help = "Later ones go first: defaults, -f FILE, STICKYCTL_* (STICKYCTL_INGRESS_HOST is ingress.host), flags.\n\nExamples:\n  stickyctl render\n  stickyctl render --mode 1x4 --front-door traefik\n  stickyctl render -f release.yaml --no-namespace -o json\n  stickyctl render --preset nginx-3x1 --out manifests/nginx-3x1"
    )]
    Render(Box<RenderArgs>),
    /// Shows pods, workers, sockets and the route
    #[command(after_help = "Examples:\n  stickyctl status --local\n  stickyctl status --local -o json")]
    Status(StatusArgs),
    /// Changes the number of pods; workers stay
    #[command(after_help = "Example:\n  stickyctl scale 5 --local")]
    Scale {
        /// Pods, 1 to 64
        #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
        pods: u16,
        /// Where, and how long to wait
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Switches the mode, PODSxWORKERS: every pod is replaced where the workers change
    #[command(after_help = "Examples:\n  stickyctl mode 1x4 --local\n  stickyctl mode 3x1 --local")]
    Mode {
        /// 3x1, 1x4, or any other
        mode: Mode,
        /// Where, and how long to wait
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Ends a pod, or one worker of it, hard: a pod is replaced after 3 s, a worker at once
    #[command(after_help = "Examples:\n  stickyctl kill app-2 --local\n  stickyctl kill app-1:3 --local")]
    Kill {
        /// POD or POD:WORKER, as status names them
        target: String,
        /// Where
        #[command(flatten)]
        local: LocalArg,
    },
    /// Ends it; every socket is told
    #[command(after_help = "Example:\n  stickyctl down --local")]
    Down {
        /// Where
        #[command(flatten)]
        local: LocalArg,
    },
}

/// `--local`.
#[derive(Debug, Clone, Copy, Args)]
pub struct LocalArg {
    /// The one on this machine
    #[arg(long)]
    pub local: bool,
}

impl LocalArg {
    /// Refuses a call that means a cluster.
    ///
    /// # Errors
    /// [`Exit::Usage`].
    pub fn require(self, command: &str) -> Result<(), Failure> {
        if self.local {
            return Ok(());
        }
        Err(Failure::new(Exit::Usage, format!("stickyctl {command} works with --local only in this version"))
            .try_this(format!("stickyctl {command} --local")))
    }
}

/// Flags of `up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    /// Pods and workers, PODSxWORKERS
    #[arg(long, env = "STICKYCTL_MODE", default_value = "3x1")]
    pub(crate) mode: Mode,
    /// The page's port; 0 takes a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// The page's address; anything but loopback lets other machines in
    #[arg(long, env = "STICKYCTL_LISTEN", default_value = "127.0.0.1")]
    pub(crate) listen: IpAddr,
    /// Whether the front door keeps a session on one pod
    #[arg(long, env = "STICKYCTL_AFFINITY", default_value = "cookie")]
    pub(crate) affinity: AffinityArg,
    /// Who writes the affinity cookie: the front door, or the app (the seed's way: StickyStr is hashed)
    #[arg(long, env = "STICKYCTL_ISSUER", default_value = "proxy")]
    pub(crate) issuer: IssuerArg,
    /// Name that is answered to besides loopback's own; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_HOST", value_delimiter = ',')]
    pub(crate) allowed_host: Vec<String>,
    /// Host of an Origin that may use the page besides its own; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_ORIGIN", value_delimiter = ',')]
    pub(crate) allowed_origin: Vec<String>,
    /// Go on in the background
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) relay: RelayArgs,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    /// How to print it
    #[arg(short, long, default_value = "table")]
    pub(crate) output: Format,
}

/// Flags of commands that change something and wait for it.
#[derive(Debug, Clone, Copy, Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    /// Give up waiting after this long
    #[arg(long, default_value = "2m", value_parser = duration::parse)]
    pub(crate) timeout: Duration,
}

/// `--affinity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AffinityArg {
    /// By a cookie.
    Cookie,
    /// Not at all.
    Off,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where the stream is a terminal, and as NO_COLOR and CLICOLOR_FORCE say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The whole program.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let level = match cli.verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    sticky_app::logging::start(sticky_app::logging::Format::Text, level);
    let output = Output::new(cli.quiet);
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Failed, format!("starting the runtime: {e}")))
        .and_then(|runtime| runtime.block_on(commands::run(cli.command, output)));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}

/// The command line as clap has it, for tests and generated texts.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn clap_finds_no_fault_in_it() {
        super::command().debug_assert();
    }
}
