//! `stickyctl up --local`.

use super::background;
use super::change::change;
use super::client::Client;
use super::control::Control;
use super::door::Door;
use super::error::{CannotStart, LocalError};
use super::lock::Lock;
use super::open::open;
use super::pods::{Canary, Pods};
use super::progress::Progress;
use super::remote::Controls;
use super::request::UpRequest;
use super::size;
use crate::exit::Exit;
use crate::output::{Live, Mark, Output, Unwritten};
use crate::poll::{Deadline, until};
use crate::spec::canary;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use sticky_app::bus::Relay;
use sticky_app::bus::memory::Hub;
use sticky_app::server::{Blueprint, Config, Memory};
use sticky_core::choice::{Expose, Issuer};
use sticky_core::host::{Host, is_loopback};
use sticky_core::memory;
use sticky_core::mode::Mode;
use sticky_core::topology::{Affinity, Door as Configured, DoorView};
use sticky_core::version::Version;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The longest time for the pods to become ready.
const START: Duration = Duration::from_secs(30);
/// How often the progress until then is shown.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the demo until it is stopped.
///
/// # Errors
/// It could not start; nothing is left behind.
pub(crate) async fn run(request: UpRequest, output: Output) -> Result<Exit, LocalError> {
    size::check(request.mode, request.canary)?;
    let client = Client::open()?;
    if let Some(warning) = exposure(request.listen) {
        output.warning(&warning);
    }
    if request.detach {
        let url = background::start(&client, output).await?;
        if request.open {
            open(&url, output).await;
        }
        return Ok(Exit::Done);
    }
    let lock = Lock::take(&client).await?;
    let relay = relay(&request).await?;
    let (listener, url) = listen(request.listen).await?;
    let control = Control::bind(client.path().to_owned(), lock)?;
    let mode = request.mode;
    let view = DoorView { door: request.door.clone(), control: has_controls(request.listen, &request.allowed_hosts) };
    let (door, followed) = watch::channel(view);
    let (bus, fanout) = (if relay.is_up_at_once() { "memory" } else { "Redis" }, relay.fanout().word());
    let canary = Canary { pods: request.canary, version: Version::parse(canary::VERSION).map_err(CannotStart::from)? };
    let pods = Pods::new(blueprint(&request, relay, followed.clone()), door, canary, request.drain, mode, url.clone());
    let line = output.live("pods");
    start(&pods, mode, &line).await?;
    let stop = CancellationToken::new();
    let door =
        Door::new(pods.clone(), followed, has_controls(request.listen, &request.allowed_hosts).then(|| controls(pods.clone())), &request.limits);
    let serving = tokio::spawn(door.serve(listener, stop.clone()));
    let controlling = tokio::spawn(control.serve(pods.clone()));

    line.ends(Mark::Done, &format!("{}: {} ({})", names(&pods, false), mode.words(), mode));
    if request.canary > 0 {
        output.phase(Mark::Done, "canary", &format!("{}: version {}", names(&pods, true), canary::VERSION), None);
    }
    output.phase(Mark::Done, "bus", &format!("{bus}, {fanout}"), None);
    output.phase(
        Mark::Done,
        "front door",
        &format!("{}, {}", url.trim_start_matches("http://").trim_end_matches('/'), affinity_words(&request.door)),
        None,
    );
    let ended = match invite(&url, request.canary > 0, output) {
        Ok(()) => {
            if request.open {
                let url = url.clone();
                tokio::spawn(async move { open(&url, output).await });
            }
            wait_for_the_end(&pods).await
        }
        Err(unwritten) => Err(unwritten.into()),
    };
    pods.down.cancel();
    pods.end().await;
    stop.cancel();
    let _ = serving.await;
    controlling.abort();
    // Its end removes the socket's file.
    let _ = controlling.await;
    ended.map(|()| Exit::Done)
}

/// Waits until all pods are ready, and shows how many are.
async fn start(pods: &Arc<Pods>, mode: Mode, line: &Live) -> Result<(), LocalError> {
    let ready = async {
        pods.settle().await?;
        // Ready pods listen; with Redis they have also reached it.
        let settled = async || Ok::<_, Infallible>(pods.status().settled.then_some(()));
        let Ok(ready) = until(Deadline::after(START), Duration::from_millis(5), settled).await;
        ready.ok_or(LocalError::NotReady(START))
    };
    let mut ready = std::pin::pin!(ready);
    loop {
        tokio::select! {
            done = &mut ready => return done,
            () = tokio::time::sleep(LOOK) => line.says(&Progress::of(&pods.status(), mode).words(mode, false)),
        }
    }
}

/// Prints the URL, and what to try next.
fn invite(url: &str, has_canary: bool, output: Output) -> Result<(), Unwritten> {
    output.note("");
    output.answer(url)?;
    output.note("\nOpen it and press the six buttons. Then, in another terminal:");
    let me = me();
    for (command, effect) in [
        ("scale 5 --local", "more pods; your session stays where it is"),
        ("mode 1x4 --local", "one pod, four workers: watch a sticky POST miss"),
        ("kill app-2 --local", "its sockets close, and reconnect to other pods"),
        ("verify --local", "prove that sessions stick"),
    ] {
        output.note(&format!("  {me} {command:<20} {effect}"));
    }
    if has_canary {
        output.note(&format!("  {me} verify --local --pod-identity json:/version"));
        output.note(&format!("  {:width$} prove that no session changes version", "", width = me.len() + 21));
    }
    output.note("Ctrl-C stops everything.");
    Ok(())
}

/// How the user calls this program: one that runs under cargo may not be on the path.
fn me() -> &'static str {
    if std::env::var_os("CARGO").is_some() { "cargo run -qp stickyctl --" } else { "stickyctl" }
}

/// Whether the page can change the demo. A demo with names beyond loopback's has visitors from elsewhere.
fn has_controls(listen: SocketAddr, allowed_hosts: &[Host]) -> bool {
    is_loopback(listen.ip()) && allowed_hosts.is_empty()
}

fn controls(pods: Arc<Pods>) -> Controls {
    Arc::new(move |asked| change(&pods, asked))
}

fn exposure(listen: SocketAddr) -> Option<String> {
    let open = !is_loopback(listen.ip());
    open.then(|| format!("--listen {}: other machines can reach the demo, which has no passwords and no TLS", listen.ip()))
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, String), LocalError> {
    let failed = |why| LocalError::Listen { address, why };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, format!("http://{bound}/")))
}

/// The bus of the run. A Redis has to answer: its absence is a mistake that a person corrects.
async fn relay(request: &UpRequest) -> Result<Relay, LocalError> {
    let Some(redis) = &request.redis else { return Ok(Relay::Memory { hub: Arc::new(Hub::default()), fanout: request.fanout }) };
    let config = redis.read()?;
    config.check().await.map_err(|why| LocalError::Redis { address: config.address(), why })?;
    Ok(Relay::Redis(Box::new(config)))
}

fn affinity_words(door: &Configured) -> &'static str {
    match (door.affinity, door.issuer) {
        (Affinity::Cookie, Issuer::Proxy) => "affinity by a cookie that the proxy sets",
        (Affinity::Cookie, Issuer::App) => "affinity by a cookie that the app sets",
        _ => "no affinity",
    }
}

fn blueprint(request: &UpRequest, relay: Relay, door: watch::Receiver<DoorView>) -> Blueprint {
    Blueprint {
        config: Config {
            issuer: request.door.issuer,
            limits: request.limits.clone(),
            allowed_origins: request.allowed_origins.clone(),
            allowed_hosts: request.allowed_hosts.clone(),
            loopback_only: is_loopback(request.listen.ip()),
            trusted_proxies: Vec::new(),
            // The door opens a connection for each request, and pods hand connections to their workers in turn.
            close_after_post: false,
        },
        door,
        expose: Expose::Full,
        version: Version::own(),
        relay,
        // All workers are threads of this process, so they share one budget.
        memory: Memory::new(memory::budget(request.memory_limit, 1)),
    }
}

fn names(pods: &Pods, canary: bool) -> String {
    let names: Vec<_> = pods.status().pods.into_iter().filter(|p| p.canary == canary).map(|p| p.pod).collect();
    match names.as_slice() {
        [first, .., last] if names.len() > 4 => format!("{first} to {last}"),
        _ => names.join(", "),
    }
}

async fn wait_for_the_end(pods: &Pods) -> Result<(), LocalError> {
    let handler = |kind| signal(kind).map_err(|why| LocalError::Process { doing: "waiting for signals", why });
    let (mut interrupt, mut terminate) = (handler(SignalKind::interrupt())?, handler(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = pods.down.cancelled() => {}
    }
    // A second signal doesn't wait for sockets to close.
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{exposure, has_controls};
    use sticky_core::host::Host;

    #[test]
    fn only_a_demo_of_this_machine_alone_has_controls() {
        let own = ["127.0.0.1:80", "[::1]:80"].map(|address| address.parse().unwrap());
        let open = ["0.0.0.0:80", "[::]:80", "192.168.1.1:80"].map(|address| address.parse().unwrap());
        let other = [Host::parse("demo.example").unwrap()];
        assert!(own.iter().all(|listen| has_controls(*listen, &[]) && !has_controls(*listen, &other)));
        assert!(open.iter().all(|listen| !has_controls(*listen, &[])));
    }

    #[test]
    fn an_address_beyond_loopback_is_warned_about() {
        for own in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert_eq!(exposure(own.parse().unwrap()), None, "{own}");
        }
        for open in ["0.0.0.0:80", "[::]:80", "192.168.1.1:80", "[::ffff:10.0.0.1]:80"] {
            assert!(exposure(open.parse().unwrap()).is_some_and(|warning| warning.starts_with("--listen ")), "{open}");
        }
    }
}
