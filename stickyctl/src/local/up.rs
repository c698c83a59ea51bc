//! `stickyctl up --local`.

use super::client::Client;
use super::cluster::Cluster;
use super::control;
use super::door::Door;
use super::pod::Blueprint;
use crate::cli::{AffinityArg, LocalUpArgs};
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sticky_app::bus::memory::Hub;
use sticky_app::bus::redis::RedisConfig;
use sticky_app::server::Config;
use sticky_core::choice::Issuer;
use sticky_core::mode::Mode;
use sticky_core::topology::{Affinity, Door as DoorView};
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What is not up within this time is not coming.
const START: Duration = Duration::from_secs(30);

/// Runs the demo until it is told to end.
///
/// # Errors
/// It could not start; nothing is left behind.
pub(crate) async fn run(args: LocalUpArgs, mode: Mode, output: Output) -> Result<Exit, Failure> {
    let client = Client::open()?;
    if let Some(running) = client.find().await? {
        return Err(Failure::new(Exit::Failed, format!("one is up already: {} (process {})", running.url, running.pid))
            .try_this("stickyctl status --local   what it is")
            .try_this("stickyctl down --local     end it first"));
    }
    if args.detach {
        return detach(&client, output).await;
    }
    let redis = redis(&args).await?;
    let (listener, url) = listen(&args).await?;
    let control = Control::bind(client.path().to_owned())?;
    let began = Instant::now();
    let door_view = door_view(&args);
    let blueprint = blueprint(&args, redis, door_view.clone());
    let most_connections = blueprint.config.limits.max_connections;
    let (bus, fanout) = (if blueprint.redis.is_some() { "Redis" } else { "memory" }, blueprint.fanout.word());
    let plan = args.drain.plan(Duration::from_secs(2), Duration::from_secs(5));
    let cluster = Cluster::new(blueprint, plan, mode, url.clone());
    cluster.settle().await.map_err(|why| Failure::new(Exit::Failed, format!("starting {} pods: {why}", mode.pods)))?;
    tokio::time::timeout(START, wait_ready(&cluster)).await.map_err(|_| {
        Failure::new(Exit::TimedOut, "waiting for the pods: they were not ready after 30 s").try_this("stickyctl up --local -v   says what they do")
    })?;
    let stop = CancellationToken::new();
    let door = Door::new(cluster.clone(), &door_view, most_connections);
    let serving = tokio::spawn(door.serve(listener, stop.clone()));
    let controlling = tokio::spawn(control::serve(control.listener, cluster.clone()));

    output.phase(Mark::Done, "pods", &format!("{}: {} ({})", names(&cluster), mode.words(), mode), Some(began.elapsed()));
    output.phase(Mark::Done, "bus", &format!("{bus}, {fanout}"), None);
    output.phase(
        Mark::Done,
        "front door",
        &format!("{}, {}", url.trim_start_matches("http://").trim_end_matches('/'), affinity_words(&door_view)),
        None,
    );
    output.note("");
    output.answer(&url);
    output.note("\nOpen it and press the six buttons. Then, in another terminal:");
    let me = me();
    for (command, effect) in [
        ("scale 5 --local", "more pods; your session stays where it is"),
        ("mode 1x4 --local", "one pod, four workers: watch a sticky POST miss"),
        ("kill app-2 --local", "its sockets close and come back elsewhere"),
        ("verify --local", "prove that it sticks"),
    ] {
        output.note(&format!("  {me} {command:<20} {effect}"));
    }
    output.note("Ctrl-C stops everything.");

    wait_for_the_end(&cluster).await?;
    cluster.down.cancel();
    cluster.end().await;
    stop.cancel();
    let _ = serving.await;
    controlling.abort();
    drop(control.file);
    Ok(Exit::Done)
}

/// How this program is called: somebody who runs it by cargo has no `stickyctl` on the path.
fn me() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run -qp stickyctl --" } else { "stickyctl" }
}

/// The control socket's file, removed at the end.
struct ControlFile(PathBuf);

impl Drop for ControlFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Control {
    listener: UnixListener,
    file: ControlFile,
}

impl Control {
    /// Binds the socket; one whose owner is gone is replaced (the caller has found that nobody answers).
    fn bind(path: PathBuf) -> Result<Self, Failure> {
        let failed = |e: std::io::Error| Failure::new(Exit::Failed, format!("making the control socket {}: {e}", path.display()));
        match std::fs::symlink_metadata(&path) {
            Ok(there) if there.file_type().is_socket() => std::fs::remove_file(&path).map_err(failed)?,
            Ok(_) => return Err(failed(std::io::Error::other("something that is no socket lies there; move it away"))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
        let listener = control::listen(&path).map_err(failed)?;
        Ok(Self { listener, file: ControlFile(path) })
    }
}

async fn listen(args: &LocalUpArgs) -> Result<(TcpListener, String), Failure> {
    let address = SocketAddr::new(args.listen, args.port);
    let failed = |e: std::io::Error| {
        let failure = Failure::new(Exit::Failed, format!("listening on {address}: {e}"));
        match e.kind() {
            std::io::ErrorKind::AddrInUse => failure
                .try_this(format!("stickyctl up --local --port {}   another port", args.port.saturating_add(1)))
                .try_this("stickyctl up --local --port 0      any free port"),
            _ => failure,
        }
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, format!("http://{bound}/")))
}

async fn redis(args: &LocalUpArgs) -> Result<Option<RedisConfig>, Failure> {
    let Some(config) = args.relay.redis().map_err(|why| Failure::new(Exit::Usage, why))? else { return Ok(None) };
    config.check().await.map_err(|why| {
        Failure::new(Exit::Prerequisite, format!("connecting to Redis at {}: {why}", config.address()))
            .try_this("redis-server               start one")
            .try_this("stickyctl up --local       without Redis: workers of one process need none")
    })?;
    Ok(Some(config))
}

fn door_view(args: &LocalUpArgs) -> DoorView {
    DoorView {
        kind: "local".to_owned(),
        affinity: match args.affinity {
            AffinityArg::Cookie => Affinity::Cookie,
            AffinityArg::Off => Affinity::Off,
        },
        issuer: args.issuer,
    }
}

fn affinity_words(door: &DoorView) -> &'static str {
    match (door.affinity, door.issuer) {
        (Affinity::Cookie, Issuer::Proxy) => "affinity by a cookie that the proxy sets",
        (Affinity::Cookie, Issuer::App) => "affinity by a cookie that the app sets",
        _ => "no affinity",
    }
}

fn blueprint(args: &LocalUpArgs, redis: Option<RedisConfig>, door: DoorView) -> Blueprint {
    let open_files = sticky_app::cli::raise_open_files();
    Blueprint {
        config: Config {
            issuer: door.issuer,
            limits: args.limits.limits(open_files),
            allowed_origins: args.allowed_origin.clone(),
            allowed_hosts: args.allowed_host.clone(),
            loopback_only: args.listen.is_loopback(),
            trusted_proxies: Vec::new(),
            // The door opens a connection for each request, and pods hand connections to their workers in turn.
            close_after_post: false,
        },
        door,
        hub: Arc::new(Hub::default()),
        redis,
        fanout: args.relay.fanout,
    }
}

/// Pods listen; with Redis they also have to have reached it.
async fn wait_ready(cluster: &Cluster) {
    while !cluster.status().settled {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn names(cluster: &Cluster) -> String {
    let names: Vec<_> = cluster.status().pods.into_iter().map(|p| p.pod).collect();
    match names.as_slice() {
        [first, .., last] if names.len() > 4 => format!("{first} to {last}"),
        _ => names.join(", "),
    }
}

async fn wait_for_the_end(cluster: &Cluster) -> Result<(), Failure> {
    let handler = |kind| signal(kind).map_err(|e| Failure::new(Exit::Failed, format!("waiting for signals: {e}")));
    let (mut interrupt, mut terminate) = (handler(SignalKind::interrupt())?, handler(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = cluster.down.cancelled() => {}
    }
    // A second signal does not wait for goodbyes.
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(())
}

/// Starts the same command in the background and waits until it answers.
async fn detach(client: &Client, output: Output) -> Result<Exit, Failure> {
    let failed = |what: &str, e: std::io::Error| Failure::new(Exit::Failed, format!("{what}: {e}"));
    let log_path = client.path().with_file_name("local.log");
    let log = std::fs::File::create(&log_path).map_err(|e| failed(&format!("making the log {}", log_path.display()), e))?;
    let errors = log.try_clone().map_err(|e| failed("sharing the log", e))?;
    let program = std::env::current_exe().map_err(|e| failed("finding this program", e))?;
    let mut child = std::process::Command::new(program)
        .args(std::env::args_os().skip(1).filter(|arg| arg != "--detach"))
        .stdin(Stdio::null())
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors))
        // A group of its own: the terminal's Ctrl-C is not meant for it.
        .process_group(0)
        .spawn()
        .map_err(|e| failed("starting it in the background", e))?;
    let began = Instant::now();
    loop {
        if let Some(status) = client.find().await?.filter(|s| s.pid == child.id()) {
            output.phase(Mark::Done, "up", &format!("{}, process {}, log {}", status.mode, status.pid, log_path.display()), Some(began.elapsed()));
            output.answer(&status.url);
            output.hint("\nNext: stickyctl status --local, and stickyctl down --local to end it");
            return Ok(Exit::Done);
        }
        if let Some(ended) = child.try_wait().map_err(|e| failed("watching it", e))? {
            let said = std::fs::read_to_string(&log_path).unwrap_or_default();
            let said = said.trim().trim_start_matches("error: ");
            let exit = match ended.code() {
                Some(2) => Exit::Usage,
                Some(5) => Exit::Prerequisite,
                _ => Exit::Failed,
            };
            return Err(Failure::new(exit, said.to_owned()));
        }
        if began.elapsed() > START {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new(Exit::TimedOut, format!("it did not answer within 30 s; its log is {}", log_path.display())));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
