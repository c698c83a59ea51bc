//! `stickyctl man`: the manual, made from the same command line as `--help`.

use crate::exit::{Exit, Failure};
use crate::files;
use crate::output::Output;
use clap::{Args, Command};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write stickyctl(1), a page for each command and sticky-app(1) into DIR
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints one page, or writes all of them into a folder; `all` is the whole command line.
pub(super) fn run(args: &ManArgs, all: Command, output: Output) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        let failed = |e: io::Error| Failure::new(Exit::Failed, format!("writing the manual page: {e}"));
        output.answer(page(all).map_err(failed)?.trim_end());
        return Ok(Exit::Done);
    };
    write(folder, all).map_err(|e| Failure::new(Exit::Failed, format!("writing the manual into {}: {e}", folder.display())))?;
    output.answer(&folder.display().to_string());
    output.hint(&format!("Next: man -l {}", folder.join("stickyctl.1").display()));
    Ok(Exit::Done)
}

fn page(all: Command) -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(all.disable_help_subcommand(true)).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write(folder: &Path, all: Command) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let made = tempfile::tempdir()?;
    clap_mangen::generate_to(all, &made)?;
    clap_mangen::generate_to(sticky_app::cli::command(), &made)?;
    for page in std::fs::read_dir(&made)? {
        let page = page?;
        files::write(&folder.join(page.file_name()), &std::fs::read(page.path())?)?;
    }
    Ok(())
}
