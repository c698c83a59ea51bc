//! A worker process: its own listener, its own runtime, and a line to the supervisor.

use crate::server::{self, Source, Worker};
use crate::settings::Settings;
use crate::supervisor::control::{self, BEAT, Order, Word, WorkerPlace};
use crate::supervisor::listen::listen;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs one worker until it has drained or the supervisor is gone.
pub(crate) fn run(settings: &Settings, place: WorkerPlace) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "starting the runtime failed");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(settings, place))
}

async fn serve(settings: &Settings, place: WorkerPlace) -> ExitCode {
    let (mut orders, mut words) = match link() {
        Ok(stream) => control::split(stream),
        Err(error) => {
            tracing::error!(%error, "only a supervisor starts workers: run sticky-app without {}", control::WORKER_VARIABLE);
            return ExitCode::from(2);
        }
    };
    let address = place.listen.unwrap_or(settings.listen);
    let built = listen(address).map_err(|error| format!("listening on {address}: {error}")).and_then(|listener| {
        let worker = settings.blueprint.worker(settings.pod.clone(), place.number, settings.workers);
        worker.map(|worker| (listener, worker)).map_err(|error| error.to_string())
    });
    let (listener, worker) = match built {
        Ok(built) => built,
        Err(why) => {
            let _ = words.say(&Word::Failed(why)).await;
            return ExitCode::from(2);
        }
    };
    let drain = CancellationToken::new();
    tokio::select! {
        () = server::serve(&worker, Source::Tcp(listener), async { drain.cancelled().await; settings.drain }) => {
            worker.log_totals();
            ExitCode::SUCCESS
        }
        () = converse(&worker, &mut orders, &mut words, &drain) => {
            tracing::error!("the supervisor is gone; exiting, since nothing would drain or replace this worker");
            ExitCode::FAILURE
        }
    }
}

async fn converse(worker: &Arc<Worker>, orders: &mut control::Reader, words: &mut control::Writer, drain: &CancellationToken) {
    // Only the supervisor handles signals: a terminal's Ctrl-C reaches the whole group, and must not end a worker directly.
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else { return };
    let mut beat = tokio::time::interval(BEAT);
    let mut was_ready = false;
    // Readiness is reported at once, not with the next beat: a start waits for it.
    let mut bus = worker.desk.relay();
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            changed = bus.changed() => if changed.is_err() { return },
            order = orders.next::<Order>() => match order {
                Some(Order::Report) => {}
                Some(Order::Drain) => drain.cancel(),
                None => return,
            },
            _ = interrupt.recv() => continue,
            _ = terminate.recv() => continue,
        }
        let report = worker.report();
        if report.ready && !was_ready {
            was_ready = true;
            tracing::debug!("ready");
        }
        if words.say(&Word::Report(Box::new(report))).await.is_err() {
            return;
        }
    }
}

fn link() -> io::Result<UnixStream> {
    let stream = StdUnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    stream.peer_addr()?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}
