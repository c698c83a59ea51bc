//! `stickyctl man`: the manual, made from the same command line as `--help`.

use crate::exit::{Exit, Failure};
use crate::files::{Place, Replace};
use crate::output::Output;
use clap::{Args, Command};
use std::io;
use std::path::{Path, PathBuf};

/// The first line of each page: a comment.
const HEADER: &str = ".\\\" Written by stickyctl man.\n";

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write stickyctl(1), a page for each command and sticky-app(1) into DIR
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace files in DIR that this command did not write
    #[arg(long, requires = "out")]
    force: bool,
}

/// Prints one page, or writes all of them into a folder; `all` is the whole command line.
pub(super) fn run(args: &ManArgs, all: Command, output: Output) -> Result<Exit, Failure> {
    let Some(folder) = &args.out else {
        output.exactly(page(all).map_err(|e| failed("making the manual page", &e))?.trim_end())?;
        return Ok(Exit::Done);
    };
    write(folder, all, args.force)?;
    output.answer(&folder.display().to_string())?;
    output.hint(&format!("Next: man -l {}", folder.join("stickyctl.1").display()));
    Ok(Exit::Done)
}

fn failed(doing: &str, why: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{doing}: {why}"))
}

fn page(all: Command) -> io::Result<String> {
    let mut page = HEADER.as_bytes().to_vec();
    clap_mangen::Man::new(all.disable_help_subcommand(true)).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write(folder: &Path, all: Command, force: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| failed(&format!("making the folder {}", folder.display()), &e))?;
    let pages = pages(all).map_err(|e| failed("making the manual", &e))?;
    let replace = Replace::new(force, |head| head.starts_with(HEADER.as_bytes()));
    let places: Vec<_> = pages.iter().map(|(name, _)| Place::new(&folder.join(name), replace)).collect::<Result<_, _>>()?;
    for (place, (_, page)) in places.iter().zip(&pages) {
        place.write(page)?;
    }
    Ok(())
}

/// Every page, with the name of its file.
fn pages(all: Command) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let made = tempfile::tempdir()?;
    clap_mangen::generate_to(all, &made)?;
    clap_mangen::generate_to(sticky_app::cli::command(), &made)?;
    let page = |entry: io::Result<std::fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name().into(), [HEADER.as_bytes(), &std::fs::read(entry.path())?].concat()))
    };
    std::fs::read_dir(&made)?.map(page).collect()
}
