//! The three use cases in a real browser: a download in pieces, a canary, a model.

use anyhow::Result;
use serde_json::Value;
use testkit::browser::Look;
use testkit::local::Local;
use testkit::page::Page;
use testkit::tools;

const QUICK: [&str; 4] = ["--drain-delay", "300ms", "--drain-window", "300ms"];
const WIDTHS: [u32; 4] = [1440, 768, 375, 320];

fn have_browser() -> bool {
    tools::present(&["chromium", "chromedriver"])
}

/// Presses a button of a use case and waits until its panel rests.
pub(crate) async fn press(page: &Page, button: &str) -> Result<()> {
    page.click(&format!("[data-do=\"{button}\"]")).await?;
    rests(page).await
}

async fn rests(page: &Page) -> Result<()> {
    let script = "return [...document.querySelectorAll('article.case')].every(one => one.dataset.busy === 'false')";
    page.browser.until("the panels rest", script).await.map(drop)
}

/// A hook of an element, as text.
async fn hook(page: &Page, selector: &str, name: &str) -> Result<String> {
    let value = page.browser.eval(&format!("return document.querySelector('{selector}').dataset.{name}")).await?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

async fn download(page: &Page) -> Result<(usize, usize)> {
    let number = async |name: &str| -> Result<usize> { Ok(hook(page, "#case-download", name).await?.parse()?) };
    Ok((number("pieces").await?, number("misses").await?))
}

/// For each piece, the worker that it came from and the way that it took.
async fn cells(page: &Page) -> Result<Vec<(String, String)>> {
    let script = "return [...document.querySelectorAll('.cells li')].map(one => [one.dataset.by, one.dataset.way])";
    Ok(serde_json::from_value(page.browser.eval(script).await?)?)
}

/// Answers and how many of them were cold.
async fn uses(page: &Page, which: &str) -> Result<(usize, usize)> {
    let place = format!("[data-part=\"{which}\"]");
    Ok((hook(page, &place, "n").await?.parse()?, hook(page, &place, "cold").await?.parse()?))
}

async fn said(page: &Page, panel: &str) -> Result<String> {
    let value = page.browser.eval(&format!("return document.querySelector('#{panel} .case-said').innerText")).await?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// The sentence below the map is the panel's.
async fn told_alike(page: &Page, panel: &str) -> Result<String> {
    let script = format!("return document.querySelector('#caption').innerText === document.querySelector('#{panel} .case-said').innerText");
    page.browser.until("the map tells what the panel tells", &script).await?;
    said(page, panel).await
}

async fn no_sideways_scroll(page: &Page) -> Result<()> {
    for width in WIDTHS {
        page.browser.look(&Look { size: (width, 800), ..Look::default() }).await?;
        let script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        page.browser.until(&format!("no sideways scroll at {width}"), script).await?;
    }
    page.browser.look(&Look::default()).await
}

/// Every worker is its own pod, so the cookie finds what a worker keeps.
#[tokio::test]
async fn in_3x1() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&QUICK).await?;
    let page = Page::open(&local.url, &Look { size: (1440, 900), ..Look::default() }).await?;

    for pieces in 1..=3 {
        press(&page, "piece-sticky").await?;
        assert_eq!(download(&page).await?, (pieces, 0));
    }
    assert!(told_alike(&page, "case-download").await?.contains("sent piece 3: arrived"));
    let at = hook(&page, "#case-download", "at").await?;
    assert!(cells(&page).await?[..3].iter().all(|(by, way)| *by == at && way == "http"));
    // Of three in turn, two reach other pods.
    for _ in 0..3 {
        press(&page, "piece-rr").await?;
        if download(&page).await?.1 > 0 {
            break;
        }
    }
    let (pieces, misses) = download(&page).await?;
    assert_eq!(misses, 1);
    assert!(told_alike(&page, "case-download").await?.contains(&format!("your cursor is on {at}: missed")));
    let seen = "return document.querySelector('#map [data-hop$=\">:miss\"]') && document.querySelectorAll('.cells .missed .mark').length === 1
                && document.querySelector('#map').textContent.includes('no cursor')";
    page.browser.until("the miss is on the map and in the next cell", seen).await?;

    // Half-way, the pod is killed.
    press(&page, "kill").await?;
    let pod = at.split(':').next().unwrap_or_default().to_owned();
    assert!(said(&page, "case-download").await?.starts_with(&format!("Killed {pod}, and your cursor with it: ")));
    assert_eq!(hook(&page, "#case-download", "gone").await?, "true");
    let pods = "return ![...document.querySelectorAll('[data-pod]')].some(one => one.dataset.pod === '{pod}') && document.querySelectorAll('.cells li > svg rect').length";
    let coloured = page.browser.until("the pod is off the map", &pods.replace("{pod}", &pod)).await?;
    assert_eq!(coloured, pieces, "its pieces keep their colour");
    press(&page, "piece-sticky").await?;
    assert_eq!(download(&page).await?, (pieces, 2));
    assert!(said(&page, "case-download").await?.contains("went with it: missed"));
    press(&page, "relay").await?;
    let told = told_alike(&page, "case-download").await?;
    assert_eq!(download(&page).await?, (12, 2), "{told}");
    assert!(told.contains(&format!("{} arrived", 12 - pieces)), "{told}");
    assert!(cells(&page).await?[pieces..].iter().all(|(by, way)| !by.is_empty() && way == "ws"));
    press(&page, "again").await?;
    assert_eq!(download(&page).await?, (0, 0));
    press(&page, "rest").await?;
    assert_eq!(download(&page).await?, (12, 0));

    press(&page, "many-model-rr").await?;
    assert_eq!(uses(&page, "model-rr").await?, (20, 3), "each of three pods loads it");
    press(&page, "one-model-rr").await?;
    assert_eq!(uses(&page, "model-rr").await?, (21, 3));
    let one_version = "return !document.querySelector('[data-part=\"hint\"]').hidden && document.querySelector('[data-part=\"hint\"]').innerText.includes('--canary 1')";
    page.browser.until("the way to a second version", one_version).await?;
    no_sideways_scroll(&page).await?;

    // A page that was loaded anew is a new session, for which nothing is warm.
    page.load(&local.url).await?;
    press(&page, "many-model-sticky").await?;
    assert_eq!(uses(&page, "model-sticky").await?, (20, 1), "the cookie finds the model again");
    assert!(told_alike(&page, "case-model").await?.ends_with("1 cold of 20."));
    press(&page, "canary-sticky").await?;
    assert!(told_alike(&page, "case-canary").await?.contains(": 20 of 20 on "));
    // The page asks in vain, and says so.
    drop(local);
    for (button, panel) in [("piece-sticky", "case-download"), ("many-model-rr", "case-model"), ("canary-rr", "case-canary")] {
        press(&page, button).await?;
        let told = told_alike(&page, panel).await?;
        assert!(told.contains("the connection failed: missed"), "{told}");
    }
    Ok(())
}

/// One pod with four workers: the cookie finds the pod, but not the worker.
#[tokio::test]
async fn in_1x4() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--mode", "1x4"]).await?;
    let page = Page::open(&local.url, &Look { dark: true, ..Look::default() }).await?;
    press(&page, "many-model-sticky").await?;
    let (n, cold) = uses(&page, "model-sticky").await?;
    assert!(n == 20 && (2..=4).contains(&cold), "{cold} cold of {n}");
    assert!(told_alike(&page, "case-model").await?.contains("the cookie can't choose a worker"));
    // The kernel's choice: of 12 pieces, some ask a worker without the cursor. All 12 at the first try has a chance of 4^-12.
    while download(&page).await?.0 < 12 {
        press(&page, "rest").await?;
    }
    let (pieces, misses) = download(&page).await?;
    assert!(pieces == 12 && misses > 0, "{misses} misses");
    press(&page, "canary-rr").await?;
    assert_eq!(hook(&page, "[data-part=\"canary-rr\"]", "changes").await?, "0");

    // A run can be stopped, by the keyboard too, and the button keeps the focus.
    page.load(&local.url).await?;
    page.browser.eval("document.querySelector('[data-do=\"many-model-rr\"]').focus()").await?;
    page.key(fantoccini::key::Key::Enter).await?;
    page.browser.until("it can be stopped", "return document.activeElement.innerText === 'stop'").await?;
    page.key(fantoccini::key::Key::Enter).await?;
    rests(&page).await?;
    let (n, _) = uses(&page, "model-rr").await?;
    assert!(n < 20, "it went on");
    assert_eq!(page.browser.eval("return document.activeElement.dataset.do").await?, Value::from("many-model-rr"));
    page.nothing_from_elsewhere().await
}

/// Three pods and a canary: with the cookie a session stays on one version, and without it the version changes with the pod.
#[tokio::test]
async fn with_a_canary() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--canary", "1"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.browser.until("two versions are known", "return document.querySelector('[data-part=\"hint\"]').hidden").await?;
    let versions = "const all = [...document.querySelectorAll('#map text')].map(one => one.textContent);
                    return all.some(text => text.endsWith('-canary')) && all.filter(text => /^[0-9.]+$/.test(text)).length === 3";
    page.browser.until("the map names the versions", versions).await?;
    press(&page, "canary-sticky").await?;
    let place = "[data-part=\"canary-sticky\"]";
    assert_eq!((hook(&page, place, "n").await?, hook(&page, place, "changes").await?), ("20".to_owned(), "0".to_owned()));
    let runs = page.browser.eval(&format!("return document.querySelectorAll('{place} [data-run]').length")).await?;
    assert_eq!(runs, 1, "the bar is unbroken");
    assert!(told_alike(&page, "case-canary").await?.contains(": 20 of 20 on "));
    press(&page, "canary-rr").await?;
    let place = "[data-part=\"canary-rr\"]";
    let versions: Vec<String> = serde_json::from_str(&hook(&page, place, "versions").await?)?;
    assert!(versions.len() == 2 && versions.iter().any(|version| version.ends_with("-canary")), "{versions:?}");
    // Of four pods in turn, every fourth is the canary: a change to it and one away from it in each of five rounds, less one at an end.
    let changes: usize = hook(&page, place, "changes").await?.parse()?;
    assert!((8..=10).contains(&changes), "{changes}");
    assert!(told_alike(&page, "case-canary").await?.contains(&format!("changed version {changes} times")));
    Ok(())
}
