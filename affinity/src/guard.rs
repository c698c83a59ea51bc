//! Whether something in front of the site answered in its place: a bot challenge or a firewall, according to the answer's own headers.

use http::HeaderMap;
use http::header::SERVER;

/// Headers of answers that a bot challenge or a firewall wrote: Cloudflare's (developers.cloudflare.com, "Detect a Challenge Page response"),
/// AWS WAF's with status 202 or 405 (its developer guide, "CAPTCHA and Challenge action behavior"), Vercel's and Sucuri's.
const MARKS: [&str; 4] = ["cf-mitigated", "x-amzn-waf-action", "x-vercel-mitigated", "x-sucuri-block"];

/// How content delivery networks and load balancers with a firewall call themselves in the `Server` header, in lower case.
const SERVERS: [&str; 6] = ["cloudflare", "cloudfront", "akamaighost", "awselb", "sucuri", "ddos-guard"];

/// The header that marks an answer as one of a bot challenge or a firewall, in lower case.
#[must_use]
pub fn challenge(headers: &HeaderMap) -> Option<&'static str> {
    MARKS.into_iter().find(|name| headers.contains_key(*name))
}

/// The product that passed the answer on or wrote it, in lower case, if it is a well-known one that may turn clients away by itself.
#[must_use]
pub fn in_front(headers: &HeaderMap) -> Option<&'static str> {
    let server = headers.get(SERVER)?.to_str().ok()?.to_ascii_lowercase();
    SERVERS.into_iter().find(|name| server.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn what_firewalls_say() {
        let headers =
            |name: &'static str, value: &'static str| HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
        assert_eq!(challenge(&headers("cf-mitigated", "challenge")), Some("cf-mitigated"));
        assert_eq!(challenge(&headers("x-amzn-waf-action", "captcha")), Some("x-amzn-waf-action"));
        assert_eq!(in_front(&headers("server", "AkamaiGHost")), Some("akamaighost"));
        assert_eq!(in_front(&headers("server", "awselb/2.0")), Some("awselb"));
        let page = headers("server", "nginx");
        assert_eq!((challenge(&page), in_front(&page), in_front(&headers("cf-ray", "1"))), (None, None, None));
    }
}
