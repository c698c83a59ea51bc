//! Where a site hands out its sessions, if not in a cookie.

use super::candidates::words;
use super::{Field, Fields};

impl Fields {
    /// The most likely place where the site hands out a session, other than a cookie: its name tells so, and each of at least `least` clients
    /// got a value of its own. It has the form of `--capture`. An ID of the request, a trace, a date or a token against forgery is none.
    #[must_use]
    pub fn handed_out(&self, least: u64) -> Option<String> {
        let own = |field: &Field<'_>| field.shared == 0 && (field.is_full || field.values >= least);
        let field = self.all().find(|field| own(field) && is_session(field.name)).map(|field| field.place);
        let mut texts = self.texts.iter().map(|(place, counts)| counts.field((*place).to_owned(), place));
        field.or_else(|| texts.find(own).map(|field| field.place))
    }
}

/// Whether a header or a JSON field has a name for sessions: `Mcp-Session-Id`, `session_hash`, `sid`, `X-Auth-Token` as Spring Session has it,
/// `connectionToken` of SignalR, or the `entropy` from which clients of SockJS make up their session.
fn is_session(name: &str) -> bool {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let ends = |known: &[&str]| words.iter().map(String::as_str).collect::<Vec<_>>().ends_with(known);
    let is = has(&["session", "sessionid", "sessid", "sid", "jsessionid", "phpsessid", "entropy"])
        || ends(&["auth", "token"])
        || ends(&["connection", "token"])
        || ends(&["connection", "id"]);
    is && !has(OTHERS)
}

/// Words in the names of what differs in every answer, but isn't a session.
const OTHERS: &[&str] = &[
    "age",
    "count",
    "created",
    "csrf",
    "date",
    "duration",
    "expiration",
    "expires",
    "expiry",
    "nonce",
    "request",
    "span",
    "start",
    "started",
    "time",
    "timeout",
    "timestamp",
    "trace",
    "ttl",
    "until",
    "xsrf",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue};

    /// What 20 sessions with three answers each get, where `fill` gives the header and the body of an answer by its number and its session.
    fn handed_out(fill: impl Fn(u32, u32) -> (&'static str, String, String)) -> Option<String> {
        let mut fields = Fields::default();
        for n in 0..60 {
            let (name, value, body) = fill(n, n % 20);
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap())]);
            fields.take(&headers, body.as_bytes(), Some(n % 20));
        }
        fields.handed_out(18)
    }

    #[test]
    fn a_session_by_its_name() {
        let header = |name| handed_out(move |n, _| (name, format!("id-{n}"), String::new()));
        for name in ["mcp-session-id", "x-auth-token", "x-session-token", "sid", "x-sessionid"] {
            assert_eq!(header(name), Some(format!("header:{name}")));
        }
        for name in ["x-request-id", "x-csrf-token", "date", "etag", "traceparent", "x-session-expires", "x-residence", "session-csrf-token"] {
            assert_eq!(header(name), None, "{name}");
        }
        let json =
            |field: &'static str| handed_out(move |_, session| ("x-n", "1".to_owned(), format!(r#"{{"data": {{"{field}": "id-{session}"}}}}"#)));
        for field in ["session_hash", "sessionId", "sid", "connectionToken", "entropy"] {
            assert_eq!(json(field), Some(format!("json:/data/{field}")));
        }
        assert_eq!((json("requestId"), json("sessionStarted"), json("id")), (None, None, None));
    }

    #[test]
    fn a_session_in_a_text() {
        let text = |before: &'static str, after: &'static str| handed_out(move |n, _| ("x-n", "1".to_owned(), format!("{before}id-1234-{n}{after}")));
        assert_eq!(text("<a href='/shop;jsessionid=", "?a=b'>").as_deref(), Some(r"regex:jsessionid=([\w.!~-]+)"));
        assert_eq!(text("event: endpoint\ndata: /messages/?session_id=", "\n").as_deref(), Some(r"regex:session_id=([\w.!~-]+)"));
        assert_eq!(text(r#"96:0{"sid":""#, r#"","upgrades":[]}"#).as_deref(), Some(r#"regex:"sid":"([\w.!~-]+)"#));
        assert_eq!(text("<a href='/?page=", "'>"), None);
    }

    /// A name alone says little: what several sessions share is none of theirs, and what few have is not handed out to each.
    #[test]
    fn a_session_has_a_value_of_its_own() {
        let header = |value: fn(u32, u32) -> String| handed_out(move |n, session| ("x-session", value(n, session), String::new()));
        assert_eq!(header(|_, _| "guest".to_owned()), None);
        assert_eq!(header(|_, session| (session / 2).to_string()), None);
        assert_eq!(header(|_, session| session.to_string()).as_deref(), Some("header:x-session"));
        let mut few = Fields::default();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("sid"), HeaderValue::from_static("1"))]);
        few.take(&headers, b"", Some(1));
        assert_eq!((few.handed_out(18), few.handed_out(1).as_deref()), (None, Some("header:sid")));
    }
}
