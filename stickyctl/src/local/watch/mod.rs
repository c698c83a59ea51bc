//! `stickyctl status --local --watch`: a live view whose keys change the demo; without a terminal, one document for each change.

mod draw;
mod state;
mod terminal;
#[cfg(test)]
mod tests;

use super::api::Status;
use super::client::Client;
use super::error::LocalError;
use super::table::table;
use crate::exit::Exit;
use crate::output::{Format, Output, Shown};
use draw::{Look, draw};
use state::{Step, View};
use std::ops::ControlFlow;
use std::time::Duration;
use terminal::Screen;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(500);

/// Shows the demo until the user leaves or the demo ends.
///
/// # Errors
/// No demo is running, it ended, or it does not answer; also if the terminal can't be used.
pub(super) async fn run(client: &Client, format: Format, output: Output) -> Result<Exit, LocalError> {
    let first = client.status().await?;
    if format == Format::Table && Screen::can_open() {
        live(client, first, Look { colors: Screen::has_colors(), unicode: output.unicode() }).await
    } else {
        documents(client, first, format, output).await
    }
}

async fn live(client: &Client, first: Status, style: Look) -> Result<Exit, LocalError> {
    let failed = |why| LocalError::Process { doing: "using the terminal", why };
    // Ctrl-C is a key here; others may still send its signal.
    let handler = |kind| signal(kind).map_err(failed);
    let (mut interrupt, mut terminate) = (handler(SignalKind::interrupt())?, handler(SignalKind::terminate())?);
    let mut view = View::new(first);
    let mut screen = Screen::open().map_err(failed)?;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        screen.draw(|frame| draw(frame, &view, style)).map_err(failed)?;
        tokio::select! {
            event = screen.event() => match view.hears(&event.map_err(failed)?) {
                Step::Stay => {}
                Step::Leave => return Ok(Exit::Done),
                Step::Change(change) => match client.change(&change).await {
                    Ok(status) => view.sees(status),
                    Err(LocalError::Refused(why)) => view.said = why,
                    Err(error) => return Err(error),
                },
            },
            _ = ticks.tick() => view.sees(look(client).await?),
            _ = interrupt.recv() => return Ok(Exit::Interrupted),
            _ = terminate.recv() => return Ok(Exit::Interrupted),
        }
    }
}

async fn documents(client: &Client, first: Status, format: Format, output: Output) -> Result<Exit, LocalError> {
    let (mut status, mut shown) = (first, None);
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let timeless = status.timeless();
        if shown.as_ref() != Some(&timeless) {
            let document = Shown::of(format, &status, || table(&status, output.columns()));
            if let ControlFlow::Break(written) = output.next(&document) {
                return Ok(written.map(|()| Exit::Done)?);
            }
            shown = Some(timeless);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = &mut interrupted => return Ok(Exit::Done),
        }
        status = look(client).await?;
    }
}

/// The status now. A demo that ends may cut off an answer first.
async fn look(client: &Client) -> Result<Status, LocalError> {
    let seen = match client.find().await {
        Err(_) => {
            tokio::time::sleep(LOOK).await;
            client.find().await
        }
        found => found,
    };
    seen?.ok_or(LocalError::Ended)
}
