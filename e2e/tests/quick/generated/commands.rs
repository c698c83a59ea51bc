//! `docs/commands.md`: the help of every command, as the command line prints it.

use clap::Command;
use std::fmt::Write as _;

const HEAD: &str = "\
# The commands

<!-- generated: cargo xtask generate -->

Answers go to stdout, everything else to stderr. `NO_COLOR`, `CLICOLOR_FORCE` and `--color` say when there is colour; without a terminal no
line is rewritten and no question is asked. Flags of a cluster and flags of `--local` don't mix, and a mixture is refused.

`stickyctl completions SHELL` prints completions for bash, zsh, fish, elvish and PowerShell.
";

pub(super) fn page() -> String {
    let mut text = HEAD.to_owned();
    for program in [stickyctl::cli::command(), sticky_app::cli::command()] {
        // Wide enough for the longest flag, narrow enough for a page. The caller's environment must not show in the text.
        let mut program = program.term_width(100).mut_args(|argument| argument.hide_env_values(true));
        let names: Vec<String> = program.get_subcommands().map(|command| command.get_name().to_owned()).filter(|name| name != "help").collect();
        for name in &names {
            program = program.mut_subcommand(name, |command| command.term_width(100).mut_args(|argument| argument.hide_env_values(true)));
        }
        program.build();
        section(&mut text, &mut program);
        for name in &names {
            if let Some(command) = program.find_subcommand_mut(name) {
                section(&mut text, command);
            }
        }
    }
    text
}

fn section(text: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    // Writing to a string can't fail.
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
}
