//! `status`, `scale`, `mode`, `kill` and `down` with `--local`.

use super::api::{Change, DOWN, Status};
use super::client::Client;
use super::error::LocalError;
use super::progress::Progress;
use super::size;
use super::table::table;
use super::watch;
use crate::exit::Exit;
use crate::output::{Format, Mark, Output};
use crate::poll::{Deadline, until};
use crate::spec::canary::beside;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use sticky_core::mode::Mode;

/// Poll interval while waiting for a change.
const LOOK: Duration = Duration::from_millis(50);
/// How long a worker may need to reach Redis before that is worth a word.
const CONNECT: Duration = Duration::from_secs(1);
/// How long the demo may take to end.
const GONE: Duration = Duration::from_secs(20);

/// Prints the pods, workers and sockets of the running demo, once or for as long as somebody watches.
///
/// # Errors
/// No demo is running, or the request failed.
pub(crate) async fn status(format: Format, watch: bool, output: Output) -> Result<Exit, LocalError> {
    let client = Client::open()?;
    if watch {
        return watch::run(&client, format, output).await;
    }
    let status = client.status().await?;
    output.document(format, &status, |columns| table(&status, columns))?;
    Ok(Exit::Done)
}

/// Changes the number of pods and waits.
///
/// # Errors
/// No demo is running, or the request failed.
pub(crate) async fn scale(pods: u16, timeout: Duration, output: Output) -> Result<Exit, LocalError> {
    let client = Client::open()?;
    let before = client.status().await?;
    let mode: Mode = before.mode.parse().map_err(|why| LocalError::Mode { mode: before.mode.clone(), why })?;
    let after = size::check(Mode { pods, ..mode }, before.canary)?;
    output.note(&format!("{mode} to {after}: pods {} to {pods}, workers stay {}\n", mode.pods, mode.workers));
    client.change(&Change::Scale(pods)).await?;
    wait(&client, &before, after, timeout, output).await?;
    output.answer(&format!("sticky-sessions is {}", beside(after, before.canary.into())))?;
    if pods > mode.pods {
        output.hint("\nExisting sessions stay on their pods; only new ones use the new pods.");
    }
    output.hint("Next: stickyctl status --local");
    Ok(Exit::Done)
}

/// Changes pods and workers and waits.
///
/// # Errors
/// No demo is running, or the request failed.
pub(crate) async fn switch(mode: Mode, timeout: Duration, output: Output) -> Result<Exit, LocalError> {
    let client = Client::open()?;
    let before = client.status().await?;
    size::check(mode, before.canary)?;
    let replaced = before.mode.parse::<Mode>().is_ok_and(|old| old.workers != mode.workers);
    let fate = if replaced { "; every pod is replaced" } else { "" };
    output.note(&format!("{} to {mode}: {}{fate}\n", before.mode, mode.words()));
    client.change(&Change::Mode(mode.to_string())).await?;
    wait(&client, &before, mode, timeout, output).await?;
    output.answer(&format!("sticky-sessions is {}", beside(mode, before.canary.into())))?;
    if mode.workers > 1 {
        output.hint("\nThe cookie still chooses the pod, but it can't choose a worker inside it: \"sticky HTTP & in-memory WebSocket\" now");
        output.hint(&format!("misses about {} times in {}. The queue does not.", mode.workers - 1, mode.workers));
    }
    output.hint("Next: stickyctl status --local");
    Ok(Exit::Done)
}

/// Waits until the mode is `want`, and shows starting and draining pods meanwhile.
async fn wait(client: &Client, before: &Status, want: Mode, timeout: Duration, output: Output) -> Result<(), LocalError> {
    let began = Instant::now();
    let old: Vec<&str> = before.pods.iter().map(|p| p.pod.as_str()).collect();
    let (mut starting, mut draining) = (Some(output.live("pods")), None);
    // One for all looks: what comes between two of them is heard by the next.
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let status = client.status().await?;
        if let Some(why) = status.failure {
            return Err(LocalError::Change { want, why });
        }
        let seen = Progress::of(&status, want);
        if seen.ready == usize::from(want.pods)
            && let Some(line) = starting.take()
        {
            let new = status.pods.iter().filter(|p| p.left_s.is_none() && !p.canary && !old.contains(&p.pod.as_str())).count();
            let workers = if want.workers == 1 { "worker" } else { "workers" };
            line.ends(Mark::Done, &format!("{} of {} ready, {new} new, {} {workers} each", seen.ready, want.pods, want.workers));
        }
        if status.settled && status.mode == want.to_string() {
            let left = old.iter().filter(|name| !status.pods.iter().any(|p| p.pod == **name)).count();
            if left > 0 {
                let pods = if left == 1 { "pod" } else { "pods" };
                let what = format!("{left} {pods} stopped; their sockets were closed with a hint when to reconnect (1012)");
                draining.unwrap_or_else(|| output.live("drain")).ends(Mark::Done, &what);
            }
            return Ok(());
        }
        // Right after its start, a worker is still connecting.
        let no_redis = status.bus.state == DOWN && began.elapsed() > CONNECT;
        let now = seen.words(want, no_redis);
        if starting.is_none() && seen.leaving > 0 && draining.is_none() {
            draining = Some(output.live("drain"));
        }
        if let Some(line) = starting.as_ref().or(draining.as_ref()) {
            line.says(&now);
        }
        if began.elapsed() > timeout {
            if let Some(line) = starting.or(draining) {
                line.ends(Mark::Failed, &now);
            }
            return Err(LocalError::ChangeTimedOut { want, limit: timeout, seen: now, no_redis });
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = &mut interrupted => {
                output.note("interrupted; the change goes on without this command");
                return Err(LocalError::Interrupted(want));
            }
        }
    }
}

/// Kills a pod or a worker.
///
/// # Errors
/// No demo is running, or the request failed.
pub(crate) async fn kill(target: String, output: Output) -> Result<Exit, LocalError> {
    let is_worker = target.contains(':');
    Client::open()?.change(&Change::Kill(target.clone())).await?;
    output.answer(&format!("killed {target}"))?;
    output.hint(if is_worker {
        "Its sockets close without a close frame; a new worker replaces it at once."
    } else {
        "Its sockets close without a close frame; a new pod replaces it after 3 s."
    });
    Ok(Exit::Done)
}

/// Stops the demo and waits until it is gone.
///
/// # Errors
/// No demo is running, or the request failed.
pub(crate) async fn down(output: Output) -> Result<Exit, LocalError> {
    let client = Client::open()?;
    let Some(status) = client.find().await? else {
        output.note("no demo is running on this machine");
        return Ok(Exit::Done);
    };
    let began = Instant::now();
    client.down().await?;
    let gone = async || Ok::<_, Infallible>((!client.find().await.is_ok_and(|still| still.is_some())).then_some(()));
    let Ok(gone) = until(Deadline::after(GONE), LOOK, gone).await;
    gone.ok_or(LocalError::StillThere { pid: status.pid, limit: GONE })?;
    output.phase(
        Mark::Done,
        "down",
        &format!("{} stopped, {} closed", count(status.pods.len(), "pod"), count(status.sockets(), "socket")),
        Some(began.elapsed()),
    );
    Ok(Exit::Done)
}

/// `1 pod`, `2 pods`.
fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}
