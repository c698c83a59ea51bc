//! The page in a real browser: six buttons, the map, the keyboard, phone width, and nothing from elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by panicking, and prints what it measured")]

use anyhow::{Context, Result};
use e2e::app::App;
use e2e::browser::{Browser, Look};
use e2e::local::Local;
use e2e::nginx::Nginx;
use e2e::redis::Redis;
use e2e::{http, tools, wait};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
const QUICK: [&str; 4] = ["--drain-delay", "300ms", "--drain-window", "300ms"];

fn have_browser() -> bool {
    tools::present(&["chromium", "chromedriver"])
}

/// What a button's score says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Score {
    sent: u64,
    arrived: u64,
    missed: u64,
    by: BTreeSet<String>,
}

impl Score {
    /// The pods among those that answered.
    fn pods(&self) -> BTreeSet<&str> {
        self.by.iter().map(|place| place.split(':').next().unwrap_or_default()).collect()
    }
}

/// The page of a site in a browser of its own.
struct Page {
    browser: Browser,
}

impl Page {
    async fn open(url: &str, look: &Look) -> Result<Self> {
        let page = Self { browser: Browser::start(look).await? };
        page.browser.open(&format!("{url}/")).await?;
        page.connected().await?;
        Ok(page)
    }

    async fn connected(&self) -> Result<()> {
        self.browser
            .until("the socket is open", "return document.body.dataset.socket === 'live' && document.querySelectorAll('[data-pod]').length > 0")
            .await
            .map(drop)
    }

    async fn score(&self, op: &str) -> Result<Score> {
        let data = self.browser.eval(&format!("return {{...document.querySelector('li.act[data-op=\"{op}\"]').dataset}}")).await?;
        let number = |name: &str| data[name].as_str().unwrap_or("0").parse::<u64>().with_context(|| format!("{name} of {data}"));
        let by: BTreeMap<String, u64> = serde_json::from_str(data["by"].as_str().unwrap_or("{}"))?;
        Ok(Score { sent: number("sent")?, arrived: number("arrived")?, missed: number("missed")?, by: by.into_keys().collect() })
    }

    async fn settled(&self, op: &str, sent: u64) -> Result<Score> {
        self.browser
            .until(
                &format!("{sent} of {op} have come or can't come any more"),
                &format!(
                    "const d = document.querySelector('li.act[data-op=\"{op}\"]').dataset, busy = +document.body.dataset.busy;
                     return +d.sent === {sent} && +d.arrived + +d.missed === {sent} && busy === 0"
                ),
            )
            .await?;
        self.score(op).await
    }

    /// Presses a button once.
    async fn send(&self, op: &str) -> Result<Score> {
        let sent = self.score(op).await?.sent;
        self.click(&format!("li.act[data-op=\"{op}\"] .send")).await?;
        self.settled(op, sent + 1).await
    }

    /// Presses "send 20" of a button.
    async fn send_twenty(&self, op: &str) -> Result<Score> {
        let sent = self.score(op).await?.sent;
        self.click(&format!("li.act[data-op=\"{op}\"] .many")).await?;
        self.settled(op, sent + 20).await
    }

    /// A press as a person's: it counts only where the button can be seen and hit.
    async fn click(&self, selector: &str) -> Result<()> {
        let element = wait::within("the button", SOON, self.browser.client.find(fantoccini::Locator::Css(selector))).await??;
        wait::within("the click", SOON, element.click()).await?.with_context(|| format!("click {selector}"))
    }

    /// Sends twenties until some arrived and some missed: with chance a quarter or a third for each, two hundred are enough
    /// to see both but for one in 10^24.
    async fn misses_in_part(&self, op: &str) -> Result<Score> {
        let mut score = self.send_twenty(op).await?;
        while (score.arrived == 0 || score.missed == 0) && score.sent < 200 {
            score = self.send_twenty(op).await?;
        }
        assert!(score.arrived > 0 && score.missed > 0, "{op}: {score:?}");
        Ok(score)
    }

    async fn key(&self, key: Key) -> Result<()> {
        let press = KeyActions::new("keyboard".to_owned()).then(KeyAction::Down { value: key.into() }).then(KeyAction::Up { value: key.into() });
        wait::within("a key", SOON, self.browser.client.perform_actions(press)).await??;
        Ok(())
    }

    /// The pods and workers that the map shows, with their states, in its order.
    async fn map(&self) -> Result<Vec<(String, String)>> {
        let found = self.browser.eval("return [...document.querySelectorAll('[data-pod]')].map(e => [e.dataset.pod, e.dataset.state || ''])").await?;
        Ok(serde_json::from_value::<Vec<(String, String)>>(found)?)
    }

    async fn until_map(&self, pods: &[&str], workers: usize) -> Result<()> {
        let script = format!(
            "const pods = [...document.querySelectorAll('[data-pod]')], names = new Set(pods.map(e => e.dataset.pod));
             const workers = new Set([...document.querySelectorAll('[data-worker]')].map(e => e.dataset.worker));
             return JSON.stringify([...names].sort()) === JSON.stringify({pods}) && workers.size === {all}",
            pods = json!(pods),
            all = pods.len() * workers,
        );
        let found = self.browser.until(&format!("the map shows {pods:?} with {workers} workers each"), &script).await;
        match found {
            Ok(_) => Ok(()),
            Err(error) => Err(error.context(format!("it shows {:?}", self.map().await?))),
        }
    }

    /// The console is quiet and all that was loaded came from the site itself.
    async fn nothing_from_elsewhere(&self) -> Result<()> {
        let console: Vec<_> = self
            .browser
            .console()
            .await?
            .into_iter()
            .filter(|line| line.starts_with("SEVERE") || line.starts_with("WARNING") || line.contains("Content Security Policy"))
            .collect();
        assert!(console.is_empty(), "{console:?}");
        let foreign = self.browser.eval("return performance.getEntriesByType('resource').map(e => e.name).filter(url => !url.startsWith('data:') && new URL(url).host !== location.host)").await?;
        assert_eq!(foreign, json!([]));
        Ok(())
    }

    /// The hops that are drawn.
    async fn hops(&self) -> Result<Vec<String>> {
        let found =
            self.browser.eval("return [...document.querySelectorAll('[data-hop]')].map(e => e.dataset.hop + ' ' + e.getAttribute('d'))").await?;
        Ok(serde_json::from_value(found)?)
    }
}

/// All six buttons where each pod has one worker.
async fn six_buttons_of_3x1(page: &Page) -> Result<()> {
    let own = page.browser.eval("return document.querySelector('#c-sock')?.innerText || ''").await?;
    eprintln!("socket: {own}");
    let sticky = page.send_twenty("http-sticky").await?;
    assert_eq!((sticky.arrived, sticky.missed, sticky.pods().len()), (20, 0, 1), "{sticky:?}");
    let rr = page.send_twenty("http-rr").await?;
    assert!(rr.arrived == 20 && rr.pods().len() >= 2, "{rr:?}");
    let ws = page.send_twenty("ws").await?;
    assert_eq!((ws.arrived, ws.missed, ws.by.len()), (20, 0, 1), "{ws:?}");
    let queue = page.send_twenty("queue").await?;
    assert_eq!((queue.arrived, queue.missed), (20, 0), "{queue:?}");
    let mem = page.send_twenty("mem-sticky").await?;
    assert_eq!((mem.arrived, mem.missed), (20, 0), "the pod is the worker: {mem:?}");
    assert_eq!(mem.pods(), ws.pods(), "and it is the pod of the socket");
    let rr = page.misses_in_part("mem-rr").await?;
    eprintln!("3x1, non-sticky, in memory: {} of {} arrived", rr.arrived, rr.sent);
    Ok(())
}

/// All six buttons where one pod has four workers: affinity ends at the pod.
async fn six_buttons_of_1x4(page: &Page) -> Result<()> {
    let sticky = page.send_twenty("http-sticky").await?;
    assert_eq!((sticky.arrived, sticky.missed, sticky.pods().len()), (20, 0, 1), "{sticky:?}");
    assert!(sticky.by.len() >= 2, "one pod, several workers: {sticky:?}");
    let rr = page.send_twenty("http-rr").await?;
    assert_eq!((rr.arrived, rr.missed), (20, 0), "{rr:?}");
    let ws = page.send_twenty("ws").await?;
    assert_eq!((ws.arrived, ws.missed, ws.by.len()), (20, 0, 1), "{ws:?}");
    let queue = page.send_twenty("queue").await?;
    assert_eq!((queue.arrived, queue.missed), (20, 0), "{queue:?}");
    let mem = page.misses_in_part("mem-sticky").await?;
    eprintln!("1x4, sticky, in memory: {} of {} arrived", mem.arrived, mem.sent);
    page.misses_in_part("mem-rr").await?;
    Ok(())
}

#[tokio::test]
async fn local_3x1() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    six_buttons_of_3x1(&page).await?;
    page.nothing_from_elsewhere().await
}

#[tokio::test]
async fn local_1x4() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--mode", "1x4"]).await?;
    let page = Page::open(&local.url, &Look { dark: true, ..Look::default() }).await?;
    six_buttons_of_1x4(&page).await?;
    page.nothing_from_elsewhere().await
}

/// The seed's way through the same page: the app writes the cookie, the proxy hashes it.
#[tokio::test]
async fn local_with_the_app_as_issuer() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--issuer", "app"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    six_buttons_of_3x1(&page).await
}

/// `sticky-app` processes behind a real nginx, with a real Redis.
async fn behind_nginx(pods: usize, workers: usize) -> Result<Option<(Vec<App>, Nginx, Redis)>> {
    if !have_browser() || !tools::present(&["nginx", "redis-server"]) {
        return Ok(None);
    }
    let redis = Redis::start().await?;
    let apps = App::behind_a_door(pods, workers, &redis).await?;
    let nginx = Nginx::start(&apps.iter().map(|app| app.url.as_str()).collect::<Vec<_>>()).await?;
    Ok(Some((apps, nginx, redis)))
}

#[tokio::test]
async fn nginx_3x1() -> Result<()> {
    let Some((_apps, nginx, _redis)) = behind_nginx(3, 1).await? else { return Ok(()) };
    let page = Page::open(&nginx.url, &Look::default()).await?;
    six_buttons_of_3x1(&page).await?;
    page.nothing_from_elsewhere().await
}

#[tokio::test]
async fn nginx_1x4() -> Result<()> {
    let Some((_apps, nginx, _redis)) = behind_nginx(1, 4).await? else { return Ok(()) };
    let page = Page::open(&nginx.url, &Look::default()).await?;
    six_buttons_of_1x4(&page).await?;
    page.nothing_from_elsewhere().await
}

/// The drawing is the trace's: one hop is changed on its way to the page, and the drawing changes with it.
#[tokio::test]
async fn a_changed_hop_changes_the_drawing() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let browser = Browser::start(&Look::default()).await?;
    browser
        .before_page(
            "const real = window.fetch.bind(window);
             window.fetch = async (...all) => {
               const answer = await real(...all);
               const url = String(all[0].url || all[0]);
               if (!url.includes('submit/')) return answer;
               const body = await answer.json(), headers = new Headers(answer.headers);
               // Only the app's own hops are told, so that the changed one has no second teller.
               headers.delete('x-sticky-door');
               if (window.bent) for (const hop of body.trace.hops) if (hop.kind === 'post') hop.to = window.bent;
               window.told = body.trace.hops;
               return new Response(JSON.stringify(body), {status: answer.status, headers});
             };",
        )
        .await?;
    let page = Page { browser };
    page.browser.open(&format!("{}/", local.url)).await?;
    page.connected().await?;
    page.send("http-sticky").await?;
    page.browser.until("the way is drawn", "return document.querySelectorAll('[data-hop]').length >= 2").await?;
    let straight = page.hops().await?;
    let to = page.browser.eval("return window.told.find(hop => hop.kind === 'post').to").await?;
    page.send("http-sticky").await?;
    assert_eq!(page.hops().await?, straight, "the same trace is the same drawing");
    let other = if to == "app-1:0" { "app-2:0" } else { "app-1:0" };
    page.browser.eval(&format!("window.bent = '{other}'")).await?;
    page.send("http-sticky").await?;
    let bent = page.hops().await?;
    assert_ne!(bent, straight, "hop to {other} instead of {to}");
    let goes_to = |hops: &[String], place: &Value| hops.iter().any(|hop| hop.contains(&format!(">{}:post ", place.as_str().unwrap())));
    assert!(goes_to(&straight, &to) && goes_to(&bent, &json!(other)), "{straight:?} {bent:?}");
    page.browser.eval("window.bent = ''").await?;
    page.send("http-sticky").await?;
    assert_eq!(page.hops().await?, straight);
    Ok(())
}

/// Scale, mode and kill from the command line, under a page that is never loaded again.
#[tokio::test]
async fn the_map_follows() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&QUICK).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.browser.eval("window.same = true").await?;
    page.until_map(&["app-1", "app-2", "app-3"], 1).await?;
    local.ctl(&["scale", "5"]).await?;
    page.until_map(&["app-1", "app-2", "app-3", "app-4", "app-5"], 1).await?;
    assert_eq!(page.send("queue").await?.arrived, 1);

    local.ctl(&["kill", "app-5"]).await?;
    page.until_map(&["app-1", "app-2", "app-3", "app-4", "app-6"], 1).await?;

    local.ctl(&["mode", "1x4"]).await?;
    page.until_map(&["app-7"], 4).await?;
    // Its pod is gone, its socket comes back by itself, in the new one.
    page.connected().await?;
    let score = page.send_twenty("ws").await?;
    assert_eq!(score.arrived, 20, "{score:?}");
    assert_eq!(page.browser.eval("return window.same").await?, Value::Bool(true), "the page was loaded again");

    // The socket's own pod is killed: the page says so and comes back.
    local.ctl(&["kill", "app-7"]).await?;
    page.until_map(&["app-8"], 4).await?;
    page.connected().await?;
    let score = page.send("ws").await?;
    assert_eq!((score.sent, score.arrived), (21, 21));
    Ok(())
}

#[tokio::test]
async fn narrow_screens() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--mode", "5x1"]).await?;
    let page = Page::open(&local.url, &Look { size: (320, 640), ..Look::default() }).await?;
    page.send_twenty("mem-rr").await?;
    for (width, dark) in [(320, false), (360, true), (600, false), (800, true), (1041, false), (1500, true)] {
        page.browser.look(&Look { size: (width, 800), dark, still: true }).await?;
        let found = page
            .browser
            .until(&format!("no sideways scroll at {width}"), "return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            .await;
        found.with_context(|| format!("{width} px wide"))?;
    }
    page.browser.open(&format!("{}/readme", local.url)).await?;
    page.browser.look(&Look { size: (320, 640), ..Look::default() }).await?;
    page.browser
        .until("no sideways scroll of the readme", "return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        .await?;
    page.nothing_from_elsewhere().await
}

/// The six buttons, the explanations, "send 20" and the filters, without a pointer.
#[tokio::test]
async fn the_keyboard() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    let mut reached = BTreeSet::new();
    let mut sent = BTreeSet::new();
    for _ in 0..80 {
        page.key(Key::Tab).await?;
        let at = page.browser.eval(
            "const e = document.activeElement, act = e.closest('li.act');
             const ring = getComputedStyle(e);
             return {op: act?.dataset.op || '', send: e.matches('.send'), many: e.matches('.many'), id: e.id, tag: e.tagName, ring: ring.outlineStyle !== 'none' || ring.boxShadow !== 'none' || e.matches('input')}",
        ).await?;
        if at["tag"] == "BODY" {
            break;
        }
        reached.insert(at["id"].as_str().unwrap_or_default().to_owned());
        let op = at["op"].as_str().unwrap_or_default().to_owned();
        if at["send"] == true && sent.insert(op.clone()) {
            assert_eq!(at["ring"], true, "the focus of {op} can't be seen");
            page.key(if sent.len() % 2 == 0 { Key::Enter } else { Key::Space }).await?;
            page.settled(&op, 1).await?;
        }
        if at["many"] == true && op == "queue" {
            page.key(Key::Enter).await?;
            assert_eq!(page.settled(&op, 21).await?.arrived, 21);
        }
    }
    assert_eq!(sent.len(), 6, "{sent:?}");
    for id in ["message", "f-https", "f-wss"] {
        assert!(reached.contains(id), "{id} is not in {reached:?}");
    }
    Ok(())
}

/// Motion that nobody asked to be reduced: the message walks, and the score is the same.
#[tokio::test]
async fn with_motion() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look { still: false, ..Look::default() }).await?;
    for op in ["http-rr", "http-sticky", "ws", "queue", "mem-sticky"] {
        assert_eq!(page.send(op).await?.arrived, 1, "{op}");
    }
    page.send("mem-rr").await?;
    page.nothing_from_elsewhere().await
}

/// What people type is shown as text and comes back as it went.
#[tokio::test]
async fn texts_are_texts() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.browser.eval("const m = document.getElementById('message'); m.value = '<img src=x onerror=\"window.hit=1\"> & \u{2603}'; m.dispatchEvent(new Event('input', {bubbles: true}))").await?;
    for op in ["http-sticky", "ws", "queue"] {
        assert_eq!(page.send(op).await?.arrived, 1);
    }
    let seen = page.browser.eval("return document.getElementById('log').innerText").await?;
    assert!(seen.as_str().is_some_and(|log| log.contains("<img src=x onerror=\"window.hit=1\"> & \u{2603}")), "{seen}");
    assert_eq!(page.browser.eval("return window.hit || 0").await?, 0);
    // The page's own field stops where the seed's does, and no whole id is printed anywhere.
    assert_eq!(page.browser.eval("return document.getElementById('message').maxLength").await?, 140);
    let id = page.browser.eval("return document.querySelector('meta[name=sticky-client]').content").await?;
    page.misses_in_part("mem-rr").await?;
    let all = page.browser.eval("return document.body.innerText").await?;
    assert!(!all.as_str().unwrap().contains(&id.as_str().unwrap()[..7]), "more than six characters of the id");
    page.nothing_from_elsewhere().await
}

/// A page whose site was away finds it again by itself.
#[tokio::test]
async fn the_site_goes_away_and_comes_back() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let port = e2e::ports::free()?.to_string();
    let local = Local::start_in(e2e::local::Runtime::new()?, &["--port", &port]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    assert_eq!(page.send("ws").await?.arrived, 1);
    drop(local);
    page.browser.until("the page says that the socket is gone", "return document.body.dataset.socket !== 'live'").await?;
    let local = Local::start_in(e2e::local::Runtime::new()?, &["--port", &port]).await?;
    page.connected().await?;
    assert_eq!(page.send("ws").await?.arrived, 2, "the score goes on");
    assert_eq!(http::get(&local.url).send().await?.status, 200);
    Ok(())
}

/// The pictures of the README, where `STICKY_SCREENSHOTS` names a folder.
#[tokio::test]
async fn pictures() -> Result<()> {
    let Some(folder) = std::env::var_os("STICKY_SCREENSHOTS").map(PathBuf::from) else { return Ok(()) };
    if !have_browser() {
        return Ok(());
    }
    // A relative name counts from the workspace, where the command is typed.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    std::fs::create_dir_all(&folder)?;
    let size = (1280, 860);
    for (mode, dark, file, op) in [("3x1", false, "page-3x1.png", "mem-rr"), ("1x4", true, "page-1x4-dark.png", "mem-sticky")] {
        let local = Local::start(&["--mode", mode]).await?;
        let page = Page::open(&local.url, &Look { size, dark, still: true }).await?;
        page.send_twenty("http-sticky").await?;
        page.send_twenty("queue").await?;
        // A single miss at the end is what the picture shows: bounded, because a miss has a chance of two thirds or more.
        let mut before = page.send(op).await?;
        for _ in 0..60 {
            let after = page.send(op).await?;
            if after.missed > before.missed {
                break;
            }
            before = after;
        }
        page.browser.eval("document.activeElement?.blur(); window.scrollTo(0, 0)").await?;
        let picture = page.browser.screenshot().await?;
        std::fs::write(folder.join(file), &picture)?;
        eprintln!("{}: {} KiB", folder.join(file).display(), picture.len() / 1_024);
    }
    Ok(())
}
