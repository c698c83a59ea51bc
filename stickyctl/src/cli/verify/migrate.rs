//! Flags that compare two front doors.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {}
