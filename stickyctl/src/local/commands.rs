//! `status`, `scale`, `mode`, `kill` and `down` with `--local`.

use super::api::{Change, Status};
use super::client::Client;
use crate::exit::{Exit, Failure};
use crate::grid::grid;
use crate::output::{Format, Mark, Output, short};
use std::time::{Duration, Instant};
use sticky_core::mode::Mode;

/// Between two looks at what is being waited for.
const LOOK: Duration = Duration::from_millis(50);

/// Prints what there is.
///
/// # Errors
/// None runs, or it did not do what it was asked.
pub async fn status(format: Format, output: Output) -> Result<Exit, Failure> {
    let status = Client::open()?.status().await?;
    match format {
        Format::Json => output.answer(&serde_json::to_string_pretty(&status).unwrap_or_default()),
        Format::Table => output.answer(&table(&status)),
    }
    Ok(Exit::Done)
}

fn table(status: &Status) -> String {
    let rows = status.pods.iter().flat_map(|pod| {
        pod.workers.iter().map(move |worker| {
            let state = match pod.left_s {
                Some(left) => format!("draining, {left} s"),
                None => word(worker.state).to_owned(),
            };
            let age = short(Duration::from_secs(worker.age_s));
            [pod.pod.clone(), state, worker.worker.to_string(), worker.sockets.to_string(), worker.restarts.to_string(), age]
        })
    });
    let rows = grid(["POD", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows, 2);
    let (door, bus) = (&status.door, &status.bus);
    let changing = if status.settled { "" } else { "  (changing)" };
    format!(
        "sticky-sessions  {}{changing}  version {}  {}  up {}\n\n{}\n\nfront door  {}, affinity {}\nbus         {}, {}, {}",
        status.mode,
        status.version,
        status.url,
        short(Duration::from_secs(status.up_s)),
        rows,
        door.kind,
        match door.affinity {
            sticky_core::topology::Affinity::Cookie => match door.issuer {
                sticky_core::choice::Issuer::Proxy => "by a cookie that the proxy sets (sticky_local)",
                sticky_core::choice::Issuer::App => "by a cookie that the app sets (StickyStr)",
            },
            _ => "off",
        },
        bus.kind,
        bus.fanout,
        bus.state
    )
}

fn word(state: sticky_core::topology::State) -> &'static str {
    use sticky_core::topology::State;
    match state {
        State::Starting => "starting",
        State::Ready => "ready",
        State::Draining => "draining",
    }
}

/// Changes the number of pods and waits.
///
/// # Errors
/// None runs, or it did not do what it was asked.
pub async fn scale(pods: u16, timeout: Duration, output: Output) -> Result<Exit, Failure> {
    let client = Client::open()?;
    let before = client.status().await?;
    let mode: Mode = before.mode.parse().map_err(|e: sticky_core::mode::BadMode| Failure::new(Exit::Failed, e.to_string()))?;
    let after = Mode { pods, ..mode };
    output.note(&format!("{mode} to {after}: pods {} to {pods}, workers stay {}\n", mode.pods, mode.workers));
    client.change(&Change::Scale(pods)).await?;
    wait(&client, &before, after, timeout, output).await?;
    output.answer(&format!("sticky-sessions is {after}"));
    if pods > mode.pods {
        output.hint("\nSessions that exist stay on their pods; only new ones use the new pods.");
    }
    output.hint("Next: stickyctl status --local");
    Ok(Exit::Done)
}

/// Changes pods and workers and waits.
///
/// # Errors
/// None runs, or it did not do what it was asked.
pub async fn switch(mode: Mode, timeout: Duration, output: Output) -> Result<Exit, Failure> {
    let client = Client::open()?;
    let before = client.status().await?;
    let replaced = before.mode.parse::<Mode>().is_ok_and(|old| old.workers != mode.workers);
    let fate = if replaced { "; every pod is replaced" } else { "" };
    output.note(&format!("{} to {mode}: {}{fate}\n", before.mode, mode.words()));
    client.change(&Change::Mode(mode.to_string())).await?;
    wait(&client, &before, mode, timeout, output).await?;
    output.answer(&format!("sticky-sessions is {mode}"));
    if mode.workers > 1 {
        output.hint("\nThe cookie still chooses the pod and can't choose a worker inside it: \"sticky HTTP & in-memory WebSocket\" now");
        output.hint(&format!("misses about {} times in {}. The queue does not.", mode.workers - 1, mode.workers));
    }
    output.hint("Next: stickyctl status --local");
    Ok(Exit::Done)
}

/// Waits until `want` is what there is, and says what it took.
async fn wait(client: &Client, before: &Status, want: Mode, timeout: Duration, output: Output) -> Result<(), Failure> {
    let began = Instant::now();
    let old: Vec<&str> = before.pods.iter().map(|p| p.pod.as_str()).collect();
    let (mut ready_said, mut last) = (false, String::new());
    // One for all looks: what comes between two of them is heard by the next.
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        let status = client.status().await?;
        if let Some(why) = status.failure {
            return Err(Failure::new(Exit::Failed, format!("changing to {want}: {why}")));
        }
        let serving: Vec<_> = status.pods.iter().filter(|p| p.left_s.is_none()).collect();
        let leaving: Vec<_> = status.pods.iter().filter(|p| p.left_s.is_some()).collect();
        let fit =
            serving.iter().filter(|p| p.workers.len() == usize::from(want.workers) && p.workers.iter().all(|w| word(w.state) == "ready")).count();
        if !ready_said && fit == usize::from(want.pods) {
            ready_said = true;
            let new = serving.iter().filter(|p| !old.contains(&p.pod.as_str())).count();
            output.phase(
                Mark::Done,
                "pods",
                &format!("{fit} of {} ready, {new} new, {} worker{} each", want.pods, want.workers, if want.workers == 1 { "" } else { "s" }),
                Some(began.elapsed()),
            );
        }
        if status.settled && status.mode == want.to_string() {
            let left = old.iter().filter(|name| !status.pods.iter().any(|p| p.pod == **name)).count();
            if left > 0 {
                output.phase(
                    Mark::Done,
                    "drain",
                    &format!("{left} pod{} left; their sockets were asked to reconnect (1012)", if left == 1 { "" } else { "s" }),
                    Some(began.elapsed()),
                );
            }
            return Ok(());
        }
        let left_sockets: usize = leaving.iter().flat_map(|p| &p.workers).map(|w| w.sockets).sum();
        let now = match leaving.len() {
            0 => format!("{fit} of {} pods ready", want.pods),
            n => format!("{n} draining, {left_sockets} sockets left, {} s at most", leaving.iter().filter_map(|p| p.left_s).max().unwrap_or(0)),
        };
        if began.elapsed() > timeout {
            return Err(Failure::new(Exit::TimedOut, format!("changing to {want}: not there after {}; last seen: {now}", short(timeout)))
                .try_this("stickyctl status --local"));
        }
        if ready_said && !leaving.is_empty() && last.is_empty() {
            output.phase(Mark::Busy, "drain", &now, None);
        }
        if ready_said && !leaving.is_empty() {
            last = now;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = &mut interrupted => {
                output.note("interrupted; the change goes on without this command");
                return Err(Failure::new(Exit::Interrupted, format!("waiting for {want}: interrupted")));
            }
        }
    }
}

/// Ends a pod or a worker hard.
///
/// # Errors
/// None runs, or it did not do what it was asked.
pub async fn kill(target: String, output: Output) -> Result<Exit, Failure> {
    let is_worker = target.contains(':');
    Client::open()?.change(&Change::Kill(target.clone())).await.map_err(|f| f.try_this("stickyctl status --local"))?;
    output.answer(&format!("{target} was ended"));
    output.hint(if is_worker {
        "Its sockets close without a goodbye; a new worker takes its place at once."
    } else {
        "Its sockets close without a goodbye; a new pod takes its place after 3 s."
    });
    Ok(Exit::Done)
}

/// Ends it and waits until it is gone.
///
/// # Errors
/// None runs, or it did not do what it was asked.
pub async fn down(output: Output) -> Result<Exit, Failure> {
    let client = Client::open()?;
    let Some(status) = client.find().await? else {
        output.note("nothing runs here");
        return Ok(Exit::Done);
    };
    let began = Instant::now();
    client.down().await?;
    while client.find().await.is_ok_and(|still| still.is_some()) {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(Failure::new(Exit::TimedOut, format!("process {} was told to end and is still there after 20 s", status.pid))
                .try_this(format!("kill {}", status.pid)));
        }
        tokio::time::sleep(LOOK).await;
    }
    output.phase(Mark::Done, "down", &format!("{} pods ended, {} sockets were told", status.pods.len(), status.sockets()), Some(began.elapsed()));
    Ok(Exit::Done)
}
