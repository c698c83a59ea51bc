//! `stickyctl version`.

use crate::exit::{Exit, Failure};
use crate::output::{Format, Output};
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// The output format
    #[arg(short, long, default_value = "table")]
    output: Format,
}

/// What `-o json` prints.
#[derive(Debug, Serialize)]
struct Version {
    /// `stickyctl.version/v1`; fields are only added.
    schema: &'static str,
    version: &'static str,
    /// The commit that it was built from, with `-dirty` after changes; `None` if it is unknown.
    commit: Option<&'static str>,
    /// The Rust target that it runs on, as in `x86_64-unknown-linux-musl`.
    target: &'static str,
}

/// Prints what `--version` prints, in the form that is asked for.
pub(super) fn run(args: &VersionArgs, output: Output) -> Result<Exit, Failure> {
    let commit = env!("STICKY_BUILD_COMMIT");
    let version = Version {
        schema: "stickyctl.version/v1",
        version: env!("CARGO_PKG_VERSION"),
        commit: (!commit.is_empty()).then_some(commit),
        target: env!("STICKY_BUILD_TARGET"),
    };
    output.document(args.output, &version, |_| concat!("stickyctl ", env!("STICKY_LONG_VERSION")).to_owned())?;
    Ok(Exit::Done)
}
