//! The supervisor's loop.

use crate::settings::Settings;
use crate::supervisor::admin;
use crate::supervisor::control::{self, HUNG_AFTER, Order, Word};
use crate::supervisor::fleet::Workers;
use crate::supervisor::listen::reuse_port;
use rustix::process::{Pid, Signal, kill_process};
use socket2::Socket;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sticky_core::drain::MARGIN;
use tokio::net::{TcpListener, UnixStream};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A worker that ran for this long is restarted without delay.
const STABLE: Duration = Duration::from_secs(10);
/// The pause between quick restarts, from the second on; it doubles from the first value up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Runs the supervisor until the pod has drained.
pub(crate) fn run(settings: Settings) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "starting the runtime failed");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(supervise(settings))
}

async fn supervise(mut settings: Settings) -> ExitCode {
    // Held without listening, so that port 0 means one port for all workers, and no other process takes it between two restarts.
    let (_reserved, admin_listener) = match reserve(&mut settings).await {
        Ok(bound) => bound,
        Err(taken) => {
            tracing::error!("{taken}");
            return ExitCode::FAILURE;
        }
    };
    let admin_address = admin_listener.local_addr().map(|a| a.to_string()).unwrap_or_default();
    tracing::info!(
        listen = %settings.listen, admin = %admin_address, pod = %settings.pod, workers = settings.workers, bus = settings.blueprint.relay.kind(),
        open_files = settings.open_files, memory_limit = settings.memory_limit, max_sockets = settings.blueprint.config.limits.max_sockets, version = env!("CARGO_PKG_VERSION"), "listening"
    );
    let workers = Workers::new(usize::from(settings.workers), settings.blueprint.relay.kind());
    let admin = tokio::spawn(admin::serve(admin_listener, workers.clone(), settings.blueprint.config.allowed_hosts.clone()));
    let settings = Arc::new(settings);
    let mut lives = tokio::task::JoinSet::new();
    for number in 0..settings.workers {
        lives.spawn(keep(settings.clone(), workers.clone(), number));
    }
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        tracing::error!("the system refused a signal handler");
        return ExitCode::FAILURE;
    };
    let failed = tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => false,
        // A worker ends on its own only if it can't start at all.
        _ = lives.join_next() => true,
    };
    if failed {
        return ExitCode::FAILURE;
    }
    workers.draining.cancel();
    let deadline = settings.drain.total() + MARGIN;
    let code = tokio::select! {
        () = async { while lives.join_next().await.is_some() {} } => ExitCode::SUCCESS,
        () = tokio::time::sleep(deadline) => {
            tracing::warn!(?deadline, "some workers did not stop before the deadline; killing them");
            ExitCode::SUCCESS
        }
        _ = interrupt.recv() => ExitCode::from(130),
        _ = terminate.recv() => ExitCode::from(143),
    };
    // Dropping the remaining workers kills them (`kill_on_drop`).
    lives.shutdown().await;
    admin.abort();
    tracing::info!("stopped");
    code
}

/// An address can't be taken.
#[derive(Debug, thiserror::Error)]
#[error("listening on {address} (--{flag}): {error}; choose another address with --{flag}, or stop the process that listens there")]
struct Taken {
    address: SocketAddr,
    flag: &'static str,
    error: io::Error,
}

/// Checks that no other process listens, then binds the address that the workers will share.
async fn reserve(settings: &mut Settings) -> Result<(Socket, TcpListener), Taken> {
    let (listen, admin) = (settings.listen, settings.admin_listen);
    let taken = |error| Taken { address: listen, flag: "listen", error };
    // SO_REUSEPORT would let a second server of the same user share the port unnoticed.
    drop(std::net::TcpListener::bind(listen).map_err(taken)?);
    let socket = reuse_port(listen).map_err(taken)?;
    if let Some(address) = socket.local_addr().ok().and_then(|a| a.as_socket()) {
        settings.listen = address;
    }
    let admin_listener = TcpListener::bind(admin).await.map_err(|error| Taken { address: admin, flag: "admin-listen", error })?;
    Ok((socket, admin_listener))
}

/// Keeps one worker running until the pod drains. Returns early only when the worker reports that it can't start.
async fn keep(settings: Arc<Settings>, workers: Arc<Workers>, number: u16) {
    let mut pause = Duration::ZERO;
    loop {
        let began = Instant::now();
        let ended = live(&settings, &workers, number).await;
        workers.gone(usize::from(number));
        let drained = workers.draining.is_cancelled();
        match ended {
            Ok(status) if drained => {
                tracing::debug!(worker = number, %status, "worker ended");
                return;
            }
            Err(Death::CannotStart(why)) => {
                tracing::error!(worker = number, "{why}");
                return;
            }
            Ok(status) => tracing::warn!(worker = number, %status, pause = ?pause, "worker ended; restarting it"),
            Err(Death::Killed(why)) => tracing::warn!(worker = number, why, pause = ?pause, "killed a worker; restarting it"),
            Err(Death::Spawn(error)) => tracing::error!(worker = number, %error, pause = ?pause, "starting a worker failed; trying again"),
        }
        workers.restarted();
        if began.elapsed() > STABLE {
            pause = Duration::ZERO;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = workers.draining.cancelled() => return,
        }
        pause = (pause * 2).clamp(BACKOFF.0, BACKOFF.1);
    }
}

enum Death {
    CannotStart(String),
    Killed(&'static str),
    Spawn(io::Error),
}

/// Runs a worker process from its start to its end.
async fn live(settings: &Settings, workers: &Workers, number: u16) -> Result<ExitStatus, Death> {
    let (mut child, stream) = spawn(settings, number).map_err(Death::Spawn)?;
    let (mut words, mut orders) = control::split(stream);
    let (order, mut ordered) = mpsc::unbounded_channel();
    workers.listens(order);
    let mut told_to_drain = false;
    let hung = tokio::time::sleep(HUNG_AFTER);
    tokio::pin!(hung);
    let mut silent = false;
    loop {
        tokio::select! {
            status = child.wait() => return status.map_err(Death::Spawn),
            () = workers.draining.cancelled(), if !told_to_drain => {
                told_to_drain = true;
                let _ = orders.say(&Order::Drain).await;
            }
            Some(order) = ordered.recv() => { let _ = orders.say(&order).await; }
            word = words.next::<Word>(), if !silent => match word {
                Some(Word::Report(report)) => {
                    hung.as_mut().reset(tokio::time::Instant::now() + HUNG_AFTER);
                    let deaf = report.deaf;
                    workers.report(usize::from(number), *report);
                    if deaf && !told_to_drain {
                        return Err(end(&mut child, "it receives nothing from the bus although the bus answers").await);
                    }
                }
                Some(Word::Failed(why)) => return Err(Death::CannotStart(why)),
                // It is about to end, or it hangs: the other branches find out which.
                None => silent = true,
            },
            () = &mut hung => return Err(end(&mut child, "it did not report for five seconds").await),
        }
    }
}

async fn end(child: &mut Child, why: &'static str) -> Death {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // SIGKILL works on a stopped process too.
        let _ = kill_process(pid, Signal::KILL);
    }
    let _ = child.wait().await;
    Death::Killed(why)
}

fn spawn(settings: &Settings, number: u16) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    // On Linux this names the running program even after its file was replaced.
    let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
    let child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(control::WORKER_VARIABLE, number.to_string())
        .env(control::LISTEN_VARIABLE, settings.listen.to_string())
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .kill_on_drop(true)
        .spawn()?;
    Ok((child, UnixStream::from_std(ours)?))
}
