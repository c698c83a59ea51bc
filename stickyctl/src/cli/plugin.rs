//! The plugin `kubectl sticky`: its help, and the candidates that kubectl asks for at the Tab key.

use crate::called::{TYPED, as_plugin};
use clap::Command;
use std::ffi::OsString;
use std::path::Path;

/// The script that completes the plugin's words. kubectl runs an executable of this name; a link to the program works, too.
pub(super) const SCRIPT: &str = "#!/bin/sh\n# Save this as kubectl_complete-sticky in a folder of PATH, and make it executable: kubectl runs it at the Tab key.\n\
                                 STICKYCTL_COMPLETE=kubectl exec kubectl-sticky \"$@\"";
/// What tells kubectl not to complete the names of files, and to do so (cobra `ShellCompDirective`).
const NO_FILES: &str = ":4";
const FILES: &str = ":0";

/// The command line as the user of the plugin types it.
pub(super) fn renamed(command: Command) -> Command {
    words(command).bin_name(TYPED)
}

fn words(command: Command) -> Command {
    let after = command.get_after_help().map(|text| as_plugin(&text.to_string()));
    let about = command.get_about().map(|text| as_plugin(&text.to_string()));
    let command = command.mut_args(|argument| match argument.get_help().map(ToString::to_string) {
        Some(help) => argument.help(as_plugin(&help)),
        None => argument,
    });
    let command = command.mut_subcommands(words);
    let command = if let Some(after) = after { command.after_help(after) } else { command };
    if let Some(about) = about { command.about(about) } else { command }
}

/// The candidates for the last of the words, which come without the program's name: a line each, with a description after a tab, and a
/// directive.
///
/// # Errors
/// The words can't be completed.
pub(super) fn candidates(mut command: Command, words: Vec<OsString>, folder: Option<&Path>) -> std::io::Result<String> {
    let last = words.len().max(1);
    let mut all = vec![OsString::from("kubectl-sticky")];
    all.extend(words);
    if all.len() == 1 {
        all.push(OsString::new());
    }
    let found = clap_complete::engine::complete(&mut command, all, last, folder)?;
    let lines = found.iter().filter(|one| !one.is_hide_set()).map(|one| {
        let help = one.get_help().map(|help| help.to_string().lines().next().unwrap_or_default().to_owned()).unwrap_or_default();
        let value = one.get_value().to_string_lossy().into_owned();
        if help.is_empty() { value } else { format!("{value}\t{help}") }
    });
    let mut lines: Vec<String> = lines.collect();
    lines.push(if lines.is_empty() { FILES } else { NO_FILES }.to_owned());
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::called::COMMANDS;

    #[test]
    fn help_shows_what_is_typed() {
        let mut command = renamed(crate::cli::command());
        let text = command.render_help().to_string();
        assert!(text.contains("Usage: kubectl sticky [OPTIONS] <COMMAND>"), "{text}");
        let error = renamed(crate::cli::command()).try_get_matches_from(["kubectl-sticky", "verify", "--help"]).unwrap_err().to_string();
        assert!(error.contains("Usage: kubectl sticky verify") && error.contains("\n  kubectl sticky verify --local\n"), "{error}");
        assert!(!error.contains("stickyctl verify"), "{error}");
        renamed(crate::cli::command()).debug_assert();
    }

    /// A new command has to be in the list of words that make a text a command.
    #[test]
    fn all_commands_are_known() {
        for command in crate::cli::command().get_subcommands() {
            assert!(COMMANDS.contains(&command.get_name()), "{}", command.get_name());
        }
    }

    #[test]
    fn kubectl_gets_candidates() {
        let asked = |words: &[&str]| candidates(renamed(crate::cli::command()), words.iter().map(OsString::from).collect(), None).unwrap();
        let commands = asked(&["ver"]);
        assert!(
            commands.starts_with("verify\tChecks from the outside") && commands.contains("\nversion\t") && commands.ends_with("\n:4"),
            "{commands}"
        );
        assert!(asked(&[]).contains("up\t") && asked(&[""]).contains("up\t"));
        assert_eq!(asked(&["verify", "--only", "stick-h"]), "stick-http\n:4");
        assert!(asked(&["verify", "--in-cl"]).starts_with("--in-cluster\t"));
        assert_eq!(asked(&["explain", "xyz"]), ":0");
    }
}
