//! Where a redirect leads, within one site (RFC 9110 sections 10.2.2 and 15.4).

use super::answer::Answer;
use super::session::shape::Filled;
use super::target::Target;
use http::header::{CONTENT_TYPE, LOCATION};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method};

/// The most redirects of one request that are followed.
pub(super) const MOST: u32 = 10;

/// The request after a redirect, as a browser sends it.
#[derive(Debug)]
pub(super) enum Next {
    /// Within the site: under the same scheme, host and port.
    Here(Filled),
    /// Under another scheme, host or port, which this run doesn't test.
    Elsewhere,
}

/// What follows an answer to `sent`; `None` if it is no redirect, or leads nowhere.
pub(super) fn next(target: &Target, sent: &Filled, answer: &Answer) -> Option<Next> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let Some(path) = resolve(target, &sent.path, &location(answer.headers.get(LOCATION)?)) else { return Some(Next::Elsewhere) };
    path.parse::<PathAndQuery>().ok()?;
    let mut next = Filled { path, ..sent.clone() };
    // Browsers turn a POST into a GET at 301 and 302, too, which RFC 9110 allows.
    let becomes_get = match answer.status {
        303 => sent.method != Method::HEAD,
        301 | 302 => sent.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        (next.method, next.body) = (Method::GET, None);
        next.headers.remove(CONTENT_TYPE);
    }
    Some(Next::Here(next))
}

/// A `Location` without its fragment; what a path can't have is percent-encoded, as browsers do.
fn location(value: &HeaderValue) -> String {
    let bytes = value.as_bytes().trim_ascii().split(|byte| *byte == b'#').next().unwrap_or_default();
    let encoded = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(encoded).collect()
}

/// The path, with its query, that a reference leads to from `base` (RFC 3986 section 5.2); `None` if it is on another site.
fn resolve(target: &Target, base: &str, reference: &str) -> Option<String> {
    let scheme = reference.split_once(':').filter(|(scheme, _)| !scheme.is_empty() && !scheme.contains(['/', '?']));
    let rest = match scheme {
        Some((scheme, rest)) => rest.strip_prefix("//").filter(|_| scheme.eq_ignore_ascii_case(target.scheme())).map(Some)?,
        None => reference.strip_prefix("//"),
    };
    if let Some(rest) = rest {
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let usual = if target.tls.is_some() { ":443" } else { ":80" };
        if authority.strip_suffix(usual).unwrap_or(&authority) != target.authority {
            return None;
        }
        return Some(without_dots(&if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }));
    }
    let (place, _) = base.split_once('?').unwrap_or((base, ""));
    Some(match reference {
        "" => base.to_owned(),
        query if query.starts_with('?') => format!("{place}{query}"),
        path if path.starts_with('/') => without_dots(path),
        path => without_dots(&format!("{}{path}", &place[..place.rfind('/').map_or(0, |at| at + 1)])),
    })
}

/// Removes the segments `.` and `..` of a path that begins with a slash, and leaves its query alone.
fn without_dots(text: &str) -> String {
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
        // What ends in such a segment is a folder.
        if segments.peek().is_none() && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;
    use std::time::Duration;

    fn after(method: Method, status: u16, location: &[u8]) -> Option<Next> {
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        let sent = Filled { method, path: "/a/login?x=1".to_owned(), headers: headers.clone(), body: Some((Bytes::from("user=x"), "text/plain")) };
        headers.insert(LOCATION, HeaderValue::from_bytes(location).unwrap());
        next(&Target::plain("127.0.0.1:8080".to_owned(), Duration::from_secs(1)), &sent, &Answer { status, headers, body: Bytes::new(), cut: None })
    }

    #[test]
    fn within_the_site() {
        for (location, path) in [
            ("/", "/"),
            ("/home?y=2#top", "/home?y=2"),
            ("home", "/a/home"),
            ("../b/./c/..", "/b/"),
            ("/../../x/../y?z=/../", "/y?z=/../"),
            (".", "/a/"),
            ("?y=2", "/a/login?y=2"),
            ("#top", "/a/login?x=1"),
            ("x:y/../z", ""),
            ("./x:y", "/a/x:y"),
            ("//shop.example/home", "/home"),
            ("http://SHOP.example:80", "/"),
            ("http://shop.example?y=2", "/?y=2"),
            (" /caf\u{e9} b ", "/caf%C3%A9%20b"),
            ("https://shop.example/", ""),
            ("http://shop.example:8080/", ""),
            ("http://login.example/", ""),
            ("//login.example/", ""),
            ("http://user@shop.example/", ""),
            ("mailto:a@shop.example", ""),
        ] {
            let found = match after(Method::GET, 302, location.as_bytes()) {
                Some(Next::Here(filled)) => filled.path,
                other => assert_matches_elsewhere(other),
            };
            assert_eq!(found, path, "{location}");
        }
        assert!(after(Method::GET, 200, b"/").is_none() && after(Method::GET, 304, b"/").is_none());
    }

    fn assert_matches_elsewhere(next: Option<Next>) -> String {
        assert!(matches!(next, Some(Next::Elsewhere)), "{next:?}");
        String::new()
    }

    #[test]
    fn methods_change_as_in_browsers() {
        for (method, status, then, has_body) in [
            (Method::POST, 301, Method::GET, false),
            (Method::POST, 302, Method::GET, false),
            (Method::POST, 303, Method::GET, false),
            (Method::PUT, 303, Method::GET, false),
            (Method::HEAD, 303, Method::HEAD, true),
            (Method::PUT, 302, Method::PUT, true),
            (Method::POST, 307, Method::POST, true),
            (Method::POST, 308, Method::POST, true),
        ] {
            let Some(Next::Here(filled)) = after(method.clone(), status, b"/") else { unreachable!("it is within the site") };
            assert_eq!(
                (&filled.method, filled.body.is_some(), filled.headers.contains_key(CONTENT_TYPE)),
                (&then, has_body, has_body),
                "{method} {status}"
            );
        }
    }
}
