//! The command line: the only place that knows clap, and nothing below imports it.
//!
//! A file for each command or group of commands holds its flags and turns them into a plain request; `dispatch` hands the
//! request to the function that serves it and prints what comes back.

mod cluster;
mod command;
mod complete;
mod discreet;
mod dispatch;
mod doctor;
mod explain;
mod image;
mod local;
mod man;
mod place;
mod plugin;
mod refuse;
mod release;
mod render;
mod spec;
mod up;
mod values;
mod verify;
mod version;

pub use command::{command, misplaced};

use crate::called::{Called, called};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use clap::FromArgMatches;
use command::{Cli, Color};
use std::process::ExitCode;

/// The whole program: reads the command line, runs the command, prints a failure.
#[must_use]
pub fn run() -> ExitCode {
    if let Some(answered) = complete::answer(command) {
        return answered;
    }
    let typed = || if called() == Called::Directly { command() } else { plugin::renamed(command()) };
    let parsed = typed().try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return refuse::refuse(error, &typed()),
    };
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
        .and_then(|runtime| runtime.block_on(dispatch::run(cli.command, output)));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}
