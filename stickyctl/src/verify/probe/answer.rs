//! The answer to a request.

use crate::verify::redacted::redacted;
use bytes::Bytes;
use http::HeaderMap;
use http::header::LOCATION;
use sticky_affinity::guard;

/// The largest part of a body that is read, in bytes.
pub(super) const MOST_BODY: usize = 1 << 20;
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
    /// A hint at why it identifies no pod: who else answered, the target of a redirect, or a body that was cut.
    pub(super) fn aside(&self) -> Option<String> {
        if let Some(name) = guard::challenge(&self.headers) {
            return Some(format!("the header {name} marks an answer of a bot challenge or a firewall"));
        }
        if let Some(name) = guard::in_front(&self.headers).filter(|_| self.status >= 400) {
            return Some(format!("by way of {name}, which may turn clients away by itself"));
        }
        let to = self.headers.get(LOCATION).filter(|_| (300..400).contains(&self.status)).and_then(|to| to.to_str().ok());
        to.map(|to| format!("{} redirect to {}, which is not followed", self.status, shown(to))).or_else(|| self.cut.clone())
    }
}

fn shown(url: &str) -> String {
    redacted(url).chars().take(LONGEST).collect()
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
            ("https://u:secret@shop.example/login;jsessionid=secret?next=secret#secret", "https://shop.example/login;jsessionid=***?next=***"),
            ("/login?token=secret", "/login?token=***"),
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
