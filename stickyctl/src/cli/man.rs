//! `stickyctl man`: the manual, made from the same command line as `--help`.

use super::command::command;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write stickyctl(1), a page for each command and sticky-app(1) into DIR
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// One page on stdout, or all of them in a folder.
pub(super) fn run(args: &ManArgs, output: Output) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let failed = |e: io::Error| Failure::new(Exit::Failed, format!("writing the manual page: {e}"));
        output.answer(page().map_err(failed)?.trim_end());
        return Ok(Exit::Done);
    };
    write(folder).map_err(|e| Failure::new(Exit::Failed, format!("writing the manual into {}: {e}", folder.display())))?;
    output.answer(&folder.display().to_string());
    output.hint(&format!("Next: man -l {}", folder.join("stickyctl.1").display()));
    Ok(Exit::Done)
}

fn page() -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command().disable_help_subcommand(true)).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command(), folder)?;
    clap_mangen::generate_to(sticky_app::cli::command(), folder)
}
