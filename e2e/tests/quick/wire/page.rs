//! The page and its files, as served over HTTP.

use crate::wire::target::Target;
use anyhow::Result;
use hyper::Method;
use std::collections::{BTreeSet, HashMap};
use std::io::Read as _;
use testkit::http::{self, Answer};

pub(super) const FLAGS: &[&str] = &[];

/// The values of attributes that load something.
fn loaded(html: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (tag, attribute) in [
        ("script", "src"),
        ("link", "href"),
        ("img", "src"),
        ("source", "src"),
        ("video", "src"),
        ("iframe", "src"),
        ("object", "data"),
        ("use", "href"),
        ("image", "href"),
    ] {
        for piece in html.split(&format!("<{tag}")).skip(1) {
            let piece = piece.split('>').next().unwrap_or_default();
            if let Some(value) = piece.split(&format!(" {attribute}=\"")).nth(1).and_then(|rest| rest.split('"').next()) {
                all.insert(value.to_owned());
            }
        }
    }
    all
}

fn policy(answer: &Answer) -> HashMap<String, String> {
    let text = answer.header("content-security-policy");
    text.split(';').filter_map(|part| part.trim().split_once(' ')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

fn check_policy(answer: &Answer, path: &str) {
    let policy = policy(answer);
    for (name, value) in [
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("img-src", "'self' data:"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    ] {
        assert_eq!(policy.get(name).map(String::as_str), Some(value), "{path} {name}: {policy:?}");
    }
    assert!(policy.get("connect-src").is_some_and(|v| v.split(' ').any(|s| s == "'self'") && !v.contains('*')), "{path}: {policy:?}");
    assert!(!answer.header("content-security-policy").contains("unsafe"), "{path}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
}

pub(super) async fn the_page(target: &Target) -> Result<()> {
    let answer = http::get(target.at("/")).send().await?;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert_eq!(answer.header("content-type").to_lowercase(), "text/html; charset=utf-8");
    check_policy(&answer, "/");
    let html = answer.text();
    assert!(!html.contains("{{"), "a placeholder is left");
    // Each page has its own id, so only the lengths can be compared.
    let zipped = http::get(target.at("/")).header("accept-encoding", "gzip").send().await?;
    assert_eq!((zipped.header("content-encoding"), zipped.header("vary"), zipped.header("cache-control")), ("gzip", "accept-encoding", "no-store"));
    check_policy(&zipped, "/ compressed");
    assert_eq!(unzipped(&zipped)?.len(), html.len());
    for name in ["sticky-client", "sticky-page-by", "sticky-expose", "sticky-version"] {
        assert_eq!(html.matches(&format!("name=\"{name}\"")).count(), 1, "{name}");
    }
    assert!(!html.contains(" style=\"") && !html.contains("<style") && !html.contains(" onclick="), "what the policy would block");
    for piece in html.split("<script").skip(1) {
        assert!(piece.split('>').next().unwrap().contains("src="), "an inline script: {piece:.80}");
    }
    for link in loaded(&html) {
        assert!(!link.starts_with('/') && !link.contains("://"), "{link} would not load below a path prefix");
    }
    assert!(html.contains("href=\"readme\""));
    Ok(())
}

/// Everything that the page loads, and what those files load in turn.
pub(super) async fn files_of_the_page(target: &Target) -> Result<()> {
    let html = http::get(target.at("/")).send().await?.text();
    let mut open: Vec<String> = loaded(&html).into_iter().collect();
    open.push("static/favicon.svg".to_owned());
    let mut seen = BTreeSet::new();
    while let Some(file) = open.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let answer = http::get(target.at(&format!("/{file}"))).send().await?;
        assert_eq!(answer.status, 200, "{file}");
        let kind = match file.rsplit_once('.').map(|(_, e)| e) {
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            other => panic!("{file}: {other:?}"),
        };
        assert_eq!(answer.header("content-type").to_lowercase(), kind, "{file}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{file}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{file}");
        let tag = answer.header("etag").to_owned();
        assert!(tag.ends_with('"') && tag.len() > 4, "{file}: {tag}");
        let again = http::get(target.at(&format!("/{file}"))).header("if-none-match", &tag).send().await?;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()), "{file}");
        let other = http::get(target.at(&format!("/{file}"))).header("if-none-match", "\"other\"").send().await?;
        assert_eq!(other.status, 200, "{file}");
        compressed_on_request(target, &format!("/{file}"), &answer).await?;
        let text = answer.text();
        if file.ends_with(".js") {
            // A file that is joined at build time. A comment may import types, which no browser loads.
            assert!(text.lines().all(|line| !line.starts_with("import ") && !line.starts_with("export ")), "{file}");
        }
        if file.ends_with(".css") {
            assert!(!text.contains("url(http") && !text.contains("@import"), "{file}");
        }
    }
    assert!(seen.iter().any(|f| f.ends_with(".js")) && seen.iter().any(|f| f.ends_with(".css")), "{seen:?}");
    // The page's templates and tests aren't served.
    for hidden in ["index.html", "readme.md", "readme.html", "tests/", "page.test.js"] {
        assert_eq!(http::get(target.at(&format!("/static/{hidden}"))).send().await?.status, 404, "{hidden}");
    }
    Ok(())
}

/// The same file with `accept-encoding: gzip`: shorter, with its own tag, and no other answer to conditions or to HEAD.
async fn compressed_on_request(target: &Target, path: &str, plain: &Answer) -> Result<()> {
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"), "{path}");
    let ask = |method| http::ask(method, target.at(path)).header("accept-encoding", "br, gzip;q=0.8");
    let zipped = ask(Method::GET).send().await?;
    assert_eq!((zipped.status, zipped.header("content-encoding"), zipped.header("vary")), (200, "gzip", "accept-encoding"), "{path}");
    assert_eq!(zipped.header("content-type"), plain.header("content-type"), "{path}");
    assert!(zipped.body.len() < plain.body.len(), "{path}: {} of {}", zipped.body.len(), plain.body.len());
    assert!(unzipped(&zipped)? == plain.body, "{path}: another text");
    let tag = zipped.header("etag");
    assert!(!tag.is_empty() && tag != plain.header("etag"), "{path}: {tag}");
    let again = ask(Method::GET).header("if-none-match", tag).send().await?;
    assert_eq!((again.status, again.body.len(), again.header("etag"), again.header("vary")), (304, 0, tag, "accept-encoding"), "{path}");
    let other = ask(Method::GET).header("if-none-match", plain.header("etag")).send().await?;
    assert_eq!((other.status, other.header("content-encoding")), (200, "gzip"), "{path}: the tag of the other encoding");
    let head = ask(Method::HEAD).send().await?;
    assert_eq!((head.status, head.body.len(), head.header("content-encoding"), head.header("etag")), (200, 0, "gzip", tag), "{path}");
    let refused = http::get(target.at(path)).header("accept-encoding", "gzip;q=0, identity").send().await?;
    assert_eq!((refused.header("content-encoding"), refused.body.len()), ("", plain.body.len()), "{path}");
    Ok(())
}

fn unzipped(answer: &Answer) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut text)?;
    Ok(text)
}

pub(super) async fn the_readme(target: &Target) -> Result<()> {
    let answer = http::get(target.at("/readme")).send().await?;
    assert_eq!((answer.status, answer.header("content-type").to_lowercase().as_str()), (200, "text/html; charset=utf-8"));
    check_policy(&answer, "/readme");
    let html = answer.text();
    compressed_on_request(target, "/readme", &answer).await?;
    assert!(html.contains("<h1") && html.contains("<p>") && !html.contains("{{"), "rendered");
    assert!(!html.contains("\n## ") && !html.contains("**"), "raw Markdown is left");
    for link in loaded(&html) {
        assert!(!link.contains("//"), "{link}");
        let path = link.trim_start_matches("./");
        assert_eq!(http::get(target.at(&format!("/{path}"))).send().await?.status, 200, "{link}");
    }
    Ok(())
}

pub(super) async fn head_is_get_without_a_body(target: &Target) -> Result<()> {
    for path in ["/", "/readme", "/session", "/whoami", "/topology", "/static/style.css"] {
        let (get, head) = (http::get(target.at(path)).send().await?, http::ask(Method::HEAD, target.at(path)).send().await?);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        head.place()?;
    }
    assert_eq!(http::ask(Method::HEAD, target.at("/nothing")).send().await?.status, 404);
    Ok(())
}
