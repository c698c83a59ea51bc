//! The answer to a request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::LOCATION;

/// The longest URL of a redirect that is shown, in characters.
const LONGEST: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// As much of the body as was read.
    pub(super) body: Bytes,
    /// Why the body was not read to its end, if it may identify a pod.
    pub(super) cut: Option<String>,
}

impl Answer {
    /// A hint at why it identifies no pod: the target of a redirect, or a body that was cut.
    pub(super) fn aside(&self) -> Option<String> {
        let to = self.headers.get(LOCATION).filter(|_| (300..400).contains(&self.status)).and_then(|to| to.to_str().ok());
        to.map(|to| format!("{} redirect to {}, which is not followed", self.status, without_secrets(to))).or_else(|| self.cut.clone())
    }
}

/// A URL without its possible secrets: query, path parameters and password.
fn without_secrets(url: &str) -> String {
    let plain = url.split(['?', '#', ';']).next().unwrap_or_default();
    let (scheme, rest) = plain.split_once("//").map_or(("", plain), |(scheme, rest)| (scheme, rest));
    let slashes = if plain.contains("//") { "//" } else { "" };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{slashes}{host}{path}").chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn what_tells_why_nobody_is_named() {
        let answer = |status: u16, headers: &[(HeaderName, &'static str)], cut: Option<&str>| Answer {
            status,
            headers: headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect(),
            body: Bytes::new(),
            cut: cut.map(str::to_owned),
        };
        for (to, told) in [
            ("https://shop.example/", "https://shop.example/"),
            ("https://u:secret@shop.example/login;jsessionid=secret?next=secret#secret", "https://shop.example/login"),
            ("/login?token=secret", "/login"),
            ("//other.example/a@b", "//other.example/a@b"),
            ("login", "login"),
        ] {
            assert_eq!(answer(301, &[(LOCATION, to)], None).aside(), Some(format!("301 redirect to {told}, which is not followed")));
        }
        assert_eq!(answer(200, &[(LOCATION, "/")], None).aside(), None);
        assert_eq!(answer(304, &[], Some("a body was cut")).aside().as_deref(), Some("a body was cut"));
        let long: &'static str = Box::leak(format!("/{}", "x".repeat(10_000)).into_boxed_str());
        assert_eq!(
            answer(302, &[(LOCATION, long)], None).aside().map(|text| text.len()),
            Some(LONGEST + "302 redirect to , which is not followed".len())
        );
    }
}
