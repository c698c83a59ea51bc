//! The controls of a local demo's page.

use anyhow::Result;
use fantoccini::key::Key;
use serde_json::json;
use testkit::app::App;
use testkit::browser::{Browser, Look};
use testkit::local::Local;
use testkit::page::Page;
use testkit::tools;

/// A button of the controls.
fn knob(group: &str, name: &str) -> String {
    format!(
        "[...document.querySelectorAll('#controls fieldset')].find(f => f.querySelector('legend').textContent === '{group}')
           .querySelectorAll('.knob').values().find(k => k.textContent === '{name}')"
    )
}

async fn press(browser: &Browser, group: &str, name: &str) -> Result<()> {
    browser.eval(&format!("{}.click()", knob(group, name))).await.map(drop)
}

async fn says(browser: &Browser, words: &str) -> Result<()> {
    let script = format!("return document.querySelector('#controls [role=status]').textContent.includes({})", json!(words));
    browser.until(words, &script).await.map(drop)
}

async fn pressed(browser: &Browser, group: &str, name: &str) -> Result<()> {
    browser
        .until(&format!("{group} {name} is pressed"), &format!("return {}.getAttribute('aria-pressed') === 'true'", knob(group, name)))
        .await
        .map(drop)
}

#[tokio::test]
async fn buttons_change_the_demo() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let local = Local::start(&["--drain-delay", "200ms", "--drain-window", "300ms"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    let browser = &page.browser;
    assert_eq!(browser.eval("return document.getElementById('controls').hidden").await?, true, "closed at first");
    browser.eval("document.querySelector('#mode summary').focus()").await?;
    page.key(Key::Enter).await?;
    browser.until("the controls are there", "return document.getElementById('controls').checkVisibility()").await?;
    pressed(browser, "Mode", "3x1").await?;
    pressed(browser, "Affinity", "on").await?;

    // Two presses in a row are two pods, although the first is not ready yet.
    press(browser, "Pods", "+").await?;
    browser.until("the answer", "return document.querySelector('.control-count').textContent === '4'").await?;
    press(browser, "Pods", "+").await?;
    says(browser, "Now 5x1.").await?;
    browser.until("five pods on the map", "return document.body.dataset.mode === '5x1'").await?;
    assert_eq!(local.shape().await?, (5, 1));

    press(browser, "Affinity", "off").await?;
    pressed(browser, "Affinity", "off").await?;
    browser.until("the map says so", "return document.querySelector('#map [data-node=door]').dataset.affinity === 'off'").await?;
    says(browser, "Affinity is off").await?;
    press(browser, "Affinity", "on").await?;
    pressed(browser, "Affinity", "on").await?;

    let victim = browser.eval("return document.querySelector('#controls select').value").await?;
    let victim = victim.as_str().unwrap_or_default();
    press(browser, "Kill", "kill").await?;
    says(browser, &format!("Killed {victim}; a new pod replaces it after 3 s")).await?;
    says(browser, &format!("A new pod has replaced {victim}.")).await?;
    browser
        .until(
            "the picture has no such pod",
            &format!("return ![...document.querySelectorAll('#controls option')].some(o => o.value === '{victim}')"),
        )
        .await?;

    // One that is gone by now is refused, in the words of the front door.
    browser.eval("const s = document.querySelector('#controls select'); s.add(new Option('app-99')); s.value = 'app-99'").await?;
    press(browser, "Kill", "kill").await?;
    says(browser, "Not changed: no pod or worker `app-99`").await?;

    press(browser, "Mode", "1x4").await?;
    says(browser, "Now 1x4.").await?;
    assert_eq!(browser.eval("return document.querySelector('#controls code').textContent").await?, "stickyctl mode 1x4 --local");
    assert_eq!(browser.eval("return document.querySelectorAll('#controls option').length").await?, 5, "the pod and its workers");
    let fewer =
        browser.eval(&format!("const fewer = {}; fewer.click(); return fewer.getAttribute('aria-disabled')", knob("Pods", "\u{2212}"))).await?;
    assert_eq!(fewer, "true", "there is no demo without pods");

    // Outside of the strip is the page that it is about: a press there leaves it open. Escape closes it.
    page.send("ws").await?;
    assert_eq!(browser.eval("return document.getElementById('controls').hidden").await?, false);
    for (width, dark) in [(1366, false), (768, true), (320, false)] {
        browser.look(&Look { size: (width, 768), dark, still: true }).await?;
        browser.until("it fits", &format!("return innerWidth === {width} && document.documentElement.scrollWidth <= {width}")).await?;
        let cut =
            "return [...document.querySelectorAll('#controls *')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML)";
        assert_eq!(browser.eval(cut).await?, json!([]), "{width}");
    }
    browser.eval(&format!("{}.focus()", knob("Mode", "3x1"))).await?;
    page.key(Key::Escape).await?;
    browser.until("closed", "return document.getElementById('controls').hidden && document.activeElement.tagName === 'SUMMARY'").await?;
    assert!(browser.console().await?.iter().all(|line| line.contains("409")), "no error but the refusal's");
    drop(local);

    // Where no front door takes changes, the commands are all there is.
    let app = App::start(&["--pod", "app-1"]).await?;
    page.load(&app.url).await?;
    browser.eval("document.querySelector('#mode summary').click()").await?;
    browser.until("the commands", "return document.querySelector('.mode-body').checkVisibility()").await?;
    assert_eq!(browser.eval("return document.getElementById('controls').checkVisibility()").await?, false);
    Ok(())
}
