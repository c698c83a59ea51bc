//! A worker process: its own listener, its own runtime, and a line to the supervisor.

use crate::server::{Source, Worker};
use crate::settings::Settings;
use crate::supervisor::control::{self, BEAT, Order, Word};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::{TcpListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Runs worker `number` until it has drained or the supervisor is gone.
pub fn run(settings: &Settings, number: u16) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "starting the runtime failed");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(serve(settings, number))
}

async fn serve(settings: &Settings, number: u16) -> ExitCode {
    let (mut orders, mut words) = match link() {
        Ok(stream) => control::split(stream),
        Err(error) => {
            tracing::error!(%error, "a worker is started by its supervisor: run sticky-app without {}", control::WORKER_VARIABLE);
            return ExitCode::from(2);
        }
    };
    let built = listen(settings.listen)
        .map_err(|error| format!("listening on {}: {error}", settings.listen))
        .and_then(|listener| settings.worker(number).map(|worker| (listener, worker)));
    let (listener, worker) = match built {
        Ok(built) => built,
        Err(why) => {
            let _ = words.say(&Word::Failed(why)).await;
            return ExitCode::from(2);
        }
    };
    let drain = CancellationToken::new();
    tokio::select! {
        () = worker.serve(Source::Tcp(listener), async { drain.cancelled().await; settings.drain }) => {
            worker.log_totals();
            ExitCode::SUCCESS
        }
        () = converse(&worker, &mut orders, &mut words, &drain) => {
            tracing::error!("the supervisor is gone; a worker alone would never be drained or replaced");
            ExitCode::FAILURE
        }
    }
}

async fn converse(worker: &Arc<Worker>, orders: &mut control::Reader, words: &mut control::Writer, drain: &CancellationToken) {
    // Signals are the supervisor's: a terminal's Ctrl-C reaches the whole group, and must not end a worker by itself.
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else { return };
    let mut beat = tokio::time::interval(BEAT);
    let mut was_ready = false;
    // Readiness is told at once, not with the next beat: it is what a start waits for.
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

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = super::process::reuse_port(address)?;
    socket.listen(1_024)?;
    TcpListener::from_std(socket.into())
}
