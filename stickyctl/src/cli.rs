//! The command line.

pub(crate) mod cluster;

use crate::commands;
use crate::exit::{Exit, Failure, HELP};
use crate::image::ImageArgs;
use crate::input::SpecArgs;
use crate::man::ManArgs;
use crate::mode::Mode;
use crate::output::Output;
use crate::render::RenderArgs;
use crate::verify::args::{CodeParser, VerifyArgs};
use crate::verify::code::Code;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use cluster::{ClusterUpArgs, ForwardArgs, ReleaseArgs};
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;
use sticky_app::cli::{DrainArgs, IssuerArg, LimitArgs, RelayArgs};
use sticky_app::core::duration;

/// Brings the sticky sessions demo up, scales it and switches its mode.
#[derive(Debug, Parser)]
#[command(name = "stickyctl", version, long_version = env!("STICKY_LONG_VERSION"), after_help = HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
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
pub(crate) enum Command {
    /// Brings the demo up: pods, workers, a front door with affinity, and a bus; on a cluster, or here with --local
    #[command(
        after_help = "On a cluster it is safe to repeat: it starts from what the release says of itself, keeps a number of pods that somebody set, and takes no field from anybody.\n\nExamples:\n  stickyctl up --local\n  stickyctl up --local --mode 1x4 --port 8081\n  stickyctl up --local --redis-url redis://127.0.0.1:6379 --detach\n  stickyctl up\n  stickyctl up --front-door traefik --install-front-door\n  stickyctl up -f release.yaml --dry-run server"
    )]
    Up(Box<UpArgs>),
    /// Prints the Kubernetes manifests of a release; never touches the network
    #[command(
        after_help = "Later ones go first: defaults, -f FILE, STICKYCTL_* (STICKYCTL_INGRESS_HOST is ingress.host), flags.\n\nExamples:\n  stickyctl render\n  stickyctl render --mode 1x4 --front-door traefik\n  stickyctl render -f release.yaml --no-namespace -o json\n  stickyctl render --preset nginx-3x1 --out manifests/nginx-3x1"
    )]
    Render(Box<RenderArgs>),
    /// Writes the app's image as an archive, from a static Linux binary; needs no Docker
    #[command(
        after_help = "The binary is --app-binary's, else the one beside stickyctl, else what Docker builds. Equal binaries give equal archives.\n\nExamples:\n  stickyctl image\n  stickyctl image --app-binary target/x86_64-unknown-linux-gnu/dist/sticky-app\n  stickyctl image --image registry.example/team/sticky-app:1.2.3 --out - | gzip > sticky-app.tar.gz"
    )]
    Image(ImageArgs),
    /// Shows pods, workers, sockets, the cookie and the route
    #[command(after_help = "Examples:\n  stickyctl status\n  stickyctl status --watch\n  stickyctl status --local -o json")]
    Status(StatusArgs),
    /// Proves or refutes from outside that sessions stay on their pods, for this demo or any other site
    #[command(
        after_help = "Every request has a connection of its own, every session a cookie jar of its own; who answers is read from the answer and never from a cookie.\n\nExamples:\n  stickyctl verify\n  stickyctl verify --local\n  stickyctl verify --local --report verify.html\n  stickyctl verify http://127.0.0.1:8080/whoami\n  stickyctl verify http://127.0.0.1:8080/whoami --pod-identity json:/pod -o json\n  stickyctl verify --list"
    )]
    Verify(Box<VerifyArgs>),
    /// Prints what a reason of verify means and what to try
    #[command(after_help = "Example:\n  stickyctl explain single-backend-path")]
    Explain {
        /// The reason's code
        #[arg(value_parser = CodeParser)]
        code: Code,
    },
    /// Changes the number of pods; workers stay
    #[command(after_help = "Examples:\n  stickyctl scale 5\n  stickyctl scale 5 --local")]
    Scale {
        /// Pods, 1 to 64
        #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
        pods: u16,
        /// Where, and how long to wait
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Switches the mode, PODSxWORKERS: every pod is replaced where the workers change
    #[command(after_help = "Examples:\n  stickyctl mode 1x4\n  stickyctl mode 3x1 --local")]
    Mode {
        /// 3x1, 1x4, or any other
        mode: Mode,
        /// Where, and how long to wait
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Opens a port on this machine that leads to the front door of a cluster
    #[command(
        after_help = "It leads to the front door's pods: a forward to the app's Service takes one pod and keeps it, and everything looks sticky.\n\nExamples:\n  stickyctl forward\n  stickyctl forward --port 0"
    )]
    Forward(ForwardArgs),
    /// Ends a pod, or one worker of it, hard: a pod is replaced after 3 s, a worker at once
    #[command(after_help = "Examples:\n  stickyctl kill app-2 --local\n  stickyctl kill app-1:3 --local")]
    Kill {
        /// POD or POD:WORKER, as status names them
        target: String,
        /// Where
        #[command(flatten)]
        local: LocalArg,
    },
    /// Ends it; every socket is told. On a cluster it lists what it deletes, asks, and keeps Redis' data
    #[command(after_help = "Examples:\n  stickyctl down --local\n  stickyctl down\n  stickyctl down --yes --delete-data")]
    Down(DownArgs),
    /// Prints a shell's completions
    #[command(after_help = "Examples:\n  source <(stickyctl completions bash)\n  stickyctl completions zsh > _stickyctl")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, or writes all of them
    #[command(after_help = "Examples:\n  stickyctl man | man -l -\n  stickyctl man --out ~/.local/share/man/man1")]
    Man(ManArgs),
}

/// Help's heading of flags that mean a cluster.
pub(crate) const ON_A_CLUSTER: &str = "On a cluster";
/// Help's heading of flags that mean the demo on this machine.
const WITH_LOCAL: &str = "With --local";

/// Help's heading of the spec's flags.
const SPEC: &str = "The release";

/// `--local`.
#[derive(Debug, Clone, Copy, Args)]
pub struct LocalArg {
    /// The one on this machine
    #[arg(long)]
    pub local: bool,
}

/// Flags of `up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    #[command(flatten, next_help_heading = SPEC)]
    pub(crate) spec: SpecArgs,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(crate) on_cluster: ClusterUpArgs,
    #[command(flatten, next_help_heading = WITH_LOCAL)]
    pub(crate) here: LocalUpArgs,
}

/// Flags of `up --local`.
#[derive(Debug, Args)]
pub struct LocalUpArgs {
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
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(crate) release: ReleaseArgs,
    /// Go on until it is interrupted
    #[arg(short, long, help_heading = ON_A_CLUSTER)]
    pub(crate) watch: bool,
}

/// Flags of commands that change something and wait for it.
#[derive(Debug, Clone, Args)]
pub struct ChangeArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    /// Give up waiting after this long
    #[arg(long, default_value = "5m", value_parser = duration::parse)]
    pub(crate) timeout: Duration,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(crate) release: ReleaseArgs,
}

/// Flags of `down`.
#[derive(Debug, Args)]
pub struct DownArgs {
    #[command(flatten)]
    pub(crate) local: LocalArg,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    pub(crate) release: ReleaseArgs,
    /// Delete without asking
    #[arg(short, long, help_heading = ON_A_CLUSTER)]
    pub(crate) yes: bool,
    /// Delete Redis' claim and its data too
    #[arg(long, help_heading = ON_A_CLUSTER)]
    pub(crate) delete_data: bool,
    /// Give up waiting after this long
    #[arg(long, default_value = "5m", value_parser = duration::parse, help_heading = ON_A_CLUSTER)]
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
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
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
    if let Some(failure) = misplaced(&matches) {
        output.failure(&failure);
        return failure.exit.into();
    }
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

/// A flag of the other world: one for a cluster beside `--local`, or one of the demo on this machine without it. Variables may
/// be set for both.
#[must_use]
pub fn misplaced(matches: &ArgMatches) -> Option<Failure> {
    let (name, given) = matches.subcommand()?;
    let is_local = *given.try_get_one::<bool>("local").ok().flatten()?;
    // Of the spec, the demo on this machine has the mode alone.
    let is_foreign = |argument: &clap::Arg| match argument.get_help_heading() {
        Some(ON_A_CLUSTER) => is_local,
        Some(SPEC) => is_local && argument.get_id() != "mode",
        Some(WITH_LOCAL) => !is_local,
        _ => false,
    };
    let all = command();
    let arguments = all.find_subcommand(name)?.get_arguments();
    let said = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let mut wrong = arguments.filter(|argument| is_foreign(argument) && said(argument.get_id().as_str()));
    let flag = wrong.next()?.get_long().unwrap_or_default();
    let what = if is_local {
        format!("--{flag} means a cluster, and --local this machine")
    } else {
        format!("--{flag} goes with --local only: on a cluster it is a key of the spec, or not needed")
    };
    Some(Failure::new(Exit::Usage, what).try_this(format!("stickyctl {name} --help")))
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
