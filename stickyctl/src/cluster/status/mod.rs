//! `stickyctl status` on a cluster.
//!
//! [`collect`](mod@collect) reads, [`build`](mod@build) makes [`model::Status`] of it, [`table`](mod@table) draws that.

pub mod build;
pub mod collect;
pub mod door;
pub mod metrics;
pub mod model;
pub mod pod;
pub mod route;
pub mod table;

use super::connect::{Cluster, connect};
use super::release::ReleaseArgs;
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output};
use collect::collect;
use model::Status;
use std::io::IsTerminal;
use std::time::Duration;
use table::table;

/// Between two looks. A look costs the API server a few reads and each pod two; what changes on a pod's own (sockets) no watch
/// would tell.
const LOOK: Duration = Duration::from_secs(1);

/// What `status` is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which release.
    pub release: ReleaseArgs,
    /// How to print it.
    pub output: Format,
    /// Go on until it is interrupted.
    pub watch: bool,
}

/// Prints the release's status, once or again and again.
///
/// # Errors
/// As [`collect::collect`]; while watching, only the first look can fail.
pub async fn run(ask: Ask, output: Output) -> Result<Exit, Failure> {
    let cluster = connect(&ask.release.cluster).await?;
    let mut door = door::Seen::default();
    let status = collect(&cluster, &ask.release.name, &ask.release.namespace, &mut door).await?;
    if !ask.watch {
        output.answer(&match ask.output {
            Format::Table => table(&status),
            Format::Json => serde_json::to_string_pretty(&status).unwrap_or_default(),
        });
        return Ok(Exit::Done);
    }
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
        never = watch(&ask, &cluster, status, door, output) => match never {},
    }
}

/// On a terminal a picture that is drawn anew; elsewhere one document for each change, JSON in a line of its own.
async fn watch(ask: &Ask, cluster: &Cluster, first: Status, mut door: door::Seen, output: Output) -> std::convert::Infallible {
    let screen = ask.output == Format::Table && std::io::stdout().is_terminal();
    let mut shown: Option<Status> = None;
    let mut trouble = String::new();
    let mut look = Ok(first);
    loop {
        match look {
            Ok(status) if screen => output.screen(&table(&status)),
            Ok(status) => {
                if shown.as_ref() != Some(&status.timeless()) {
                    output.answer(&match ask.output {
                        Format::Table => format!("{}\n", table(&status)),
                        Format::Json => serde_json::to_string(&status).unwrap_or_default(),
                    });
                    shown = Some(status.timeless());
                }
                trouble.clear();
            }
            // A release that is taken down and an API server that restarts are part of what is watched.
            Err(Failure { what, .. }) => {
                if what != trouble {
                    output.note(&what);
                    trouble = what;
                }
            }
        }
        tokio::time::sleep(LOOK).await;
        look = collect(cluster, &ask.release.name, &ask.release.namespace, &mut door).await;
    }
}
