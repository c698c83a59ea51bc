//! How the page arrives over a slow network with an empty cache: nothing moves once it is drawn, few requests, few bytes.

use anyhow::{Result, bail, ensure};
use serde_json::json;
use testkit::browser::{Browser, Look};
use testkit::local::Local;
use testkit::page::Page;
use testkit::tools;

/// The most of all requests for the page: those that the browser reports, and the socket.
const REQUESTS: usize = 8;
/// The most that they transfer together, in bytes, with their heads.
const BYTES: u64 = 80 << 10;
/// The most of `layout-shift`, as Chromium sums it up. From 0.1 on, a page counts as unsteady.
const SHIFT: f64 = 0.05;

/// Keeps every shift, with what moved.
const WATCH: &str = "window.shifts = [];
    new PerformanceObserver(list => {
      for (const e of list.getEntries()) {
        const moved = e.sources.map(s => (s.node?.id || s.node?.className?.baseVal || s.node?.className || s.node?.nodeName) + ' ' + JSON.stringify(s.previousRect) + JSON.stringify(s.currentRect));
        if (!e.hadRecentInput) window.shifts.push({ value: e.value, moved });
      }
    }).observe({ type: 'layout-shift', buffered: true });";

/// Loads the page as over a slow network, so that it is drawn long before its module is there. On a machine that is busy the drawing may
/// come late, and then nothing could have moved, so it is loaded again.
async fn loaded_slowly(url: &str, size: (u32, u32)) -> Result<Page> {
    for _ in 0..5 {
        let browser = Browser::start(&Look { size, ..Look::default() }).await?;
        browser.devtools("Network.enable", json!({})).await?;
        let slow = json!({"offline": false, "latency": 150, "downloadThroughput": 20_000, "uploadThroughput": 20_000});
        browser.devtools("Network.emulateNetworkConditions", slow).await?;
        browser.before_page(WATCH).await?;
        let page = Page { browser };
        page.load(url).await?;
        // Two frames, so that the last change is drawn and its shift is known.
        page.browser
            .eval("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))")
            .await?;
        let first =
            page.browser.until("the first drawing is timed", "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime").await?;
        let module = page.browser.eval("return performance.getEntriesByType('resource').find(e => e.name.endsWith('/page.js')).responseEnd").await?;
        if first.as_f64() < module.as_f64() {
            return Ok(page);
        }
        eprintln!("drawn after {first} ms, the module came after {module} ms");
    }
    bail!("the module always came before the first drawing")
}

async fn steady(page: &Page, what: &str) -> Result<()> {
    let shifts = page.browser.eval("return window.shifts").await?;
    let all: f64 = shifts.as_array().map_or(0.0, |all| all.iter().filter_map(|one| one["value"].as_f64()).sum());
    eprintln!("{what}: shifts of {all:.4}");
    ensure!(all < SHIFT, "{what}: {all:.4}: {shifts:#}");
    Ok(())
}

#[tokio::test]
async fn quick_and_steady() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    for size in [(1440, 900), (375, 812)] {
        let page = loaded_slowly(&local.url, size).await?;
        let what = format!("{} px", size.0);
        steady(&page, &what).await?;
        // Presses don't count as shifts, and what they bring must not move anything later either.
        page.send("mem-rr").await?;
        steady(&page, &format!("{what}, after a message")).await?;
        let entries = "performance.getEntriesByType('resource').filter(e => e.initiatorType !== 'fetch' || e.name.endsWith('/topology'))";
        let all = page.browser.eval(&format!(
            "return [...performance.getEntriesByType('navigation'), ...{entries}].map(e => [e.name.slice(location.origin.length), e.transferSize, e.encodedBodySize, e.decodedBodySize])"
        )).await?;
        let all: Vec<(String, u64, u64, u64)> = serde_json::from_value(all)?;
        let bytes: u64 = all.iter().map(|(_, bytes, ..)| bytes).sum();
        eprintln!("{what}: {} requests, {bytes} bytes: {all:?}", all.len() + 1);
        ensure!(all.len() < REQUESTS, "{all:?}");
        ensure!((1..BYTES).contains(&bytes), "{bytes} bytes: {all:?}");
        for name in ["/static/page.js", "/static/style.css"] {
            let (_, _, sent, text) = all.iter().find(|(one, ..)| one == name).ok_or_else(|| anyhow::anyhow!("no {name}: {all:?}"))?;
            ensure!(sent * 2 < *text, "{name} isn't compressed: {sent} of {text}");
        }
        page.nothing_from_elsewhere().await?;
    }
    // A planted shift that the test must find.
    let page = loaded_slowly(&local.url, (1440, 900)).await?;
    page.browser.eval("document.querySelector('.top').remove()").await?;
    page.browser.until("the shift is seen", "return window.shifts.some(one => one.value > 0.01)").await?;
    ensure!(steady(&page, "without its head").await.is_err(), "a shift that is large enough");
    Ok(())
}
