//! Chromium is the referee for what a browser does with a cookie: each row of one table is asked of it and of the jar of `stickyctl verify`,
//! and both must store and send the same.

mod rows;
mod site;

use anyhow::{Context, Result, ensure};
use http::{HeaderMap, HeaderValue};
use rows::{Answer, Row};
use serde_json::{Value, json};
use site::Site;
use std::time::{Duration, Instant, SystemTime};
use sticky_affinity::cookie::Offer;
use sticky_affinity::jar::{Jar, Place};
use testkit::browser::{Browser, Look};
use testkit::tools;

/// Every name that the rows use leads to the site. None of them is `localhost`, where Secure cookies may be set over plain http, unless a row
/// says so.
const FLAGS: [&str; 2] = ["--ignore-certificate-errors", "--host-resolver-rules=MAP *.example 127.0.0.1, MAP example 127.0.0.1, MAP *.io 127.0.0.1"];

/// Rows of one page: Chromium keeps at most 180 cookies of a site.
const TOGETHER: usize = 50;

/// How far apart two lifetimes may be: one is counted when the answer is read, the other when the table is made.
const SLACK: Duration = Duration::from_secs(30);

/// A row's place in the site: its host, and which page asks for it.
struct Placed {
    row: Row,
    host: String,
    /// The host of the page; none for a row that needs the browser alone.
    page: Option<String>,
}

impl Placed {
    fn all() -> Vec<Self> {
        let place = |(n, row): (usize, Row)| match row.host {
            Some(host) => Self { row, host: host.to_owned(), page: None },
            // A page and its parts have one scheme.
            None if row.is_mixed() => Self { host: format!("r{n}.alone.example"), row, page: None },
            None => {
                let page = format!("{}-{}.example", if row.answers[0].tls { "https" } else { "http" }, n / TOGETHER);
                Self { host: format!("{}r{n}.{page}", row.below), row, page: Some(page) }
            }
        };
        rows::all().into_iter().enumerate().map(place).collect()
    }

    /// The name that a `Domain` attribute means by `HOST`.
    fn name(&self) -> &str {
        self.host.strip_prefix(self.row.below).unwrap_or(&self.host)
    }

    fn line(&self, line: &[u8]) -> Vec<u8> {
        site::replaced(line, b"HOST", self.name().as_bytes())
    }

    fn place<'a>(&'a self, path: &'a str, tls: bool) -> Place<'a> {
        Place { host: &self.host, path: path.split('?').next().unwrap_or(path), tls }
    }

    /// The `Cookie` header of each request, by the jar, and the lifetime of the only cookie.
    fn by_the_jar(&self) -> (Vec<Option<Vec<u8>>>, Option<Life>) {
        let (mut jar, now) = (Jar::default(), SystemTime::now());
        let mut lives = Vec::new();
        for answer in &self.row.answers {
            for line in &answer.lines {
                let line = self.line(line);
                for offer in offers(answer, &line, now) {
                    lives.push(offer.lives(now).map_or(Life::Session, Life::For));
                    jar.take(offer, &self.place(answer.path, answer.tls), now);
                }
            }
        }
        let tls = self.row.answers[0].tls;
        let life = if lives.len() == 1 { lives.pop() } else { None };
        (self.row.asks.iter().map(|path| jar.header(&self.place(path, tls), now)).collect(), life)
    }
}

/// What a line offers. A value that no header can have, because of a control character, is read without its answer.
fn offers(answer: &Answer, line: &[u8], now: SystemTime) -> Vec<Offer> {
    let Ok(value) = HeaderValue::from_bytes(line) else { return Offer::read(line, now).into_iter().collect() };
    let mut headers = HeaderMap::new();
    headers.insert("set-cookie", value);
    headers.extend(answer.date.map(|date| (http::header::DATE, HeaderValue::from_static(date))));
    Offer::all(&headers, now).collect()
}

#[derive(Debug, PartialEq)]
enum Life {
    Session,
    For(Duration),
}

impl Life {
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::For(one), Self::For(other)) => one.abs_diff(*other) < SLACK,
            _ => self == other,
        }
    }
}

#[tokio::test]
async fn the_jar_does_what_chromium_does() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    let began = Instant::now();
    let all = Placed::all();
    let site =
        Site::start(all.iter().map(|placed| placed.row.answers.iter().map(|answer| answer.bytes(|line| placed.line(line))).collect()).collect())
            .await?;
    let browser = Browser::start_with(&Look::default(), &FLAGS).await?;
    let mut pages: Vec<&str> = all.iter().filter_map(|placed| placed.page.as_deref()).collect();
    pages.dedup();
    for page in pages {
        let tls = page.starts_with("https");
        browser.open(&site.url(page, tls, "/")).await?;
        let urls: Vec<Vec<String>> =
            all.iter().enumerate().filter(|(_, placed)| placed.page.as_deref() == Some(page)).map(|(n, placed)| urls(&site, n, placed)).collect();
        browser.eval(&format!("{ASK}; return ask({})", json!(urls))).await?;
    }
    let stored = browser.devtools("Network.getAllCookies", json!({})).await?;
    let mut open = String::new();
    for (n, placed) in all.iter().enumerate().filter(|(_, placed)| placed.page.is_none()) {
        browser.devtools("Network.clearBrowserCookies", json!({})).await?;
        let urls = urls(&site, n, placed);
        if placed.row.is_mixed() {
            for url in &urls {
                browser.open(url).await?;
            }
            continue;
        }
        let page = site.url(&placed.host, placed.row.answers[0].tls, "/");
        if open != page {
            browser.open(&page).await?;
            open = page;
        }
        browser.eval(&format!("{ASK}; return ask({})", json!([urls]))).await?;
    }
    let mut wrong = Vec::new();
    let (mut sent, mut lives) = (0, 0);
    for (n, placed) in all.iter().enumerate() {
        let asked = (0..placed.row.asks.len()).map(|ask| site.heard(n, ask).with_context(|| format!("{} was not asked", placed.row.name())));
        let chromium = asked.collect::<Result<Vec<_>>>()?;
        let (jar, life) = placed.by_the_jar();
        sent += usize::from(chromium.iter().any(Option::is_some));
        if (chromium == jar) == placed.row.differs {
            wrong.push(format!("{}\n  Chromium {}\n  jar      {}", placed.row.name(), shown(&chromium), shown(&jar)));
        }
        let Some((life, kept)) = life.zip(placed.page.as_ref().and_then(|_| kept(&stored, placed.name()))) else { continue };
        lives += 1;
        if !life.is_like(&kept) {
            wrong.push(format!("{}\n  Chromium keeps it for {kept:?}\n  the jar {life:?}", placed.row.name()));
        }
    }
    eprintln!("{} rows: {sent} come back, {lives} lifetimes, {:.1} s", all.len(), began.elapsed().as_secs_f64());
    ensure!(wrong.is_empty(), "{} of {} rows differ:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    ensure!(sent > 60 && all.len() - sent > 60 && lives > 60, "{sent} of {} come back, {lives} lifetimes: too few to tell anything", all.len());
    Ok(())
}

/// Requests the URLs of each row in order, and the rows side by side.
const ASK: &str = "const ask = rows => Promise.all(rows.map(async urls => {
    for (const url of urls) await fetch(url, {mode: 'no-cors', credentials: 'include', cache: 'no-store'});
}))";

/// What a row requests: its answers with cookies, and then what shows which of them come back.
fn urls(site: &Site, n: usize, placed: &Placed) -> Vec<String> {
    let row = &placed.row;
    let sets = row.answers.iter().enumerate().map(|(k, answer)| (answer.tls, answer.path, format!("set.{n}.{k}")));
    let asks = row.asks.iter().enumerate().map(|(k, path)| (row.answers[0].tls, *path, format!("ask.{n}.{k}")));
    let url =
        |(tls, path, id): (bool, &str, String)| site.url(&placed.host, tls, &format!("{path}{}{id}", if path.contains('?') { '&' } else { '?' }));
    sets.chain(asks).map(url).collect()
}

/// How long Chromium keeps the only cookie of a host; none if it keeps none.
fn kept(stored: &Value, host: &str) -> Option<Life> {
    let cookies = stored["cookies"].as_array()?;
    let cookie = cookies.iter().find(|cookie| cookie["domain"].as_str().is_some_and(|domain| domain.ends_with(host)))?;
    let expires = cookie["expires"].as_f64().filter(|expires| *expires > 0.0);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    Some(expires.map_or(Life::Session, |expires| Life::For(Duration::from_secs_f64(expires).saturating_sub(now))))
}

fn shown(headers: &[Option<Vec<u8>>]) -> String {
    let one = |header: &Option<Vec<u8>>| header.as_ref().map_or_else(|| "nothing".to_owned(), |header| rows::shown(header));
    headers.iter().map(one).collect::<Vec<_>>().join(" | ")
}
