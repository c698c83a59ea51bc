//! The map at 1 to 64 pods and at every width: the sentence and the browser are in sight, words are apart, and the box of other pods opens.

use anyhow::{Context, Result};
use fantoccini::key::Key;
use testkit::browser::Look;
use testkit::local::Local;
use testkit::page::Page;
use testkit::tools;

const QUICK: [&str; 4] = ["--drain-delay", "100ms", "--drain-window", "100ms"];
const SIZES: [(u32, u32); 6] = [(1440, 900), (1366, 768), (1024, 768), (768, 1024), (375, 667), (320, 568)];

/// What is wrong with what the map shows, one line for each fault.
const FAULTS: &str = "
    const faults = [], map = document.getElementById('map').getBoundingClientRect();
    const inSight = (what, e) => {
      const b = e.getBoundingClientRect();
      if (b.top < -1 || b.bottom > innerHeight + 1 || b.left < -1 || b.right > innerWidth + 1) faults.push(`${what} is out of sight: ${b.top} to ${b.bottom} of ${innerHeight}`);
    };
    inSight('the sentence', document.getElementById('caption'));
    inSight('the list of steps', document.getElementById('ledger'));
    inSight('the browser', document.querySelector('#map [data-node=browser]'));
    if (map.height > 524) faults.push(`the map is ${map.height} high`);
    // Only the words that an open map shows; boxes of glyphs, without the room above and below them.
    const words = [...document.querySelectorAll('#map text')].filter(e => e.textContent).map(e => ({said: e.textContent, css: e.getAttribute('class'), b: e.getBoundingClientRect()}));
    for (const [i, one] of words.entries()) {
      if (one.b.left < map.left - 1 || one.b.right > map.right + 1) faults.push(`'${one.said}' leaves the map`);
      for (const other of words.slice(i + 1)) {
        const across = Math.min(one.b.right, other.b.right) - Math.max(one.b.left, other.b.left), down = Math.min(one.b.bottom, other.b.bottom) - Math.max(one.b.top, other.b.top);
        if (across > 1 && down > 5) faults.push(`'${one.said}' over '${other.said}'`);
      }
      if (parseFloat(getComputedStyle(document.querySelector('#map text')).fontSize) < 12) faults.push('small text');
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push('the page scrolls sideways');
    return faults;";

/// Looks at the page at every size, light and dark in turn.
async fn sound(page: &Page, what: &str) -> Result<()> {
    for (i, (width, height)) in SIZES.into_iter().enumerate() {
        page.browser.look(&Look { size: (width, height), dark: i % 2 == 1, still: true }).await?;
        // As after a press, which brings the stage into sight.
        page.browser
            .until(
                "the map has the new width",
                &format!(
                    "if (innerWidth !== {width}) return false;
                     document.querySelector('.stage').scrollIntoView({{block: innerWidth > 1040 ? 'nearest' : 'start'}});
                     const map = document.getElementById('map'), box = map.querySelector('svg').viewBox.baseVal;
                     return Math.abs(box.width - map.clientWidth) <= 1"
                ),
            )
            .await?;
        let faults = page.browser.eval(FAULTS).await?;
        assert_eq!(faults, serde_json::json!([]), "{what}, {width} x {height}");
    }
    Ok(())
}

#[tokio::test]
async fn one_to_sixty_four_pods() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let local = Local::start(&QUICK).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    for pods in [1_usize, 3, 5, 16, 30, 64] {
        local.ctl(&["scale", &pods.to_string()]).await?;
        page.browser.until(&format!("{pods} pods"), &format!("return document.body.dataset.mode === '{pods}x1'")).await?;
        page.connected().await?;
        // One pod answers all, so only there nothing can miss.
        if pods == 1 {
            page.send("mem-rr").await?;
        } else {
            page.until_it_misses("mem-rr").await?;
            let numbers = page.browser.eval("return [...document.querySelectorAll('#map .step-n')].map(e => e.textContent).sort().join()").await?;
            assert_eq!(numbers, "1,2,3", "every step of a miss has its number on the map");
            assert_eq!(page.browser.eval("return document.querySelectorAll('#map .misst').length").await?, 1, "and its cross has a word");
        }
        sound(&page, &format!("{pods} pods")).await?;
    }
    other_pods(&page).await
}

/// The box that stands for the pods without a row: it counts what goes to them, and opens by click and by key.
async fn other_pods(page: &Page) -> Result<()> {
    page.browser.look(&Look::default()).await?;
    page.send_twenty("http-rr").await?;
    let count =
        "const shown = [...document.querySelectorAll('#map [data-pod]')].map(e => e.dataset.pod), box = document.querySelector('#map [data-fold]');
         const by = JSON.parse(document.querySelector('li.act[data-op=http-rr]').dataset.by);
         const inside = Object.entries(by).filter(([id]) => !shown.includes(id.split(':')[0])).reduce((n, [, k]) => n + k, 0);
         return {folded: +box.dataset.fold, shown: shown.length, told: +box.dataset.reached, inside}";
    let found = page.browser.eval(count).await?;
    assert_eq!(found["folded"].as_u64().context("no box")? + found["shown"].as_u64().context("no rows")?, 64, "{found}");
    assert!(found["inside"].as_u64() > Some(0) && found["told"] == found["inside"], "{found}");
    sound(page, "twenty to 64 pods").await?;

    // A planted fault that must be found: a word over another.
    page.browser.eval("const word = document.querySelector('#map text'); word.after(word.cloneNode(true))").await?;
    let found = page.browser.eval(FAULTS).await?;
    assert!(found[0].as_str().is_some_and(|fault| fault.contains(" over ")), "{found}");

    page.browser.look(&Look::default()).await?;
    let rows = "return document.querySelectorAll('#map [data-pod]').length";
    let state = "return document.querySelector('#map [role=button]').getAttribute('aria-expanded')";
    assert_eq!(page.browser.eval(state).await?, "false");
    page.browser.client.find(fantoccini::Locator::Css("#map [role=button]")).await?.click().await?;
    assert_eq!(page.browser.eval(rows).await?, 64);
    assert_eq!(page.browser.eval(state).await?, "true");
    page.browser.eval("document.getElementById('map').scrollTop = 600").await?;
    page.browser.until("the browser follows", "const b = document.querySelector('#map [data-node=browser]').getBoundingClientRect(), map = document.getElementById('map').getBoundingClientRect(); return b.top >= map.top && b.bottom <= map.bottom").await?;
    // The click left the focus on the button.
    for (key, expanded) in [(Key::Enter, "false"), (Key::Space, "true"), (Key::Space, "false")] {
        page.key(key).await?;
        assert_eq!(page.browser.eval(state).await?, expanded);
        assert_eq!(page.browser.eval("return document.activeElement.getAttribute('role')").await?, "button", "the focus is lost");
    }
    page.nothing_from_elsewhere().await
}
