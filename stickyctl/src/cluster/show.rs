//! What the commands print when they are done: the answer, and what to do next.

use super::change::Changed;
use super::connect::Cluster;
use super::down;
use super::forward::{self, Opened};
use super::release::Place;
use super::status::collect::collect;
use super::status::model::Status;
use super::status::table::table;
use super::status::{self, door};
use super::up::request::{Done, Way};
use crate::exit::Failure;
use crate::output::{Format, Output, Shown, Unwritten};
use crate::spec::canary::beside;
use std::convert::Infallible;
use std::ops::ControlFlow;

/// The result of `up`.
pub(crate) fn up(done: &Done, output: Output) -> Result<(), Unwritten> {
    let (name, canary, way) = match done {
        Done::Client(documents) => {
            output.exactly(documents.join("---\n").trim_end())?;
            output.hint(&format!("\n{} objects; nothing was sent", documents.len()));
            return Ok(());
        }
        Done::Server(lines) => {
            output.answer(&lines.join("\n"))?;
            output.hint("\nnothing was stored");
            return Ok(());
        }
        Done::Up { name, pods, workers, canary, version, way } => {
            let mode = beside(format!("{pods}x{workers}"), *canary);
            (format!("{name} is up: {mode}, version {version}"), *canary, way)
        }
    };
    output.note("");
    output.answer(&name)?;
    output.hint("\nNext:");
    match way {
        Way::Url(url) => output.hint(&format!("  {url:<20}  is the page, served by the front door on your machine's port 80")),
        Way::Forward => output.hint("  stickyctl forward     opens http://localhost:8080/, forwarded to the front door"),
        Way::None => output.hint("  stickyctl up --install-front-door    installs a front door with session affinity"),
    }
    output.hint("  stickyctl status      shows pods, workers, sockets, cookie and route");
    if *way != Way::None {
        output.hint("  stickyctl verify      proves that sessions stick");
        if canary > 0 {
            output.hint("  stickyctl verify --pod-identity json:/version");
            output.hint("                        proves that no session changes version");
        }
    }
    Ok(())
}

/// The result of `scale` and `mode`.
pub(crate) fn changed(changed: &Changed, output: Output) -> Result<(), Unwritten> {
    let Changed { name, before, after } = changed;
    output.note("");
    output.answer(&format!("{name} is {after}"))?;
    if after.workers > 1 && before.workers != after.workers {
        output.hint("\nThe cookie selects a pod, but can't select a worker in it: \"sticky HTTP & in-memory WebSocket\" now misses");
        output.hint(&format!("about {} times in {}. The queue never does.", after.workers - 1, after.workers));
    } else if after.pods > before.pods && before.workers == after.workers {
        output.hint("\nExisting sessions stay on their pods; only new ones use the new pods.");
    } else if after.pods < before.pods && before.workers == after.workers {
        output.hint("\nThe sessions of the removed pods have moved; all others stayed.");
    }
    output.hint("Next: stickyctl status, stickyctl verify");
    Ok(())
}

/// The result of `down`.
pub(crate) fn down(done: down::Done, place: &Place, output: Output) -> Result<(), Unwritten> {
    if done == down::Done::Deleted {
        output.note("");
        output.answer(&format!("{} is down", place.name))?;
    }
    Ok(())
}

/// `forward`, for as long as it is open.
pub(crate) async fn forward(mut way: Opened, output: Output) -> Result<Infallible, Unwritten> {
    output.answer(&way.url())?;
    for line in way.notes() {
        output.note(&line);
    }
    output.hint("Press Ctrl-C to stop.");
    Ok(forward::report(&mut way.tunnel, output, |_| {}).await)
}

/// `status`, once.
///
/// # Errors
/// As [`collect`]; also if the answer can't be written.
pub(crate) async fn status(cluster: &Cluster, place: &Place, format: Format, output: Output) -> Result<(), Failure> {
    let status = collect(cluster, place, &mut door::Seen::default()).await?;
    Ok(output.document(format, &status, |columns| table(&status, columns))?)
}

/// `status --watch`: `redraws` shows the table in place of the last one, on a terminal; otherwise there is one document for each
/// change, JSON on one line, YAML after a `---`. It ends when nobody reads them.
///
/// # Errors
/// Only the first look can fail; also if an answer can't be written.
pub(crate) async fn watch(cluster: &Cluster, place: &Place, format: Format, redraws: bool, output: Output) -> Result<(), Failure> {
    let mut shown: Option<Status> = None;
    let mut trouble = String::new();
    let mut door = door::Seen::default();
    let first = collect(cluster, place, &mut door).await?;
    let written = status::watch(cluster, place, (first, door), |look| match look {
        Ok(status) if redraws && format == Format::Table => output.next(&Shown::Screen(table(&status, output.columns()))),
        Ok(status) => {
            trouble.clear();
            if shown.as_ref() == Some(&status.timeless()) {
                return ControlFlow::Continue(());
            }
            shown = Some(status.timeless());
            output.next(&Shown::of(format, &status, || table(&status, output.columns())))
        }
        Err(error) => {
            let what = error.to_string();
            if what != trouble {
                output.note(&what);
                trouble = what;
            }
            ControlFlow::Continue(())
        }
    });
    Ok(written.await?)
}
