//! Checks the page, its readme and the report of `stickyctl verify` with all axe-core rules, in each state that looks different.

use crate::cases::press;
use anyhow::Result;
use stickyctl::verify::report::sample::{Kind, report};
use testkit::axe::Axe;
use testkit::browser::{Browser, Look};
use testkit::local::Local;
use testkit::page::Page;
use testkit::redis::Redis;
use testkit::tools;

fn axe() -> Result<Option<Axe>> {
    if tools::present(&["chromium", "chromedriver"]) { Axe::load() } else { Ok(None) }
}

/// At desktop and phone width, light and dark.
async fn at_all_looks(axe: &Axe, browser: &Browser, what: &str) -> Result<()> {
    at(axe, browser, what, &[(1280, false), (1280, true), (375, false), (375, true)]).await
}

/// Where the colors are those of states that were judged at all looks.
async fn at_two_looks(axe: &Axe, browser: &Browser, what: &str) -> Result<()> {
    at(axe, browser, what, &[(1280, false), (375, true)]).await
}

async fn at(axe: &Axe, browser: &Browser, what: &str, looks: &[(u32, bool)]) -> Result<()> {
    for &(width, dark) in looks {
        browser.look(&Look { size: (width, 812), dark, still: true }).await?;
        // The map and the report are redrawn for the new width.
        browser
            .until("the width is there", &format!("return innerWidth === {width} && new Promise(done => setTimeout(() => done(true), 100))"))
            .await?;
        axe.approves(browser, &format!("{what}, {width} px, {}", if dark { "dark" } else { "light" })).await?;
    }
    Ok(())
}

async fn page_in(mode: &str) -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let local = Local::start(&["--mode", mode]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    at_all_looks(&axe, &page.browser, "before a message").await?;
    page.misses_in_part("mem-rr").await?;
    // Of three requests in turn, some miss in either mode.
    for button in ["piece-sticky", "piece-rr", "piece-rr", "piece-rr", "canary-rr", "one-model-rr"] {
        press(&page, button).await?;
    }
    at_all_looks(&axe, &page.browser, "after twenty, with the use cases").await?;
    page.until_it_misses("mem-rr").await?;
    page.browser.eval("document.querySelectorAll('.why').forEach(why => why.click()); document.querySelector('.mode summary').click()").await?;
    page.browser
        .until(
            "the controls are open",
            "return document.querySelectorAll('#controls .control').length > 0 && document.querySelector('#controls .control').offsetParent !== null",
        )
        .await?;
    at_all_looks(&axe, &page.browser, "a miss, with all that opens open").await?;
    // A planted fault that axe must find: a list with another role.
    page.browser.eval("document.querySelector('#log ol').setAttribute('role', 'log')").await?;
    let found = axe.violations(&page.browser).await?;
    assert!(found.iter().any(|one| one.starts_with("aria-allowed-role")), "{found:?}");
    page.browser.open(&format!("{}/readme", local.url)).await?;
    at_all_looks(&axe, &page.browser, "readme").await
}

#[tokio::test]
async fn page_of_3x1() -> Result<()> {
    page_in("3x1").await
}

#[tokio::test]
async fn page_of_1x4() -> Result<()> {
    page_in("1x4").await
}

/// What sessions are for: each use case with answers, misses and a sentence.
#[tokio::test]
async fn use_cases() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    let buttons = page.browser.eval("return [...document.querySelectorAll('.case [data-do]:not([hidden])')].map(one => one.dataset.do)").await?;
    let buttons: Vec<String> = serde_json::from_value(buttons)?;
    assert!(buttons.len() >= 9, "{buttons:?}");
    // The download begins with a piece, and keeps what it has.
    for button in buttons.iter().filter(|name| *name != "again") {
        press(&page, button).await?;
    }
    at_all_looks(&axe, &page.browser, "use cases, each button pressed").await
}

/// A front door without affinity, and more pods than the map has boxes for.
#[tokio::test]
async fn thirty_pods_without_affinity() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let local = Local::start(&["--mode", "30x1", "--affinity", "off"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.send("mem-sticky").await?;
    at_two_looks(&axe, &page.browser, "one message in thirty pods").await?;
    page.misses_in_part("mem-rr").await?;
    page.browser.eval("document.querySelectorAll('.why').forEach(why => why.click())").await?;
    at_two_looks(&axe, &page.browser, "twenty messages in thirty pods").await
}

/// The bus is away: messages that could not be published, and a map that says so.
#[tokio::test]
async fn without_a_bus() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    if !tools::present(&["redis-server"]) {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    let local = Local::start(&["--redis-url", &redis.url()]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    redis.stop().await?;
    page.browser.until("the bus is away", "return document.querySelector('#map [data-node=\"bus\"]').dataset.state === 'down'").await?;
    page.send("queue").await?;
    at_two_looks(&axe, &page.browser, "one message without a bus").await?;
    page.send_twenty("queue").await?;
    at_two_looks(&axe, &page.browser, "twenty messages without a bus").await
}

#[tokio::test]
async fn without_a_socket() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    drop(local);
    page.browser.until("the page says that nothing answers", "return document.querySelector('#map.gone') !== null").await?;
    at_all_looks(&axe, &page.browser, "without a server").await?;
    page.send("http-sticky").await?;
    at_two_looks(&axe, &page.browser, "a message that nobody answered").await
}

#[tokio::test]
async fn report_of_verify() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let browser = Browser::start(&Look::default()).await?;
    for kind in [Kind::Sticky, Kind::Rollout, Kind::NotSticky, Kind::OnePod, Kind::Lost] {
        let file = folder.path().join(format!("{kind:?}.html"));
        std::fs::write(&file, report(kind).page()?)?;
        browser.open(&format!("file://{}", file.display())).await?;
        browser.until("the report is drawn", "return document.querySelector('h1') !== null").await?;
        at_all_looks(&axe, &browser, &format!("{kind:?}")).await?;
    }
    // A planted fault that axe must find: a figure without a label.
    browser.eval("document.querySelector('.fig').removeAttribute('aria-label')").await?;
    let found = axe.violations(&browser).await?;
    assert!(found.iter().any(|one| one.starts_with("svg-img-alt")), "{found:?}");
    Ok(())
}
