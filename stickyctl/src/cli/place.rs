//! Which flags mean a cluster and which the demo on this machine: the heading that `--help` shows a flag under decides.

use crate::exit::{Exit, Failure};
use clap::ArgMatches;
use clap::parser::ValueSource;

/// Heading of flags that only mean something on a cluster.
pub(crate) const ON_A_CLUSTER: &str = "On a cluster";
/// Heading of flags that only mean something with `--local`.
pub(super) const WITH_LOCAL: &str = "With --local";
/// Heading of the spec's flags. With `--local` only `--mode` and `--canary` of them mean something.
pub(super) const SPEC: &str = "The release";

/// Finds a flag that does not go with the `--local` that is there or is not. Variables are left alone: they may be set for both places.
pub(super) fn misplaced(all: &clap::Command, matches: &ArgMatches) -> Option<Failure> {
    let (name, given) = matches.subcommand()?;
    let is_local = *given.try_get_one::<bool>("local").ok().flatten()?;
    let is_foreign = |argument: &clap::Arg| match argument.get_help_heading() {
        Some(ON_A_CLUSTER) => is_local,
        Some(SPEC) => is_local && argument.get_id() != "mode" && argument.get_id() != "canary",
        Some(WITH_LOCAL) => !is_local,
        _ => false,
    };
    let arguments = all.find_subcommand(name)?.get_arguments();
    let said = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let mut wrong = arguments.filter(|argument| is_foreign(argument) && said(argument.get_id().as_str()));
    let flag = wrong.next()?.get_long().unwrap_or_default();
    let what = if is_local {
        format!("--{flag} applies to a cluster and can't be combined with --local")
    } else {
        format!("--{flag} requires --local; on a cluster it is a key of the spec, or has no meaning")
    };
    Some(Failure::new(Exit::Usage, what).try_this(format!("stickyctl {name} --help")))
}
