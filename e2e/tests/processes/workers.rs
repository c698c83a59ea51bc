//! Several workers in one pod: how they share the work, how one dies, and what the command line rejects.

use crate::n_by_n::{one_on_each, relay_n_by_n};
use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::app::{self, App};
use testkit::process::{self, Process};
use testkit::redis::Redis;
use testkit::ws;
use testkit::{bin, http, local, ports, random, tools, wait};

const SOON: Duration = Duration::from_secs(10);

async fn four(flags: &[&str]) -> Result<Option<(App, Redis)>> {
    if !tools::present(&["redis-server"]) {
        return Ok(None);
    }
    let redis = Redis::start().await?;
    let url = redis.url();
    let app = App::start(&[&["--workers", "4", "--pod", "app-1", "--redis-url", &url], flags].concat()).await?;
    Ok(Some((app, redis)))
}

#[tokio::test]
async fn fresh_connections_reach_one_pod_and_several_workers() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let (mut pods, mut workers) = (HashSet::new(), HashSet::new());
    for _ in 0..40 {
        let answer = http::get(app.at("/whoami")).send().await?;
        pods.insert(answer.pod());
        workers.insert(answer.place()?);
    }
    // The chance of reaching at most two of four is 6 / 2^40.
    assert!(pods.len() == 1 && workers.len() >= 3, "{pods:?} {workers:?}");
    Ok(())
}

#[tokio::test]
async fn sockets_spread_over_the_workers() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let (mut all, mut spread) = (Vec::new(), HashMap::<String, usize>::new());
    for _ in 0..200 {
        let socket = ws::socket(&app.url, &random::client_id()).open().await?;
        *spread.entry(socket.at()).or_default() += 1;
        all.push(socket);
    }
    eprintln!("200 sockets: {spread:?}");
    // Fewer than 10 of 200, with 50 expected, is seven standard deviations off.
    assert!(spread.len() == 4 && spread.values().all(|n| *n >= 10), "{spread:?}");
    // Topology and metrics agree.
    wait::until("200 sockets in the topology", SOON, async || {
        let topology = app.topology().await.ok()?;
        let sum: u64 = topology["pods"][0]["workers"].as_array()?.iter().filter_map(|w| w["sockets"].as_u64()).sum();
        (sum == 200).then_some(())
    })
    .await?;
    wait::until("200 sockets in /metrics", SOON, async || (app.metrics().await.ok()?.sockets() == 200.0).then_some(())).await
}

#[tokio::test]
async fn each_worker_relays_to_each() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let mut sockets = one_on_each(&app).await?;
    relay_n_by_n(&app, &mut sockets).await
}

/// With several workers a pooled connection would pin one user to one worker, so POST routes close it.
#[tokio::test]
async fn posts_close_their_connection() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let id = random::client_id();
    for route in ["submit", "without-redis", "with-redis"] {
        let answer = http::post(app.at(&format!("/{route}/{id}")), &json!({})).send().await?;
        assert_eq!(answer.header("connection").to_lowercase(), "close", "{route}");
    }
    assert_ne!(http::get(app.at("/whoami")).send().await?.header("connection").to_lowercase(), "close");
    for (flags, expected) in [(vec!["--workers", "1"], ""), (vec!["--workers", "1", "--close-after-post", "on"], "close")] {
        let app = App::start(&flags).await?;
        let answer = http::post(app.at(&format!("/submit/{id}")), &json!({})).send().await?;
        assert_eq!(answer.header("connection").to_lowercase(), expected, "{flags:?}");
    }
    let Some((app, _redis)) = four(&["--close-after-post", "off"]).await? else { return Ok(()) };
    let mut kept = http::Kept::open(&app.url).await?;
    let mut places = HashSet::new();
    for _ in 0..10 {
        places.insert(kept.send(http::post(app.at(&format!("/submit/{id}")), &json!({}))).await?.place()?);
    }
    assert_eq!(places.len(), 1, "one connection, one worker");
    Ok(())
}

/// It is what `/whoami` and the map say, also of the other workers, which hear of it over Redis.
#[tokio::test]
async fn a_pod_reports_the_version_that_it_is_given() -> Result<()> {
    let Some((app, redis)) = four(&["--report-version", "2-canary"]).await? else { return Ok(()) };
    assert_eq!(http::get(app.at("/whoami")).send().await?.json()?["version"], "2-canary");
    let other = App::start(&["--pod", "app-2", "--redis-url", &redis.url()]).await?;
    let versions = wait::until("both pods are on the map", SOON, async || {
        let pods = other.topology().await.ok()?["pods"].take();
        let versions: Vec<_> = pods.as_array()?.iter().map(|pod| pod["version"].as_str().unwrap_or_default().to_owned()).collect();
        (versions.len() == 2).then_some(versions)
    });
    assert_eq!(versions.await?, ["2-canary", env!("CARGO_PKG_VERSION")]);
    Ok(())
}

/// The pid and boot of a worker, by asking until that worker answers.
async fn who(app: &App, worker: u64) -> Result<(i32, String)> {
    wait::until("that worker answers", SOON, async || {
        for _ in 0..20 {
            let who = http::get(app.at("/whoami")).limit(Duration::from_millis(500)).send().await.ok()?.json().ok()?;
            if who["worker"] == worker {
                return Some((who["pid"].as_i64()? as i32, who["boot"].as_str()?.to_owned()));
            }
        }
        None
    })
    .await
}

#[tokio::test]
async fn a_worker_is_killed_under_fifty_sockets() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let mut sockets = Vec::new();
    for _ in 0..50 {
        let id = random::client_id();
        sockets.push((id.clone(), ws::socket(&app.url, &id).open().await?));
    }
    let victim = sockets[0].1.at();
    let worker: u64 = victim.rsplit_once(':').unwrap().1.parse()?;
    let (pid, boot) = who(&app, worker).await?;
    process::signal(pid, Signal::KILL)?;
    let killed = Instant::now();
    // Connections in its accept queue die with it, so requests may fail here; they aren't counted.
    let back = loop {
        if let Ok(answer) = http::get(app.at("/whoami")).limit(Duration::from_secs(1)).send().await
            && answer.header("x-sticky-worker") == worker.to_string()
            && answer.header("x-sticky-boot") != boot
        {
            break killed.elapsed();
        }
        assert!(killed.elapsed() < SOON, "the worker did not come back");
    };
    eprintln!("a killed worker answered again after {back:?}");
    assert!(back < Duration::from_secs(1), "{back:?}");

    let (dead, mut alive): (Vec<_>, Vec<_>) = sockets.into_iter().partition(|(_, ws)| ws.at() == victim);
    assert!(!alive.is_empty());
    for (_, mut socket) in dead {
        socket.end(SOON).await.context("a dead worker's socket")?;
    }
    for (id, socket) in &mut alive {
        assert_eq!(socket.echo("x").await?["text"], format!("[{}]  x", socket.identity()), "sockets of others live on");
        let answer = http::post(app.at(&format!("/with-redis/{id}")), &json!({"text": "relay"})).send().await?;
        assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)));
        assert_eq!(socket.next_json().await?["text"], format!("[{}]  relay", socket.identity()));
    }
    drop(alive);
    let mut each = one_on_each(&app).await?;
    relay_n_by_n(&app, &mut each).await?;
    assert_eq!(app.readyz().await?.status, 200);
    assert_eq!(app.metrics().await?.counter("worker_restarts"), 1.0);
    Ok(())
}

#[tokio::test]
async fn a_hung_worker_is_replaced() -> Result<()> {
    let Some((app, _redis)) = four(&[]).await? else { return Ok(()) };
    let (pid, boot) = who(&app, 2).await?;
    process::signal(pid, Signal::STOP)?;
    let stopped = Instant::now();
    let back = wait::until("the hung worker is replaced", Duration::from_secs(20), async || {
        let answer = http::get(app.at("/whoami")).limit(Duration::from_millis(200)).send().await.ok()?;
        (answer.header("x-sticky-worker") == "2" && answer.header("x-sticky-boot") != boot).then(|| stopped.elapsed())
    })
    .await?;
    eprintln!("a hung worker was replaced after {back:?}");
    assert!(back < Duration::from_secs(10), "{back:?}");
    assert!(!process::lives(pid));
    Ok(())
}

/// No worker outlives its supervisor, however the supervisor ends.
#[tokio::test]
async fn workers_die_with_the_supervisor() -> Result<()> {
    let Some((mut app, _redis)) = four(&[]).await? else { return Ok(()) };
    let workers = process::children(app.process.pid());
    assert_eq!(workers.len(), 4);
    app.process.signal(Signal::KILL)?;
    app.process.exit_code(SOON).await?;
    wait::until("all workers are gone", SOON, async || workers.iter().all(|pid| !process::lives(*pid)).then_some(())).await
}

async fn refused(flags: &[&str]) -> Result<(i32, String)> {
    let mut process = Process::start(&mut app::command(flags)?)?;
    let code = process.exit_code(SOON).await?;
    // The pipe's reader may lag behind the exit.
    let text = wait::until("a word on stderr", SOON, async || Some(process.stderr.text()).filter(|text| !text.is_empty())).await?;
    Ok((code, text))
}

#[tokio::test]
async fn flags_that_can_t_be() -> Result<()> {
    let (code, text) = refused(&["--bus", "memory", "--workers", "2"]).await?;
    assert!(code == 2 && text.contains("memory") && text.contains("--redis-url"), "{code}: {text}");
    let (code, text) = refused(&["--workers", "2"]).await?;
    assert!(code == 2 && text.contains("memory"), "memory is the default without a URL: {code}: {text}");
    let cases: [(&[&str], &str); 17] = [
        (&["--workers", "0"], "--workers"),
        (&["--workers", "65"], "--workers"),
        (&["--workers", "x"], "--workers"),
        (&["--bus", "kafka"], "--bus"),
        (&["--bus", "redis"], "--redis-url"),
        (&["--redis-url", "http://x"], "--redis-url"),
        (&["--fanout", "some"], "--fanout"),
        (&["--issuer", "me"], "--issuer"),
        (&["--pod", "a b"], "--pod"),
        (&["--drain-delay", "10"], "--drain-delay"),
        (&["--max-body", "0"], "--max-body"),
        (&["--trusted-proxy", "here"], "--trusted-proxy"),
        (&["--expose-identity", "half"], "--expose-identity"),
        (&["--door", "{"], "--door"),
        (&["--door", r#"{"kind":"local","control":true}"#], "unknown field `control`"),
        (&["--ping-interval", "never"], "--ping-interval"),
        (&["--unknown"], "--unknown"),
    ];
    for (flags, named) in cases {
        let (code, text) = refused(flags).await?;
        assert!(code == 2 && text.contains(named), "{flags:?}: {code}: {text}");
    }
    let (code, text) = refused(&["--redis-url", "redis://127.0.0.1:1", "--redis-password-file", "/nonexistent/password"]).await?;
    assert!(code == 2 && text.contains("/nonexistent/password"), "{code}: {text}");
    // Passwords are never logged.
    let (_, text) = refused(&["--redis-url", "redis://user:hunter2@:bad:port", "--workers", "0"]).await?;
    assert!(!text.contains("hunter2"), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_taken_port() -> Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    // The app listens with SO_REUSEPORT, but a second instance must not share the port unnoticed.
    let ours = App::start(&[]).await?;
    let addresses = [taken.local_addr()?.to_string(), ours.url.trim_start_matches("http://").to_owned()];
    for (address, flag) in addresses.iter().flat_map(|a| [(a, "--listen"), (a, "--admin-listen")]) {
        let mut command = Command::new(bin::sticky_app()?);
        let other = if flag == "--listen" { "--admin-listen" } else { "--listen" };
        command.args([flag, address, other, "127.0.0.1:0"]);
        let mut process = Process::start(&mut command)?;
        let code = process.exit_code(SOON).await?;
        let text = wait::until("a word on stderr", SOON, async || Some(process.stderr.text()).filter(|text| text.contains(address.as_str()))).await?;
        assert!(code == 1 && text.to_lowercase().contains("in use"), "{flag}: {code}: {text}");
    }
    Ok(())
}

#[tokio::test]
async fn flags_of_the_environment() -> Result<()> {
    let mut command = app::command(&[])?;
    command.env("STICKY_POD", "from-env").env("STICKY_ISSUER", "app").env("STICKY_MAX_TEXT", "8");
    let app = App::from_command(&mut command).await?;
    app.ready().await?;
    let answer = http::get(app.at("/session")).send().await?;
    assert_eq!(answer.pod(), "from-env");
    assert!(answer.header("set-cookie").starts_with("StickyStr="));
    let long = http::post(app.at(&format!("/submit/{}", random::client_id())), &json!({"text": "123456789"})).send().await?;
    assert_eq!(long.status, 413);
    Ok(())
}

#[tokio::test]
async fn identities_that_are_hidden() -> Result<()> {
    let Some((app, _redis)) = four(&["--expose-identity", "pod"]).await? else { return Ok(()) };
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    assert_eq!(socket.hello, json!({"websocket_pid": "app-1", "at": "app-1"}));
    let answer = http::post(app.at(&format!("/submit/{id}")), &json!({"text": "x"})).header("x-sticky-trace", "t").send().await?;
    assert_eq!((answer.json()?["text"].as_str(), answer.pod().as_str()), (Some("[app-1]  x"), "app-1"));
    assert_eq!((answer.header("x-sticky-worker"), answer.header("x-sticky-boot")), ("", ""));
    assert_eq!(answer.json()?["trace"]["hops"][0]["to"], "app-1");
    assert_eq!(socket.echo("x").await?["text"], "[app-1]  x");
    let topology = app.topology().await?;
    assert_eq!((topology["pods"][0]["pod"].as_str(), &topology["pods"][0]["workers"]), (Some("app-1"), &json!([])));
    assert!(!http::get(app.at("/")).send().await?.text().contains("app-1:"));

    let app = App::start(&["--expose-identity", "off", "--pod", "secret-pod"]).await?;
    let mut socket = ws::socket(&app.url, &id).map().open().await?;
    assert_eq!(socket.hello, json!({"websocket_pid": "app"}));
    assert_eq!(socket.next_topology().await?["pods"], json!([]));
    assert_eq!(socket.echo("x").await?["text"], "[app]  x");
    for path in ["/", "/session", "/whoami", "/topology", "/nothing", "/static/style.css"] {
        let answer = http::get(app.at(path)).send().await?;
        assert!(
            !answer.text().contains("secret-pod") && !format!("{:?}", answer.headers).contains("secret-pod"),
            "{path}: {:?} {}",
            answer.headers,
            answer.text()
        );
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("x-sticky")), "{path}: {:?}", answer.headers);
    }
    let answer = http::post(app.at(&format!("/without-redis/{id}")), &json!({"text": "x"})).header("x-sticky-trace", "t").send().await?;
    assert_eq!(answer.json()?, json!({"text": "[app] replying with ws", "delivered": 1, "cookies": []}));
    Ok(())
}

/// Logs contain at most six characters of an id and no message text, and are machine-readable.
#[tokio::test]
async fn logs_keep_secrets() -> Result<()> {
    let mut app = App::start(&["--drain-delay", "100ms", "--drain-window", "100ms"]).await?;
    let (id, text) = (random::client_id(), random::word());
    let mut socket = ws::socket(&app.url, &id).open().await?;
    socket.echo(&text).await?;
    for route in ["submit", "without-redis", "with-redis"] {
        http::post(app.at(&format!("/{route}/{id}")), &json!({"text": text})).send().await?;
    }
    socket.send_text("not json").await?;
    socket.close().await?;
    app.process.signal(Signal::TERM)?;
    app.process.exit_code(SOON).await?;
    for line in app.process.stderr.all() {
        assert!(!line.contains(&id[..7]) && !line.contains(&text), "{line}");
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok_and(|l| l["level"].is_string() && l["message"].is_string()), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn probe() -> Result<()> {
    let run = async |url: &str| {
        let mut command = Command::new(bin::sticky_app()?);
        command.args(["probe", url]);
        local::run(command).await
    };
    let app = App::start(&[]).await?;
    let ran = run(&app.url).await?;
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    // HTTP alone isn't enough: the admin port has no sockets.
    for url in [app.admin.clone(), format!("http://127.0.0.1:{}", ports::free()?), format!("{}/nothing/", app.url)] {
        let ran = run(&url).await?;
        assert!(ran.code == 1 && !ran.stderr.is_empty(), "{url}: {} {}", ran.code, ran.stderr);
    }
    Ok(())
}
