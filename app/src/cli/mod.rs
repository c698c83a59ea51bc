//! The command line of `sticky-app`. Nothing below this module knows clap.

mod args;
mod parse;
mod shared;

pub use parse::{parse, refuse};
pub use shared::{Drain, DrainArgs, LimitArgs, RelayArgs};

use crate::supervisor::control;
use crate::{console, logging, open_files, probe, supervisor};
use args::ServeArgs;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;
use std::time::Duration;
use sticky_core::duration;
use sticky_core::harmless::harmless;

/// A demo of sticky sessions: shows which pod and which worker answers, and why
#[derive(Debug, Parser)]
#[command(
    name = "sticky-app",
    version,
    long_version = env!("STICKY_LONG_VERSION"),
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  sticky-app --listen 127.0.0.1:8080\n  sticky-app --workers 4 --redis-url redis://127.0.0.1:6379\n  sticky-app probe http://127.0.0.1:8080\n\nDURATION is 500ms, 10s, 5m or 1h; SIZE is 4096, 16KiB or 1MiB; MEMORY is 256MiB or 2GiB."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make one HTTP and one WebSocket round trip; exit 0 if both are answered, 1 otherwise
    Probe {
        /// URL of the app, for example http://127.0.0.1:8080
        url: String,
        /// Give up after DURATION
        #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration::positive)]
        timeout: Duration,
    },
}

/// The command line as clap has it, for tests and generated texts.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The whole program: parses the arguments, and is a supervisor, a worker or a probe.
#[must_use]
pub fn run() -> ExitCode {
    let cli: Cli = match parse(command()) {
        Ok((cli, _)) => cli,
        Err(done) => return done,
    };
    if let Some(Command::Probe { url, timeout }) = cli.command {
        return probed(probe::run(&url, timeout));
    }
    logging::start(cli.serve.log_format(), "info");
    let settings = match cli.serve.request(open_files::raise_limit()).check() {
        Ok(settings) => settings,
        // Like clap's own findings: on stderr, exit code 2.
        Err(unusable) => return refuse(&clap::Error::raw(ErrorKind::ValueValidation, format!("{unusable}\n"))),
    };
    match control::place_of_this_worker() {
        Some(place) => {
            let span = tracing::info_span!("worker", pod = %settings.pod, worker = place.number);
            let _entered = span.enter();
            supervisor::run_worker(&settings, place)
        }
        None => supervisor::run(settings),
    }
}

fn probed(result: Result<probe::Answered, probe::ProbeError>) -> ExitCode {
    let why = match result {
        Ok(answered) => match console::print(&format!("{}\n", harmless(&answered.to_string()))) {
            Ok(_) => return ExitCode::SUCCESS,
            Err(error) => format!("writing to stdout: {error}"),
        },
        Err(error) => error.to_string(),
    };
    console::report(&format!("error: {}\n", harmless(&why)));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use sticky_core::names::env;

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
