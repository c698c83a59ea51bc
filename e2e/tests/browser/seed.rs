//! The front-end of the demo that this project began with still works on all six buttons: `seed.html` drives the server as that one did.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use testkit::browser::{Browser, Look};
use testkit::http;
use testkit::local::Local;
use testkit::tools;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A site whose `/` is the old page. The app of that demo filled its page with the session and set the cookie with it; here a proxy
/// does so, with what the server gives for a session, and hands every other connection on.
async fn old_site(url: &str) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = format!("http://{}", listener.local_addr()?);
    let url = url.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let url = url.clone();
            // A connection that the browser drops is no failure.
            tokio::spawn(async move { connection(stream, &url).await.ok() });
        }
    });
    Ok(own)
}

async fn connection(mut stream: TcpStream, url: &str) -> Result<()> {
    let mut head = vec![0; 16 << 10];
    let mut length = 0;
    while !head[..length].windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut head[length..]).await?;
        ensure!(read > 0, "closed");
        length += read;
    }
    if !head.starts_with(b"GET / ") {
        let mut server = TcpStream::connect(url.trim_start_matches("http://")).await?;
        server.write_all(&head[..length]).await?;
        copy_bidirectional(&mut stream, &mut server).await?;
        return Ok(());
    }
    let session = http::get(format!("{url}/session")).send().await?;
    let given = session.json()?;
    let text = |name: &str| given[name].as_str().with_context(|| format!("no {name} in {given}"));
    let page = include_str!("seed.html").replace("{{ session_id }}", text("client_id")?).replace("{{ sticky_str }}", text("sticky_str")?);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nset-cookie: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        session.header("set-cookie"),
        page.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(())
}

/// What one press brought: the HTTP answers and the frames.
struct Brought {
    https: Vec<String>,
    wss: Vec<String>,
}

/// Presses a button some times, and waits until there are so many HTTP answers, and a frame for each of those that promise one.
async fn press(browser: &Browser, button: &str, times: usize) -> Result<Brought> {
    browser.eval("document.getElementById('responses').replaceChildren()").await?;
    for i in 0..times {
        let script = format!(
            "document.getElementById('text').value = '  message {i} '; document.querySelector('button[value=\"{button}\"]').click(); return true"
        );
        browser.eval(&script).await?;
        let all = if button == "ws-only" { "wss" } else { "https" };
        browser
            .until(
                &format!("answer {i} of {button}"),
                &format!(
                    "const texts = css => [...document.querySelectorAll('#responses .' + css)].map(li => li.textContent);
                     const owed = texts('https').filter(text => /replying with ws|publishing to/.test(text)).length;
                     return texts('{all}').length === {} && ('{all}' === 'wss' || texts('wss').length === owed)",
                    i + 1
                ),
            )
            .await?;
    }
    let texts = async |css: &str| -> Result<Vec<String>> {
        let found = browser.eval(&format!("return [...document.querySelectorAll('#responses .{css}')].map(li => li.textContent)")).await?;
        Ok(serde_json::from_value(found)?)
    };
    Ok(Brought { https: texts("https").await?, wss: texts("wss").await? })
}

/// The pods that speak in these texts, each of which must be `[POD]` and what `ends` allows.
fn speakers<'a>(texts: &'a [String], ends: impl Fn(usize, &str) -> bool) -> Result<BTreeSet<&'a str>> {
    let speaker = |(i, text): (usize, &'a String)| {
        let (pod, rest) = text.strip_prefix('[').and_then(|text| text.split_once(']')).with_context(|| format!("no pod speaks: {text}"))?;
        ensure!(ends(i, rest), "message {i}: {text}");
        Ok(pod)
    };
    texts.iter().enumerate().map(speaker).collect()
}

#[tokio::test]
async fn all_six_buttons_work() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let local = Local::start(&["--issuer", "app"]).await?;
    let browser = Browser::start(&Look::default()).await?;
    browser.open(&format!("{}/", old_site(&local.url).await?)).await?;
    let home = browser.until("the socket says who holds it", "return document.getElementById('pid').textContent").await?;
    let home = home.as_str().context("no text")?;
    ensure!(browser.eval("return document.cookie").await? == "StickyStr=", "the page took the cookie away");
    let echo = |i: usize, text: &str| text == format!("  message {i}");

    let found = press(&browser, "http-only", 9).await?;
    ensure!(speakers(&found.https, echo)?.len() == 3 && found.wss.is_empty(), "pods take turns: {:?}", found.https);
    let found = press(&browser, "http-sticky", 6).await?;
    ensure!(speakers(&found.https, echo)? == BTreeSet::from([home]) && found.wss.is_empty(), "one pod, that of the socket: {:?}", found.https);
    let found = press(&browser, "ws-only", 6).await?;
    ensure!(speakers(&found.wss, echo)? == BTreeSet::from([home]) && found.https.is_empty(), "{:?}", found.wss);
    let found = press(&browser, "with-redis", 6).await?;
    ensure!(speakers(&found.https, |_, text| text.starts_with(" publishing to "))?.len() == 3, "any pod publishes: {:?}", found.https);
    ensure!(speakers(&found.wss, echo)? == BTreeSet::from([home]) && found.wss.len() == 6, "the holder delivers each: {:?}", found.wss);
    // Three in a row reach all three pods, so one of them holds the socket.
    let found = press(&browser, "not-sticky", 6).await?;
    let (hits, misses): (Vec<_>, Vec<_>) = found.https.iter().partition(|text| **text == format!("[{home}] replying with ws"));
    ensure!((hits.len(), found.wss.len(), misses.len()) == (2, 2, 4), "{:?}", found.https);
    ensure!(misses.iter().all(|text| text.contains("] no connection to ")), "{misses:?}");
    let found = press(&browser, "sticky", 6).await?;
    ensure!(found.https == vec![format!("[{home}] replying with ws"); 6], "{:?}", found.https);
    ensure!(speakers(&found.wss, echo)? == BTreeSet::from([home]) && found.wss.len() == 6, "{:?}", found.wss);

    let console = browser.console().await?;
    let refused: Vec<_> = console.iter().filter(|line| line.starts_with("SEVERE") && !line.contains("favicon")).collect();
    ensure!(refused.is_empty(), "{refused:?}");
    Ok(())
}
