//! Whether a cache answered, according to the answer's own headers.

use http::HeaderMap;
use http::header::{AGE, HeaderName};

/// Whether the headers say that the answer came from a cache: an age (RFC 9111 section 5.1), or a hit (RFC 9211 and its predecessors).
#[must_use]
pub fn is_cached(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let aged = text(AGE).and_then(|age| age.trim().parse::<u64>().ok()).is_some_and(|age| age > 0);
    let hit = ["cache-status", "x-cache", "cf-cache-status", "x-cache-status"]
        .into_iter()
        .any(|name| text(HeaderName::from_static(name)).is_some_and(|said| said.to_ascii_lowercase().split([',', ';', ' ']).any(is_hit)));
    aged || hit
}

/// Words for a stored answer: `hit`, `tcp_mem_hit`, `refreshhit`, and what nginx and Cloudflare write for one that is served stale.
fn is_hit(word: &str) -> bool {
    let word = word.trim();
    word == "hit" || word.ends_with("_hit") || matches!(word, "refreshhit" | "stale" | "updating" | "revalidated")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_caches_say() {
        let said = |name: &'static str, value: &'static str| {
            is_cached(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert!(said("age", "12") && said("x-cache", "HIT from edge") && said("cache-status", "edge; hit; ttl=3") && said("cf-cache-status", "HIT"));
        assert!(said("x-cache", "TCP_MEM_HIT from edge") && said("x-cache", "RefreshHit from cloudfront") && said("x-cache-status", "STALE"));
        assert!(!said("age", "0") && !said("x-cache", "MISS") && !said("cache-status", "edge; fwd=miss") && !said("x-cache", "white"));
    }
}
