//! The program's name, its global flags and its commands.

use super::cluster::ForwardArgs;
use super::complete;
use super::doctor::DoctorArgs;
use super::explain;
use super::image::ImageArgs;
use super::local::LocalArg;
use super::man::ManArgs;
use super::place;
use super::release::{ChangeArgs, DownArgs, StatusArgs};
use super::render::RenderArgs;
use super::up::UpArgs;
use super::verify::VerifyArgs;
use super::version::VersionArgs;
use crate::exit::{Failure, HELP};
use clap::{ArgMatches, CommandFactory, Parser, Subcommand, ValueEnum};
use sticky_core::mode::Mode;

/// Runs, scales and checks the sticky sessions demo, on this machine or on Kubernetes
#[derive(Debug, Parser)]
#[command(name = "stickyctl", version, long_version = env!("STICKY_LONG_VERSION"), after_help = HELP)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Print only the answer and errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Log more to stderr; repeat it for debug output
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to use color
    #[arg(long, global = true, default_value = "auto")]
    pub(super) color: Color,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Starts the demo, on a cluster or on this machine with --local
    #[command(
        after_help = "The demo is the app's pods and workers, a front door with session affinity, and a bus. A demo on this\nmachine has at most 256 workers in all its pods.\nOn a cluster, up is safe to repeat: it starts from the spec that the release was made from, keeps a replica count that\nsomebody else has set, and takes no field from another field manager.\n\nExamples:\n  stickyctl up --local\n  stickyctl up --local --mode 1x4 --port 8081\n  stickyctl up --local --canary 1\n  stickyctl up --local --redis-url redis://127.0.0.1:6379 --detach\n  stickyctl up\n  stickyctl up --front-door traefik --install-front-door\n  stickyctl up -f release.yaml --dry-run server"
    )]
    Up(Box<UpArgs>),
    /// Prints the Kubernetes manifests of a release; never uses the network
    #[command(
        after_help = "Later sources override earlier ones: defaults, -f FILE, STICKYCTL_* variables, flags.\nEach key of the spec has a variable: STICKYCTL_INGRESS_HOST sets ingress.host.\n\nExamples:\n  stickyctl render\n  stickyctl render --mode 1x4 --front-door traefik\n  stickyctl render -f release.yaml --no-namespace -o json\n  stickyctl render --preset nginx-3x1 --out manifests/nginx-3x1"
    )]
    Render(Box<RenderArgs>),
    /// Builds the app's image from a static Linux binary and writes it to an archive; needs no Docker
    #[command(
        after_help = "The binary is the one that --app-binary names, else the one next to stickyctl, else one that Docker builds.\nThe same binary always gives the same archive.\n\nExamples:\n  stickyctl image\n  stickyctl image --app-binary target/x86_64-unknown-linux-gnu/dist/sticky-app\n  stickyctl image --image registry.example/team/sticky-app:1.2.3 --out - | gzip > sticky-app.tar.gz"
    )]
    Image(ImageArgs),
    /// Shows pods, workers, sockets, the affinity cookie and the route
    #[command(
        after_help = "Examples:\n  stickyctl status\n  stickyctl status --watch\n  stickyctl status --local --watch\n  stickyctl status --local -o json\n  stickyctl status -o yaml"
    )]
    Status(StatusArgs),
    /// Checks from the outside whether sessions stay on their pods, for this demo or any other site
    #[command(
        after_help = "Each request uses its own connection and each session its own cookie jar. verify reads the pod's identity from the\nanswer, never from a cookie.\n\nExamples:\n  stickyctl verify\n  stickyctl verify --local\n  stickyctl verify --local --report verify.html\n  stickyctl verify --local --pod-identity json:/version\n  stickyctl verify http://127.0.0.1:8080/whoami\n  stickyctl verify http://127.0.0.1:8080/whoami --pod-identity json:/pod -o json\n  stickyctl verify --list"
    )]
    Verify(Box<VerifyArgs>),
    /// Finds what breaks session affinity in the objects of a cluster or in manifests, without any traffic
    #[command(
        after_help = "doctor reads Ingresses, HTTPRoutes, Services, workloads and the controllers that serve them, and changes nothing. It exits\nwith 3 if a finding has severity error. verify proves with traffic what doctor can only read.\n\nExamples:\n  stickyctl doctor\n  stickyctl doctor -n sticky-sessions ingress/sticky-sessions\n  stickyctl doctor --all-namespaces -o json\n  stickyctl doctor -f manifests/nginx-3x1\n  helm template CHART | stickyctl doctor -f - -o sarif"
    )]
    Doctor(Box<DoctorArgs>),
    /// Explains a reason of verify or a finding of doctor, and what to try; without a code, lists all of them
    #[command(after_help = "Examples:\n  stickyctl explain\n  stickyctl explain single-backend-path\n  stickyctl explain service-address")]
    Explain {
        /// The code of a reason or of a finding
        #[arg(value_parser = explain::code())]
        code: Option<explain::Explains>,
    },
    /// Changes the number of pods and keeps the workers of each
    #[command(
        after_help = "A demo on this machine has at most 256 workers in all its pods.\n\nExamples:\n  stickyctl scale 5\n  stickyctl scale 5 --local"
    )]
    Scale {
        /// The number of pods, 1 to 64
        #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
        pods: u16,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Switches the mode, PODSxWORKERS; a different number of workers replaces every pod
    #[command(
        after_help = "A demo on this machine has at most 256 workers in all its pods, such as 64x4.\n\nExamples:\n  stickyctl mode 1x4\n  stickyctl mode 3x1 --local"
    )]
    Mode {
        /// The new mode: 3x1, 1x4 or any other PODSxWORKERS
        #[arg(add = complete::modes())]
        mode: Mode,
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Forwards a local port to the front door of a cluster
    #[command(
        after_help = "The port leads to the front door's pods. A port-forward to the app's Service would pick one pod and keep it, so that\neverything would look sticky.\n\nExamples:\n  stickyctl forward\n  stickyctl forward --port 0"
    )]
    Forward(ForwardArgs),
    /// Kills a pod or one of its workers; the pod is replaced after 3 s, a worker at once
    #[command(after_help = "Examples:\n  stickyctl kill app-2 --local\n  stickyctl kill app-1:3 --local")]
    Kill {
        /// The POD or POD:WORKER to kill, as `status` shows it
        #[arg(add = complete::local_pods())]
        target: String,
        #[command(flatten)]
        local: LocalArg,
    },
    /// Stops the demo and closes every socket cleanly
    #[command(
        after_help = "On a cluster, down lists what it would delete and asks first. It keeps the Redis PersistentVolumeClaim unless\n--delete-data is set.\n\nExamples:\n  stickyctl down --local\n  stickyctl down\n  stickyctl down --yes --delete-data"
    )]
    Down(DownArgs),
    /// Prints the completion script of a shell
    #[command(
        after_help = "The script asks stickyctl at each press of the Tab key, so it also completes pods of the running demo, and contexts and\nnamespaces of the cluster. stickyctl must be in PATH.\n\nExamples:\n  source <(stickyctl completions bash)\n  stickyctl completions zsh > _stickyctl"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, or writes every page into a folder
    #[command(after_help = "Examples:\n  stickyctl man | man -l -\n  stickyctl man --out ~/.local/share/man/man1")]
    Man(ManArgs),
    /// Prints the version, the commit it was built from, and the target
    #[command(after_help = "Examples:\n  stickyctl version\n  stickyctl version -o json")]
    Version(VersionArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// If the stream is a terminal, unless NO_COLOR or CLICOLOR_FORCE is set
    Auto,
    /// Even if the stream is not a terminal
    Always,
    /// Not at all
    Never,
}

/// The command line as clap has it, for completions, manual pages, generated documents and tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The failure of a flag that belongs to the other place: a flag for a cluster beside `--local`, or a flag for the demo on
/// this machine without it.
#[must_use]
pub fn misplaced(matches: &ArgMatches) -> Option<Failure> {
    place::misplaced(&command(), matches)
}

#[cfg(test)]
mod tests {
    #[test]
    fn clap_finds_no_fault_in_it() {
        super::command().debug_assert();
    }
}
