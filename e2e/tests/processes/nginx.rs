//! The app behind a real nginx that hashes the app's cookie and pools upstream connections, with a real Redis.

use anyhow::Result;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use testkit::app::App;
use testkit::http;
use testkit::nginx::Nginx;
use testkit::redis::Redis;
use testkit::session::Session;
use testkit::ws::Ws;
use testkit::{random, tools, wait};

const SOON: Duration = Duration::from_secs(20);
/// How long Redis is down.
const OUTAGE: Duration = Duration::from_secs(30);

struct Site {
    nginx: Nginx,
    apps: Vec<App>,
    redis: Redis,
    workers: usize,
}

impl Site {
    /// Starts `pods` processes with `workers` workers each; `None` if a program is missing.
    async fn start(pods: usize, workers: usize) -> Result<Option<Self>> {
        if !tools::present(&["redis-server", "nginx"]) {
            return Ok(None);
        }
        let redis = Redis::start().await?;
        let apps = App::behind_a_door(pods, workers, &redis).await?;
        let urls: Vec<_> = apps.iter().map(|app| app.url.as_str()).collect();
        let nginx = Nginx::start(&urls).await?;
        let site = Self { nginx, apps, redis, workers };
        wait::until("every pod knows of every other", SOON, async || {
            for app in &site.apps {
                let topology = app.topology().await.ok()?;
                if topology["pods"].as_array()?.len() != pods {
                    return None;
                }
            }
            Some(())
        })
        .await?;
        Ok(Some(site))
    }

    fn places(&self) -> usize {
        self.apps.len() * self.workers
    }

    /// A session with a socket on each worker of each pod.
    async fn one_on_each(&self) -> Result<Vec<(Session, Ws)>> {
        let mut all: HashMap<String, (Session, Ws)> = HashMap::new();
        for _ in 0..300 {
            let session = Session::visit(&self.nginx.url).await?;
            let socket = session.socket().await?;
            all.entry(socket.at()).or_insert((session, socket));
            if all.len() == self.places() {
                return Ok(all.into_values().collect());
            }
        }
        anyhow::bail!("300 sockets reached {:?} only", all.keys())
    }

    /// Every worker publishes to a socket on every worker.
    async fn relay_n_by_n(&self, sockets: &mut [(Session, Ws)]) -> Result<()> {
        for (session, socket) in sockets.iter_mut() {
            let mut publishers = HashSet::new();
            for n in 0..300 {
                let text = format!("{n} {}", random::word());
                let answer = session.plain("with-redis", &text).await?;
                assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)), "{}", answer.text());
                assert_eq!(socket.next_json().await?["text"], format!("[{}]  {text}", socket.identity()));
                publishers.insert(answer.place()?);
                if publishers.len() == self.places() {
                    break;
                }
            }
            assert_eq!(publishers.len(), self.places(), "to the socket at {}: {publishers:?}", socket.at());
        }
        Ok(())
    }

    /// Twenty sticky POSTs reach the socket's pod, on any worker.
    async fn sticks(&self, session: &Session, socket: &Ws) -> Result<()> {
        for n in 0..20 {
            let answer = session.sticky("submit", &format!("{n}")).await?;
            assert_eq!((answer.status, answer.pod()), (200, socket.pod()), "POST {n}");
        }
        Ok(())
    }

    /// An outage of Redis makes no single worker deaf: replacing a worker would only lose its sockets.
    async fn no_worker_was_replaced(&self) -> Result<()> {
        for app in &self.apps {
            assert_eq!(app.metrics().await?.counter("worker_restarts"), 0.0, "{}", app.process.stderr.text());
        }
        Ok(())
    }

    /// Redis stops and restarts: the site stays ready, sessions stay on their pods, and afterwards every worker gets messages again.
    async fn outlives_an_outage(&mut self) -> Result<()> {
        let mut sockets = self.one_on_each().await?;
        self.relay_n_by_n(&mut sockets).await?;
        self.redis.stop().await?;
        for app in &self.apps {
            wait::until("it says degraded", SOON, async || (app.readyz().await.ok()?.json().ok()?["status"] == "degraded").then_some(())).await?;
        }
        for (_, socket) in &mut sockets {
            assert_eq!(socket.next_json().await?, json!({"relay": "off"}));
        }
        let mut looks = 0;
        wait::stays("the site is ready and sessions stay put", OUTAGE, async || {
            looks += 1;
            for app in &self.apps {
                if !app.readyz().await.is_ok_and(|a| a.status == 200) {
                    return false;
                }
            }
            for (session, socket) in &mut sockets {
                let stays = session.sticky("submit", "x").await.is_ok_and(|a| a.status == 200 && a.pod() == socket.pod());
                let open = socket.echo("x").await.is_ok_and(|frame| frame["text"] == format!("[{}]  x", socket.identity()));
                let refused = session.sticky("with-redis", "x").await.is_ok_and(|a| a.status == 503);
                if !(stays && open && refused) {
                    eprintln!("stays {stays}, open {open}, refused {refused}");
                    return false;
                }
            }
            http::get(&self.nginx.url).send().await.is_ok_and(|a| a.status == 200)
        })
        .await?;
        eprintln!("looked {looks} times during the outage");
        self.redis.start_again().await?;
        for app in &self.apps {
            wait::until("it is ready again", SOON, async || (app.readyz().await.ok()?.json().ok()?["status"] == "ready").then_some(())).await?;
        }
        self.no_worker_was_replaced().await?;
        for (session, socket) in &mut sockets {
            assert_eq!(socket.next_json().await?, json!({"relay": "on"}));
            self.sticks(session, socket).await?;
        }
        self.relay_n_by_n(&mut sockets).await?;
        self.no_worker_was_replaced().await
    }
}

#[tokio::test]
async fn three_pods_of_one_worker() -> Result<()> {
    let Some(site) = Site::start(3, 1).await? else { return Ok(()) };
    for (session, mut socket) in site.one_on_each().await? {
        assert!(session.jar.value("StickyStr").is_some());
        site.sticks(&session, &socket).await?;
        let mut turns: HashMap<String, usize> = HashMap::new();
        for _ in 0..21 {
            *turns.entry(session.plain("submit", "x").await?.pod()).or_default() += 1;
        }
        // One nginx worker, equal weights, no other clients: strictly in turn.
        assert_eq!(turns.values().copied().collect::<Vec<_>>(), [7, 7, 7], "{turns:?}");

        for n in 0..20 {
            let answer = session.sticky("without-redis", &format!("{n}")).await?;
            assert_eq!(answer.json()?["delivered"], 1, "a pod of one worker is its worker");
            assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
        }
        let mut delivered = 0;
        for n in 0..21 {
            let answer = session.plain("without-redis", &format!("{n}")).await?;
            if answer.json()?["delivered"] == 1 {
                delivered += 1;
                assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
            }
        }
        assert_eq!(delivered, 7, "the turn of one pod of three");
        for n in 0..20 {
            assert_eq!(session.plain("with-redis", &format!("{n}")).await?.json()?["receivers"], 1);
            assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
        }
    }
    Ok(())
}

#[tokio::test]
async fn one_pod_of_four_workers() -> Result<()> {
    let Some(site) = Site::start(1, 4).await? else { return Ok(()) };
    let session = Session::visit(&site.nginx.url).await?;
    let mut socket = session.socket().await?;
    site.sticks(&session, &socket).await?;
    let (mut delivered, mut workers) = (0, HashSet::new());
    for n in 0..100 {
        let answer = session.sticky("without-redis", &format!("{n}")).await?;
        assert_eq!((answer.status, answer.pod()), (200, socket.pod()));
        workers.insert(answer.place()?);
        if answer.json()?["delivered"] == 1 {
            delivered += 1;
            assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
        }
    }
    eprintln!("sticky, in memory, 4 workers: {delivered} of 100 arrived");
    // The kernel picks one of four: none, or all, of a hundred has a chance below 10^-12.
    assert!(delivered > 0 && delivered < 100 && workers.len() == 4, "{delivered} {workers:?}");
    for n in 0..20 {
        assert_eq!(session.sticky("with-redis", &format!("{n}")).await?.json()?["receivers"], 1);
        assert_eq!(socket.next_json().await?["text"], format!("[{}]  {n}", socket.identity()));
    }
    Ok(())
}

#[tokio::test]
async fn three_pods_outlive_an_outage() -> Result<()> {
    let Some(mut site) = Site::start(3, 1).await? else { return Ok(()) };
    site.outlives_an_outage().await
}

#[tokio::test]
async fn four_workers_outlive_an_outage() -> Result<()> {
    let Some(mut site) = Site::start(1, 4).await? else { return Ok(()) };
    site.outlives_an_outage().await
}

/// A third-party front door that changes headers doesn't change the app's own answers.
#[tokio::test]
async fn errors_and_traces_pass_through() -> Result<()> {
    let Some(site) = Site::start(1, 4).await? else { return Ok(()) };
    let session = Session::visit(&site.nginx.url).await?;
    let bad = http::post(session.url("submit"), &json!({"op": "x"})).send().await?;
    assert_eq!((bad.status, bad.error_code()?.as_str()), (422, "unknown-op"));
    let foreign = http::upgrade(session.url("ws")).header("origin", "http://evil.example").send().await?;
    assert_eq!((foreign.status, foreign.error_code()?.as_str()), (403, "foreign-origin"));
    let plain = http::get(session.url("ws")).send().await?;
    assert_eq!((plain.status, plain.error_code()?.as_str()), (426, "upgrade-required"));
    let answer = http::post(session.url("submit"), &json!({"text": "x"})).header("x-sticky-trace", "t1").send().await?;
    assert_eq!((answer.header("x-sticky-door"), answer.json()?["trace"]["hops"][0]["from"].as_str()), ("", Some("door")));
    let topology = site.apps[0].topology().await?;
    assert_eq!(topology["door"], json!({"kind": "nginx", "affinity": "cookie", "issuer": "app"}));
    Ok(())
}

/// `stickyctl verify`.
async fn verify(url: &str, flags: &[&str]) -> Result<std::process::Output> {
    let mut command = tokio::process::Command::new(testkit::bin::stickyctl()?);
    command.args(["verify", url, "--rate", "1000"]).args(flags).env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    command.stdin(std::process::Stdio::null()).kill_on_drop(true);
    Ok(wait::within("the verdict", SOON * 3, command.output()).await??)
}

/// Its result: exit code, verdict and first reason.
async fn verdict(url: &str, flags: &[&str]) -> Result<(Option<i32>, String, String)> {
    let done = verify(url, &[flags, &["-o", "json"]].concat()).await?;
    let report: serde_json::Value = serde_json::from_slice(&done.stdout)?;
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    Ok((done.status.code(), word(&report["verdict"]), word(&report["reasons"][0]["code"])))
}

/// With a hash of the app's cookie, affinity starts with the second request: the pod that sets the cookie doesn't know which pod the hash
/// selects.
#[tokio::test]
async fn verify_tells_the_seeds_way_from_affinity() -> Result<()> {
    let Some(site) = Site::start(3, 1).await? else { return Ok(()) };
    let not = |code: &str| (Some(3), "not-sticky".to_owned(), code.to_owned());
    let url = format!("{}/whoami", site.nginx.url);
    assert_eq!(verdict(&url, &["--first", "/"]).await?, not("bound-late"));
    let shown = verify(&url, &["--first", "/", "--seed", "7"]).await?;
    testkit::docs::shown::compare("docs/verify.md", "bound-late", &String::from_utf8_lossy(&shown.stdout))?;
    assert_eq!(verdict(&url, &[]).await?, not("no-affinity-cookie"), "the page writes it, and nobody asked for the page");
    let page = format!("{}/", site.nginx.url);
    assert_eq!(verdict(&page, &[]).await?, not("cookie-overwritten"), "each page writes another one");
    Ok(())
}
