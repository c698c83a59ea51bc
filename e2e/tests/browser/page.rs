//! The page in a real browser: six buttons, the map, the keyboard, phone width, and nothing loaded from elsewhere.

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use testkit::app::App;
use testkit::browser::Look;
use testkit::local::Local;
use testkit::nginx::Nginx;
use testkit::page::Page;
use testkit::redis::Redis;
use testkit::tree::root;
use testkit::{http, tools};

const QUICK: [&str; 4] = ["--drain-delay", "300ms", "--drain-window", "300ms"];

fn have_browser() -> bool {
    tools::present(&["chromium", "chromedriver"])
}

/// The hops on the map.
async fn hops(page: &Page) -> Result<Vec<String>> {
    let script = "return [...document.querySelectorAll('[data-hop]')].map(e => e.dataset.hop + ' ' + e.getAttribute('d'))";
    Ok(serde_json::from_value(page.browser.eval(script).await?)?)
}

#[tokio::test]
async fn local_3x1() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.six_buttons_of_3x1().await?;
    let said = page.browser.eval("return document.body.innerText").await?;
    assert!(!said.as_str().unwrap().contains("HTTPS"), "the page came by http: {said}");
    page.nothing_from_elsewhere().await
}

#[tokio::test]
async fn local_1x4() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--mode", "1x4"]).await?;
    let page = Page::open(&local.url, &Look { dark: true, ..Look::default() }).await?;
    page.six_buttons_of_1x4().await?;
    page.nothing_from_elsewhere().await
}

/// The app sets the cookie and the proxy hashes it.
#[tokio::test]
async fn local_with_the_app_as_issuer() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--issuer", "app"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.six_buttons_of_3x1().await
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
    page.six_buttons_of_3x1().await?;
    page.nothing_from_elsewhere().await
}

#[tokio::test]
async fn nginx_1x4() -> Result<()> {
    let Some((_apps, nginx, _redis)) = behind_nginx(1, 4).await? else { return Ok(()) };
    let page = Page::open(&nginx.url, &Look::default()).await?;
    page.six_buttons_of_1x4().await?;
    page.nothing_from_elsewhere().await
}

/// The map draws the trace: when one hop is changed on its way to the page, the drawing changes with it.
#[tokio::test]
async fn a_changed_hop_changes_the_drawing() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    // Only the app's own hops remain, so that no second report contradicts the changed one.
    let bend = "headers.delete('x-sticky-door');
                if (window.bent) for (const hop of body.trace.hops) if (hop.kind === 'post') hop.to = window.bent;
                window.told = body.trace.hops;";
    let page = Page::open_bent(&local.url, bend).await?;
    page.send("http-sticky").await?;
    page.browser.until("the way is drawn", "return document.querySelectorAll('[data-hop]').length >= 2").await?;
    let straight = hops(&page).await?;
    let to = page.browser.eval("return window.told.find(hop => hop.kind === 'post').to").await?;
    page.send("http-sticky").await?;
    assert_eq!(hops(&page).await?, straight, "the same trace is the same drawing");
    let other = if to == "app-1:0" { "app-2:0" } else { "app-1:0" };
    page.browser.eval(&format!("window.bent = '{other}'")).await?;
    page.send("http-sticky").await?;
    let bent = hops(&page).await?;
    assert_ne!(bent, straight, "hop to {other} instead of {to}");
    let goes_to = |hops: &[String], place: &Value| hops.iter().any(|hop| hop.contains(&format!(">{}:post ", place.as_str().unwrap())));
    assert!(goes_to(&straight, &to) && goes_to(&bent, &json!(other)), "{straight:?} {bent:?}");
    page.browser.eval("window.bent = ''").await?;
    page.send("http-sticky").await?;
    assert_eq!(hops(&page).await?, straight);
    Ok(())
}

/// Scale, mode and kill from the command line, while the page is never reloaded.
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
    // Its pod is gone; its socket reopens by itself in the new one.
    page.connected().await?;
    let score = page.send_twenty("ws").await?;
    assert_eq!(score.arrived, 20, "{score:?}");
    assert_eq!(page.browser.eval("return window.same").await?, Value::Bool(true), "the page was loaded again");

    // The pod with the socket is killed, and the page reconnects.
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

/// The six buttons, the explanations, "send 20" and the filters, by keyboard alone.
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
    for id in ["message", "f-http", "f-ws"] {
        assert!(reached.contains(id), "{id} is not in {reached:?}");
    }
    Ok(())
}

/// Without reduced motion the message moves along the map, and the scores are the same.
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

/// Typed markup is shown as text and comes back unchanged.
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
    // The field takes 140 characters, and no full id appears anywhere.
    assert_eq!(page.browser.eval("return document.getElementById('message').maxLength").await?, 140);
    let id = page.browser.eval("return document.querySelector('meta[name=sticky-client]').content").await?;
    page.misses_in_part("mem-rr").await?;
    let all = page.browser.eval("return document.body.innerText").await?;
    assert!(!all.as_str().unwrap().contains(&id.as_str().unwrap()[..7]), "more than six characters of the id");
    page.nothing_from_elsewhere().await
}

/// A page reconnects by itself after its site was down.
#[tokio::test]
async fn the_site_goes_away_and_comes_back() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let port = testkit::ports::free()?.to_string();
    let local = Local::start_in(testkit::local::Runtime::new()?, &["--port", &port]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    assert_eq!(page.send("ws").await?.arrived, 1);
    drop(local);
    page.browser.until("the page says that the socket is gone", "return document.body.dataset.socket !== 'live'").await?;
    let local = Local::start_in(testkit::local::Runtime::new()?, &["--port", &port]).await?;
    page.connected().await?;
    assert_eq!(page.send("ws").await?.arrived, 2, "the score goes on");
    assert_eq!(http::get(&local.url).send().await?.status, 200);
    Ok(())
}

/// Takes the README's pictures: `STICKY_SCREENSHOTS=docs cargo xtask test browser -- --ignored pictures`.
#[tokio::test]
#[ignore = "draws the README's pictures"]
async fn pictures() -> Result<()> {
    let folder = std::env::var_os("STICKY_SCREENSHOTS").map(PathBuf::from).context("STICKY_SCREENSHOTS names no folder")?;
    if !have_browser() {
        return Ok(());
    }
    // A relative path starts at the workspace, where the command is typed.
    let folder = root().join(folder);
    std::fs::create_dir_all(&folder)?;
    let size = (1280, 860);
    for (mode, dark, file, op) in [("3x1", false, "page-3x1.png", "mem-rr"), ("1x4", true, "page-1x4-dark.png", "mem-sticky")] {
        let local = Local::start(&["--mode", mode]).await?;
        let page = Page::open(&local.url, &Look { size, dark, still: true }).await?;
        page.send_twenty("http-sticky").await?;
        page.send_twenty("queue").await?;
        // The picture shows a single miss.
        page.until_it_misses(op).await?;
        page.browser.eval("document.activeElement?.blur(); window.scrollTo(0, 0)").await?;
        let picture = page.browser.screenshot().await?;
        std::fs::write(folder.join(file), &picture)?;
        eprintln!("{}: {} KiB", folder.join(file).display(), picture.len() / 1_024);
    }
    Ok(())
}
