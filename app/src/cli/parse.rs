//! Reads a command line, and prints help, the version and findings.

use crate::console;
use clap::{ArgMatches, Command, FromArgMatches};
use std::process::ExitCode;
use sticky_core::harmless::harmless_styled;

/// The command line of this process, typed and as clap has it.
///
/// # Errors
/// The process is done: what there was to say is printed, and the error is its exit code.
pub fn parse<T: FromArgMatches>(command: Command) -> Result<(T, ArgMatches), ExitCode> {
    let parsed = command.try_get_matches().and_then(|matches| Ok((T::from_arg_matches(&matches)?, matches)));
    parsed.map_err(|error| refuse(&error))
}

/// Prints help or a finding, and returns the exit code. Both may quote arguments and variables, which are made harmless.
#[must_use]
pub fn refuse(error: &clap::Error) -> ExitCode {
    let text = harmless_styled(&error.render().ansi().to_string());
    if error.use_stderr() {
        console::report(&text);
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    match console::print(&text) {
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            console::report(&format!("error: writing to stdout: {why}\n"));
            ExitCode::FAILURE
        }
    }
}
