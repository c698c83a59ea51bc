//! `stickyctl ... --local`: the commands, their output and their exit codes.

use anyhow::Result;
use rustix::process::Signal;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;
use testkit::http;
use testkit::local::{Local, Ran, Runtime};
use testkit::redis::Redis;
use testkit::session::Session;
use testkit::ws::End;
use testkit::{ports, tools, wait};

mod canary;
mod open;
mod runtime;
mod watch;

const SOON: Duration = Duration::from_secs(20);
const QUICK: [&str; 4] = ["--drain-delay", "200ms", "--drain-window", "300ms"];

fn names(topology: &Value) -> Vec<String> {
    topology["pods"].as_array().unwrap().iter().map(|p| p["pod"].as_str().unwrap().to_owned()).collect()
}

async fn until_shape(local: &Local, shape: (usize, usize)) -> Result<()> {
    wait::until(&format!("{shape:?} are ready and nothing else is there"), SOON, async || {
        let all = names(&local.topology().await.ok()?).len();
        (local.shape().await.ok()? == shape && all == shape.0).then_some(())
    })
    .await
}

#[track_caller]
fn failed(ran: &Ran, code: i32, words: &[&str]) {
    let text = ran.stderr.to_lowercase();
    assert!(
        ran.code == code && words.iter().all(|w| text.contains(&w.to_lowercase())),
        "{}\n--- stdout ---\n{}\n--- stderr ---\n{}",
        ran.code,
        ran.stdout,
        ran.stderr
    );
    assert!(!text.contains("panicked") && ran.stdout.is_empty(), "{}{}", ran.stdout, ran.stderr);
}

/// A failed `up` leaves nothing behind.
#[track_caller]
fn nothing_left(runtime: &Runtime) {
    assert!(!runtime.socket().exists(), "a control socket is left");
}

#[tokio::test]
async fn what_it_prints() -> Result<()> {
    let local = Local::start(&[]).await?;
    assert_eq!(local.process.stdout.all().len(), 1, "the URL alone: {:?}", local.process.stdout.all());
    assert_eq!(local.process.stdout.all()[0], format!("{}/", local.url));
    let words = wait::until("what to try", SOON, async || Some(local.process.stderr.text()).filter(|text| text.contains("stickyctl kill"))).await?;
    for word in ["app-1", "3x1", "memory", "cookie", "stickyctl scale 5 --local", "stickyctl mode 1x4 --local"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    until_shape(&local, (3, 1)).await?;
    assert_eq!(names(&local.topology().await?), ["app-1", "app-2", "app-3"]);
    Ok(())
}

#[tokio::test]
async fn affinity_of_our_proxy() -> Result<()> {
    let local = Local::start(&[]).await?;
    let page = http::get(&local.url).send().await?;
    let set = page.header("set-cookie");
    assert!(set.starts_with("sticky_local=") && set.contains("HttpOnly") && set.contains("Path=/") && set.contains("SameSite=Lax"), "{set}");
    assert!(!set.contains("app-"), "an opaque value: {set}");
    let session = Session::visit(&local.url).await?;
    let socket = session.socket().await?;
    for _ in 0..20 {
        let answer = session.sticky("submit", "x").await?;
        assert_eq!(answer.pod(), socket.pod());
        assert_eq!(answer.header("set-cookie"), "", "who has one keeps it");
    }
    let mut pods = HashSet::new();
    for _ in 0..40 {
        pods.insert(session.plain("submit", "x").await?.pod());
    }
    assert_eq!(pods.len(), 3, "2^40 to one if it is chance, sure if it is in turn");
    // A forged cookie selects no pod and is no error.
    let forged = http::get(format!("{}/whoami", local.url)).cookie("sticky_local=app-99").send().await?;
    assert_eq!(forged.status, 200);
    assert!(forged.header("set-cookie").starts_with("sticky_local="), "{:?}", forged.headers);
    Ok(())
}

#[tokio::test]
async fn affinity_off() -> Result<()> {
    let local = Local::start(&["--affinity", "off"]).await?;
    assert_eq!(local.topology().await?["door"]["affinity"], "off");
    let session = Session::visit(&local.url).await?;
    assert_eq!(session.jar.header(), "");
    let mut pods = HashSet::new();
    for _ in 0..40 {
        pods.insert(session.sticky("submit", "x").await?.pod());
    }
    assert_eq!(pods.len(), 3);
    Ok(())
}

/// The app sets the cookie and the proxy hashes it: sessions stick, but not to the pod that set the cookie.
#[tokio::test]
async fn issuer_app() -> Result<()> {
    let local = Local::start(&["--issuer", "app"]).await?;
    let (mut elsewhere, mut bound) = (0, HashSet::new());
    for _ in 0..60 {
        let session = Session::visit(&local.url).await?;
        assert!(session.jar.value("sticky_local").is_none());
        let value = session.jar.value("StickyStr").unwrap();
        assert_eq!(value.split_once("-by-").unwrap().1, session.page_by);
        let pod = session.sticky("submit", "x").await?.pod();
        assert_eq!(session.sticky("submit", "x").await?.pod(), pod);
        elsewhere += usize::from(pod != session.page_by);
        bound.insert(pod);
    }
    // A third of 60 should be on the pod that set their cookie; none, or all, has a chance below 10^-10.
    assert!((1..60).contains(&elsewhere) && bound.len() == 3, "{elsewhere} {bound:?}");
    Ok(())
}

#[tokio::test]
async fn status() -> Result<()> {
    let local = Local::start(&[]).await?;
    let session = Session::visit(&local.url).await?;
    let _socket = session.socket().await?;
    let ran = local.ctl(&["status"]).await?;
    for word in ["POD", "STATE", "WORKER", "SOCKETS", "app-1", "app-2", "app-3", "ready"] {
        assert!(ran.stdout.contains(word), "{word}:\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'), "no colour where no terminal is");
    let status: Value = wait::until("the socket is counted", SOON, async || {
        let status: Value = serde_json::from_str(&local.ctl(&["status", "-o", "json"]).await.ok()?.stdout).ok()?;
        status.to_string().contains("\"sockets\":1").then_some(status)
    })
    .await?;
    assert_eq!(status["schema"], "stickyctl.status/v1");
    let again: Value = serde_json::from_str(&local.ctl(&["status", "--output", "json"]).await?.stdout)?;
    assert_eq!(again["schema"], "stickyctl.status/v1");
    assert!(status.to_string().contains(&local.url), "{status}");
    Ok(())
}

/// Existing sessions stay; new pods get new numbers.
#[tokio::test]
async fn scale_and_mode() -> Result<()> {
    let local = Local::start(&QUICK).await?;
    let session = Session::visit(&local.url).await?;
    let mut socket = session.socket().await?;
    local.ctl(&["scale", "5"]).await?;
    until_shape(&local, (5, 1)).await?;
    assert_eq!(names(&local.topology().await?), ["app-1", "app-2", "app-3", "app-4", "app-5"]);
    assert_eq!(session.sticky("submit", "x").await?.pod(), socket.pod());
    socket.echo("x").await?;

    local.ctl(&["mode", "1x4"]).await?;
    until_shape(&local, (1, 4)).await?;
    assert!(matches!(socket.end(SOON).await?, End::Closed(1012, _)), "its pod was drained");
    let name = names(&local.topology().await?).remove(0);
    assert_eq!(name, "app-6", "numbers are never used again");
    let session = Session::visit(&local.url).await?;
    assert!(session.page_by.starts_with("app-6:"), "{}", session.page_by);

    // Scaling 1x4 adds pods with four workers.
    local.ctl(&["scale", "2"]).await?;
    until_shape(&local, (2, 4)).await?;
    local.ctl(&["mode", "2x2"]).await?;
    until_shape(&local, (2, 2)).await?;
    local.ctl(&["scale", "1"]).await?;
    until_shape(&local, (1, 2)).await
}

/// Of twenty requests a second, none fails while pods come and go.
#[tokio::test]
async fn scaling_under_load_fails_nothing() -> Result<()> {
    let local = Local::start(&["--drain-delay", "2s", "--drain-window", "300ms"]).await?;
    let sessions = [Session::visit(&local.url).await?, Session::visit(&local.url).await?];
    let changes = async {
        for change in [["scale", "1"], ["scale", "4"], ["mode", "1x4"], ["mode", "3x1"]] {
            local.ctl(&change).await?;
        }
        anyhow::Ok(())
    };
    let load = async {
        let mut pace = tokio::time::interval(wait::STEP);
        for n in 0_usize.. {
            pace.tick().await;
            let session = &sessions[n % 2];
            let answer = if n % 3 == 0 { session.plain("submit", "x").await } else { session.sticky("submit", "x").await };
            match answer {
                Ok(answer) if answer.status == 200 => {}
                other => return format!("request {n}: {other:?}"),
            }
        }
        String::new()
    };
    tokio::select! {
        changed = changes => changed,
        failed = load => panic!("{failed}"),
    }
}

#[tokio::test]
async fn kill() -> Result<()> {
    let local = Local::start(&QUICK).await?;
    let session = Session::visit(&local.url).await?;
    let mut socket = session.socket().await?;
    let pod = socket.pod();
    local.ctl(&["kill", &pod]).await?;
    assert_eq!(socket.end(SOON).await?, End::Cut, "a killed pod says no goodbye");
    let moved = session.sticky("submit", "x").await?;
    assert!(moved.status == 200 && moved.pod() != pod, "{} {}", moved.status, moved.pod());
    wait::until("it is replaced", SOON, async || {
        let all = names(&local.topology().await.ok()?);
        (all.len() == 3 && !all.contains(&pod)).then_some(())
    })
    .await?;
    until_shape(&local, (3, 1)).await?;
    assert!(names(&local.topology().await?).contains(&"app-4".to_owned()));

    for (name, words) in [("app-99", "app-99"), ("app-2:7", "app-2"), ("nonsense", "nonsense")] {
        let ran = local.folder.run(&["kill", name, "--local"]).await?;
        assert!(matches!(ran.code, 1 | 2) && ran.stderr.contains(words), "{name}: {} {}", ran.code, ran.stderr);
    }
    Ok(())
}

#[tokio::test]
async fn kill_one_worker() -> Result<()> {
    let local = Local::start(&["--mode", "1x4"]).await?;
    let session = Session::visit(&local.url).await?;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(session.socket().await?);
    }
    let victim = sockets[0].at();
    let boot = sockets[0].answer().header("x-sticky-boot").to_owned();
    local.ctl(&["kill", &victim]).await?;
    for socket in &mut sockets {
        if socket.at() == victim {
            assert_eq!(socket.end(SOON).await?, End::Cut);
        } else {
            assert_eq!(socket.echo("x").await?["text"], format!("[{}]  x", socket.identity()), "the others live on");
        }
    }
    wait::until("a new life of that worker answers", SOON, async || {
        let answer = http::get(format!("{}/whoami", local.url)).send().await.ok()?;
        (answer.place().ok()? == victim && answer.header("x-sticky-boot") != boot).then_some(())
    })
    .await?;
    until_shape(&local, (1, 4)).await
}

#[tokio::test]
async fn down_and_signals() -> Result<()> {
    let mut local = Local::start(&QUICK).await?;
    let mut socket = Session::visit(&local.url).await?.socket().await?;
    local.ctl(&["down"]).await?;
    assert_eq!(local.process.exit_code(SOON).await?, 0);
    assert!(matches!(socket.end(SOON).await?, End::Closed(1012, _)));
    nothing_left(&local.folder);
    assert!(http::get(&local.url).send().await.is_err());

    for signal in [Signal::INT, Signal::TERM] {
        let mut local = Local::start(&QUICK).await?;
        local.process.signal(signal)?;
        let code = local.process.exit_code(SOON).await?;
        assert!(code == 0 || code == 130 && signal == Signal::INT, "{signal:?}: {code}");
        nothing_left(&local.folder);
    }
    Ok(())
}

#[tokio::test]
async fn nothing_runs() -> Result<()> {
    let runtime = Runtime::new()?;
    for arguments in [vec!["status", "--local"], vec!["scale", "3", "--local"], vec!["mode", "1x4", "--local"], vec!["kill", "app-1", "--local"]] {
        let ran = runtime.run(&arguments).await?;
        assert!(ran.code != 0 && ran.stderr.contains("stickyctl up --local"), "{arguments:?}: {} {}", ran.code, ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    Ok(())
}

#[tokio::test]
async fn a_taken_port() -> Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let runtime = Runtime::new()?;
    let ran = runtime.run(&["up", "--local", "--port", &port]).await?;
    failed(&ran, 1, &[&port, "--port"]);
    nothing_left(&runtime);
    Ok(())
}

#[tokio::test]
async fn modes_and_numbers_that_can_t_be() -> Result<()> {
    let runtime = Runtime::new()?;
    for mode in ["4", "0x1", "1x0", "x", "3x", "1x65", "-1x4", "1000x1000", "axb", ""] {
        let ran = runtime.run(&["up", "--local", "--port", "0", &format!("--mode={mode}")]).await?;
        failed(&ran, 2, &["mode"]);
        nothing_left(&runtime);
    }
    for flags in [
        ["--affinity", "maybe"],
        ["--issuer", "me"],
        ["--redis-url", "http://x"],
        ["--max-body", "lots"],
        ["--listen", "nowhere"],
        ["--port", "70000"],
    ] {
        let ran = runtime.run(&[&["up", "--local"], &flags[..]].concat()).await?;
        failed(&ran, 2, &[flags[0]]);
    }
    let local = Local::start(&[]).await?;
    for arguments in [["scale", "0"], ["scale", "x"], ["scale", "-1"], ["scale", "100000"], ["mode", "9"], ["mode", "1x65"]] {
        let ran = local.folder.run(&[arguments[0], "--local", "--", arguments[1]]).await?;
        failed(&ran, 2, &[arguments[1]]);
    }
    until_shape(&local, (3, 1)).await
}

#[tokio::test]
async fn a_redis_that_is_not_there() -> Result<()> {
    let runtime = Runtime::new()?;
    let port = ports::free()?;
    let ran = runtime.run(&["up", "--local", "--port", "0", "--redis-url", &format!("redis://127.0.0.1:{port}")]).await?;
    failed(&ran, 5, &["redis", &port.to_string()]);
    nothing_left(&runtime);
    Ok(())
}

/// A real Redis as the local site's bus, with both kinds of fan-out.
#[tokio::test]
async fn a_real_redis() -> Result<()> {
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    let redis = Redis::start().await?;
    for (fanout, receivers) in [("directed", 1), ("broadcast", 3)] {
        let local = Local::start(&["--redis-url", &redis.url(), "--fanout", fanout]).await?;
        let bus = local.topology().await?["bus"].clone();
        assert_eq!((bus["kind"].as_str(), bus["fanout"].as_str()), (Some("redis"), Some(fanout)));
        let session = Session::visit(&local.url).await?;
        let mut socket = session.socket().await?;
        let mut publishers = HashSet::new();
        for n in 0..40 {
            let answer = session.plain("with-redis", &format!("{n}")).await?;
            assert_eq!(answer.json()?["receivers"], receivers, "{fanout}");
            assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
            publishers.insert(answer.pod());
        }
        assert_eq!(publishers.len(), 3);
    }
    Ok(())
}

/// It listens only on loopback unless a flag names another address, and rejects foreign host names there.
#[tokio::test]
async fn listens_on_loopback() -> Result<()> {
    let local = Local::start(&[]).await?;
    assert!(local.url.starts_with("http://127.0.0.1:"), "{}", local.url);
    let foreign = http::get(&local.url).header("host", "evil.example").send().await?;
    assert_eq!((foreign.status, foreign.error_code()?.as_str()), (421, "foreign-host"));
    let other = Local::start(&["--listen", "127.0.0.2"]).await?;
    assert!(other.url.starts_with("http://127.0.0.2:"), "{}", other.url);
    assert_eq!(http::get(&other.url).send().await?.status, 200);
    Ok(())
}
