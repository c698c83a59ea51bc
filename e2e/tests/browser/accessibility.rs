//! Checks the page, its readme and the report of `stickyctl verify` with all axe-core rules, in each state that looks different.

use crate::cases::press;
use anyhow::Result;
use stickyctl::verify::report::sample::{Kind, report};
use testkit::axe::Axe;
use testkit::browser::{Browser, Look};
use testkit::local::Local;
use testkit::page::Page;
use testkit::tools;

fn axe() -> Result<Option<Axe>> {
    if tools::present(&["chromium", "chromedriver"]) { Axe::load() } else { Ok(None) }
}

/// At desktop and phone width, light and dark.
async fn at_all_looks(axe: &Axe, browser: &Browser, what: &str) -> Result<()> {
    for (width, dark) in [(1280, false), (1280, true), (375, false), (375, true)] {
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
    // A miss has a chance of two thirds or more.
    for _ in 0..60 {
        page.send("mem-rr").await?;
        if page.browser.eval("return document.querySelector('#caption .miss') !== null").await? == true {
            break;
        }
    }
    page.browser.eval("document.querySelectorAll('.why').forEach(why => why.click()); document.querySelector('.mode summary').click()").await?;
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

#[tokio::test]
async fn without_a_socket() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    drop(local);
    page.browser.until("the page says that nothing answers", "return document.querySelector('#map.gone') !== null").await?;
    at_all_looks(&axe, &page.browser, "without a socket").await
}

#[tokio::test]
async fn report_of_verify() -> Result<()> {
    let Some(axe) = axe()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let browser = Browser::start(&Look::default()).await?;
    for kind in [Kind::Sticky, Kind::Rollout, Kind::NotSticky, Kind::OnePod] {
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
