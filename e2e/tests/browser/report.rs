//! The page that `stickyctl verify --report` writes, in a real browser: it shows what its JSON says, and runs nothing that a site sent.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stickyctl::verify::report::Report;
use stickyctl::verify::report::sample::{Kind, broken_off, report};
use tempfile::TempDir;
use testkit::browser::{Browser, Look};
use testkit::local::{self, Local, Runtime};
use testkit::tools;
use testkit::tree::root;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn have_browser() -> bool {
    tools::present(&["chromium", "chromedriver"])
}

/// A page that `stickyctl` wrote, and the JSON report that it printed.
struct Written {
    folder: TempDir,
    report: Value,
}

impl Written {
    async fn by(runtime: &Runtime, words: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let page = folder.path().join("report.html");
        let all = [&["verify"], words, &["-o", "json", "--report", page.to_str().context("a path")?]].concat();
        let ran = local::run(runtime.command(&all)?).await?;
        let report = serde_json::from_str(&ran.stdout).with_context(|| format!("{all:?} gave {}: {}", ran.code, ran.stderr))?;
        Ok(Self { folder, report })
    }

    /// A report that no site here can cause.
    fn sample(report: &Report) -> Result<Self> {
        let written = Self { folder: tempfile::tempdir()?, report: serde_json::to_value(report)? };
        std::fs::write(written.page(), report.page()?)?;
        Ok(written)
    }

    async fn of(site: &Local, words: &[&str]) -> Result<Self> {
        Self::by(&site.folder, &[&["--local", "--rate", "2000"], words].concat()).await
    }

    fn page(&self) -> PathBuf {
        self.folder.path().join("report.html")
    }

    /// Over all sessions: runs of requests with one pod, changes of pod, and how many of those changes were forced.
    fn runs(&self) -> (usize, usize, usize) {
        let (mut runs, mut changes, mut forced) = (0, 0, 0);
        for session in self.report["sessions"].as_array().unwrap() {
            let (mut last, mut known) = (None, None);
            for request in session["requests"].as_array().unwrap() {
                let pod = request["pod"].as_str();
                if pod.is_some() {
                    runs += usize::from(last != Some(pod));
                    let changed = known.is_some() && known != pod;
                    changes += usize::from(changed);
                    forced += usize::from(changed && request["moved"] == "forced");
                    known = pod;
                }
                last = Some(pod);
            }
        }
        (runs, changes, forced)
    }
}

async fn open(page: &Path, look: &Look) -> Result<Browser> {
    let browser = Browser::start(look).await?;
    // Not every browser logs an exception to the console.
    browser.before_page("window.broken = []; addEventListener('error', e => window.broken.push(e.message)); addEventListener('securitypolicyviolation', e => window.broken.push(e.violatedDirective))").await?;
    browser.open(&format!("file://{}", page.display())).await?;
    browser.until("the report is drawn", "return document.querySelector('h1') !== null").await?;
    Ok(browser)
}

/// Faults that no page may have: errors, refused loads, sideways scrolling, small or squeezed text, figures without a label, headings
/// out of order.
const FAULTS: &str = "
    const faults = [...window.broken];
    const wide = document.documentElement.scrollWidth;
    if (wide > innerWidth) faults.push('scrolls sideways: ' + wide + ' in ' + innerWidth);
    for (const element of document.querySelectorAll('body *')) {
        const style = getComputedStyle(element);
        const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (says && !['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName) && element.tagName !== 'title' && parseFloat(style.fontSize) < 12)
            faults.push('small: ' + style.fontSize + ' ' + element.textContent.slice(0, 40));
    }
    for (const figure of document.querySelectorAll('svg')) {
        if (figure.getAttribute('aria-hidden') !== 'true' && !(figure.getAttribute('role') === 'img' && figure.getAttribute('aria-label')))
            faults.push('a figure without words');
        const box = figure.getBoundingClientRect(), own = figure.viewBox.baseVal.width;
        if (figure.classList.contains('fig') && Math.abs(box.width - own) > 1.5) faults.push('squeezed: ' + own + ' in ' + box.width);
    }
    let level = 0;
    for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
        const own = Number(heading.tagName[1]);
        if (own > level + 1 || (own === 1 && level > 0)) faults.push('heading ' + own + ' after ' + level);
        level = own;
    }
    return faults";

async fn is_sound(browser: &Browser) -> Result<()> {
    let faults = browser.eval(FAULTS).await?;
    ensure!(faults == json!([]), "{faults:#}");
    let console = browser.console().await?;
    ensure!(console.is_empty(), "{console:?}");
    let fetched = browser.eval("return performance.getEntriesByType('resource').map(entry => entry.name)").await?;
    ensure!(fetched == json!([]), "{fetched}");
    Ok(())
}

async fn count(browser: &Browser, selector: &str) -> Result<usize> {
    let number = browser.eval(&format!("return document.querySelectorAll('{selector}').length")).await?;
    number.as_u64().map(|number| number as usize).context("a number")
}

async fn text(browser: &Browser, selector: &str) -> Result<String> {
    let text = browser.eval(&format!("return document.querySelector('{selector}').textContent")).await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// The page shows what the JSON says.
async fn shows(browser: &Browser, written: &Written) -> Result<()> {
    let (runs, changes, forced) = written.runs();
    assert_eq!(count(browser, "rect.stay").await?, runs, "unbroken bars");
    assert_eq!(count(browser, "path.tick").await?, changes, "ticks");
    assert_eq!(count(browser, "path.tick.forced").await?, forced, "dashed ticks");
    assert_eq!(count(browser, "rect.control").await?, written.report["controls"].as_array().unwrap().len(), "controls");
    assert_eq!(count(browser, "tbody tr").await?, written.report["scenarios"].as_array().unwrap().len(), "scenarios");
    assert_eq!(text(browser, ".lead").await?, written.report["summary"]["lead"].as_str().unwrap());
    let listed = written.report["summary"]["because"].as_array().unwrap().len() + written.report["summary"]["todo"].as_array().unwrap().len();
    assert_eq!(count(browser, ".why li").await?, listed, "sentences");
    Ok(())
}

/// Asserts that the page shows the same at another width, and that the map takes at least a `share` of it.
async fn drawn_anew(browser: &Browser, written: &Written, look: (u32, bool), share: f64) -> Result<()> {
    resized(browser, look, share).await?;
    shows(browser, written).await
}

/// Waits until the map is drawn for another width, of which it takes at least a `share`, and asserts that the page has no faults.
async fn resized(browser: &Browser, (width, dark): (u32, bool), share: f64) -> Result<()> {
    browser.look(&Look { size: (width, 900), dark, still: true }).await?;
    // The box resizes at once, the figure only when it is redrawn.
    let drawn = format!(
        "const map = document.querySelector('.fig').viewBox.baseVal.width; return innerWidth === {width} && map < {width} && map > {width} * {share}"
    );
    browser.until("it is drawn anew", &drawn).await?;
    is_sound(browser).await.with_context(|| format!("{width} pixels wide"))
}

#[tokio::test]
async fn what_sticks() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let site = Local::start(&[]).await?;
    let written = Written::of(&site, &[]).await?;
    let browser = open(&written.page(), &Look::default()).await?;
    assert_eq!(text(&browser, "h1").await?, "Sticky", "{}", written.report["reasons"]);
    assert_eq!(written.runs(), (30, 0, 0));
    let drawn_in = "return [...document.querySelectorAll('.range.thin')].map(line => getComputedStyle(line).stroke)";
    assert_eq!(browser.eval(drawn_in).await?, json!(["rgb(15, 76, 156)", "rgb(180, 83, 0)", "rgb(0, 125, 103)"]), "the pods' own colours");
    shows(&browser, &written).await?;
    is_sound(&browser).await?;
    for (width, dark) in [(320, false), (390, true), (1200, true)] {
        drawn_anew(&browser, &written, (width, dark), 0.7).await?;
    }
    // The printed page is light, even from a dark screen.
    browser
        .devtools("Emulation.setEmulatedMedia", json!({"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}))
        .await?;
    assert_eq!(browser.eval("return getComputedStyle(document.body).color").await?, "rgb(21, 32, 42)");
    Ok(())
}

#[tokio::test]
async fn what_does_not_stick() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let site = Local::start(&["--affinity", "off"]).await?;
    let written = Written::of(&site, &["--path", "/", "--path", "/whoami"]).await?;
    let browser = open(&written.page(), &Look { dark: true, ..Look::default() }).await?;
    assert_eq!((text(&browser, "h1").await?.as_str(), text(&browser, ".code.first").await?.as_str()), ("Not sticky", "no-affinity-cookie"));
    assert!(written.runs().1 > 100, "{:?}", written.runs());
    shows(&browser, &written).await?;
    is_sound(&browser).await?;
    browser.look(&Look { size: (320, 900), dark: true, still: true }).await?;
    browser.until("it is drawn anew", "return document.querySelector('.fig').viewBox.baseVal.width < 320").await?;
    shows(&browser, &written).await?;
    is_sound(&browser).await?;
    // The demo has no Ingress whose settings could be wrong.
    let advice = text(&browser, ".why div:last-child").await?;
    assert!(advice.contains("runs without affinity") && !advice.contains("Ingress") && !advice.contains("controller"), "{advice}");
    // In print every use of a pattern would become a picture, 30 MB in all, so lines are drawn instead.
    let paper = browser.devtools("Page.printToPDF", json!({"printBackground": true})).await?;
    let size = paper["data"].as_str().context("no paper")?.len();
    ensure!((10_000..2_000_000).contains(&size), "{size} bytes on paper");
    shows(&browser, &written).await
}

/// A cookie chooses a pod and no worker in it. On paper, no heading stands at the end of a page, away from its figure.
#[tokio::test]
async fn what_sticks_to_pods_but_not_to_workers() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let site = Local::start(&["--mode", "11x2"]).await?;
    let written = Written::of(&site, &["--sessions", "60"]).await?;
    let browser = open(&written.page(), &Look::default()).await?;
    let title = "Sticky by pod, not by worker";
    assert_eq!(text(&browser, "h1").await?, title, "{}", written.report["reasons"]);
    assert!(browser.eval("return document.title").await?.as_str().is_some_and(|own| own.starts_with(title)));
    // As `status` lists them, in the JSON and on the page.
    let names: Vec<String> = (1..=11).map(|number| format!("app-{number}")).collect();
    let pods: Vec<&str> = written.report["pods"].as_array().context("no pods")?.iter().filter_map(|pod| pod["pod"].as_str()).collect();
    assert_eq!(pods, names);
    assert_eq!(browser.eval("return [...document.querySelectorAll('.legend .id')].map(name => name.title || name.textContent)").await?, json!(names));
    shows(&browser, &written).await?;
    is_sound(&browser).await?;
    browser.devtools("Emulation.setEmulatedMedia", json!({"media": "print"})).await?;
    let apart = "return [...document.querySelectorAll('section')].flatMap(section => {
        const parts = [...section.children], last = parts.findLastIndex(part => /^h2$|^p$/i.test(part.tagName) && !part.classList.contains('after') || part.classList.contains('head'));
        const loose = parts.slice(0, last + 1).filter(part => part !== parts.at(-1) && getComputedStyle(part).breakAfter !== 'avoid');
        return loose.map(part => part.textContent.slice(0, 40));
    }).concat([...document.querySelectorAll('svg.fig, tr, section:has(> svg.fig)')].filter(part => getComputedStyle(part).breakInside !== 'avoid').map(part => part.tagName))";
    assert_eq!(browser.eval(apart).await?, json!([]), "what may be torn apart");
    // Whatever is drawn, a name begins as the pod is called.
    assert_eq!(browser.eval("return /\\bApp-\\d/.test(document.body.innerText)").await?, false);
    Ok(())
}

/// Made-up reports: pods that come and go need a cluster, and where an interrupted run ends depends on timing.
#[tokio::test]
async fn what_takes_a_cluster_and_what_ends_early() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let rollout = Written::sample(&report(Kind::Rollout))?;
    assert_eq!(rollout.runs(), (40, 10, 10));
    let browser = open(&rollout.page(), &Look::default()).await?;
    for (written, head, drawn) in [
        (rollout, "Sticky", true),
        (Written::sample(&broken_off(Kind::Rollout, 9))?, "Sticky", true),
        (Written::sample(&broken_off(Kind::Sticky, 2))?, "Inconclusive", true),
        (Written::sample(&broken_off(Kind::Sticky, 0))?, "Inconclusive", false),
        (Written::sample(&report(Kind::OnePod))?, "Inconclusive", true),
    ] {
        browser.open(&format!("file://{}", written.page().display())).await?;
        browser.until("the report is drawn", "return document.querySelector('h1') !== null").await?;
        assert_eq!(text(&browser, "h1").await?, head, "{}", written.report["summary"]);
        for (width, dark) in [(1200, false), (320, true)] {
            drawn_anew(&browser, &written, (width, dark), 0.3).await.with_context(|| head)?;
            assert_eq!(count(&browser, "rect.stay").await? > 0, drawn);
            let events = written.report["events"].as_array().map_or(0, Vec::len);
            assert_eq!((count(&browser, ".events li").await?, count(&browser, "line.event, path.event").await? > 0), (events, events > 0), "events");
        }
    }
    Ok(())
}

/// Without names of pods, the map shows which requests lost their session.
#[tokio::test]
async fn lost_sessions() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let written = Written::sample(&report(Kind::Lost))?;
    let browser = open(&written.page(), &Look::default()).await?;
    assert_eq!(text(&browser, "h1").await?, "Not sticky", "{}", written.report["summary"]);
    let lost = &written.report["lost_when"]["requests"]["seen"];
    let said = browser.eval("return document.body.innerText").await?;
    let said = said.as_str().context("a text")?;
    for words in [&format!("{lost} of 360 requests lost their session"), "shop_route left out: 8 of 12 requests lost their session", "status:404"] {
        ensure!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(browser.eval("return [...document.querySelectorAll('.legend .id')].map(name => name.title)").await?, json!(["kept", "lost"]));
    for look in [(1200, false), (320, true)] {
        resized(&browser, look, 0.3).await?;
    }
    Ok(())
}

/// A name that would be markup if anything parsed it.
const TRAP: &str = "</script><script>window.trapped=1</script><img src=x onerror=window.trapped=2>";

/// A site that answers as three pods in turn, each with a dangerous name.
async fn hostile() -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let turn = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pod = turn.fetch_add(1, Ordering::SeqCst) % 3;
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nx-pod: {TRAP}{pod}\r\nset-cookie: r<b>oute=1; Path=/; Comment=<i>\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    Ok(url)
}

#[tokio::test]
async fn strangers_words_are_only_words() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let url = format!("{}?{}", hostile().await?, "a".repeat(300));
    let written = Written::by(&Runtime::new()?, &[&url, "--pod-identity", "header:x-pod", "--rate", "2000"]).await?;
    let browser = open(&written.page(), &Look { size: (320, 900), ..Look::default() }).await?;
    assert_eq!(text(&browser, "h1").await?, "Not sticky", "{}", written.report);
    shows(&browser, &written).await?;
    is_sound(&browser).await?;
    let named = "return [...document.querySelectorAll('.legend .id')].map(name => name.title)";
    assert_eq!(browser.eval(named).await?, json!([0, 1, 2].map(|pod| format!("{TRAP}{pod}"))), "whole names are there as text");
    assert_eq!(browser.eval("return [typeof window.trapped, document.images.length, document.scripts.length]").await?, json!(["undefined", 0, 2]));
    Ok(())
}

/// Takes `docs/verify-report.png`: `STICKY_SCREENSHOTS=docs cargo xtask test browser -- --ignored picture`.
#[tokio::test]
#[ignore = "draws docs/verify-report.png"]
async fn picture() -> Result<()> {
    let folder = std::env::var_os("STICKY_SCREENSHOTS").map(PathBuf::from).context("STICKY_SCREENSHOTS names no folder")?;
    if !have_browser() {
        return Ok(());
    }
    // A relative path starts at the workspace, where the command is typed.
    let folder = root().join(folder);
    let site = Local::start(&["--affinity", "off", "--port", "8080"]).await?;
    let written = Written::of(&site, &["--seed", "8812"]).await?;
    let browser = open(&written.page(), &Look { size: (1200, 2000), ..Look::default() }).await?;
    // Down to the end of a section: sessions, bounds, spread, latency and moves.
    let end = browser.eval("return [...document.querySelectorAll('section')].map(one => Math.round(one.getBoundingClientRect().bottom) + 16).filter(y => y < 2000).at(-1)").await?;
    let end = u32::try_from(end.as_u64().context("no panel")?)?;
    browser.look(&Look { size: (1200, end), ..Look::default() }).await?;
    let picture = browser.screenshot().await?;
    ensure!(picture.len() < 300 << 10, "{} KiB", picture.len() / 1_024);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("verify-report.png"), &picture)?;
    eprintln!("{}: {} KiB", folder.join("verify-report.png").display(), picture.len() / 1_024);
    Ok(())
}
