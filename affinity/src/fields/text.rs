//! Sessions in the URLs of a page, of a redirect or of an event, and in the first packet of socket.io.

use http::HeaderMap;
use http::header::LOCATION;

/// How much of a body is searched, in bytes.
const MOST: usize = 64 << 10;
/// The shortest session, in bytes.
const SHORTEST: usize = 8;

/// Names of sessions in URLs, each with the pattern that finds it.
const NAMES: &[(&str, &str)] = &[
    ("jsessionid", r"regex:jsessionid=([\w.!~-]+)"),
    ("PHPSESSID", r"regex:PHPSESSID=([\w.!~-]+)"),
    ("session_hash", r"regex:session_hash=([\w.!~-]+)"),
    ("session_id", r"regex:session_id=([\w.!~-]+)"),
    ("sessionId", r"regex:sessionId=([\w.!~-]+)"),
    ("sessionid", r"regex:sessionid=([\w.!~-]+)"),
    ("sid", r"regex:[;?&]sid=([\w.!~-]+)"),
];
/// The first packet of Engine.IO, which socket.io uses, after its length and type.
const PACKET: &[u8] = br#"{"sid":""#;
/// ASP.NET's session in a path, `/(S(…))/`.
const IN_PATH: &[u8] = b"(S(";

/// Sessions in an answer: where each one is, in the form of `--capture`, and its value. Each place comes once.
pub(super) fn sessions<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Vec<(&'static str, &'a [u8])> {
    let body = &body[..body.len().min(MOST)];
    let mut found = in_urls(body);
    let packet = body.iter().take(SHORTEST).position(|byte| *byte == b'{').and_then(|at| body[at..].strip_prefix(PACKET));
    found.extend(packet.map(value).filter(|value| value.len() >= SHORTEST).map(|value| (r#"regex:"sid":"([\w.!~-]+)"#, value)));
    let target = headers.get(LOCATION).map(|to| in_urls(to.as_bytes())).unwrap_or_default();
    found.extend(target.first().map(|(_, value)| ("header:location", *value)));
    found
}

fn in_urls(text: &[u8]) -> Vec<(&'static str, &[u8])> {
    let mut found: Vec<(&'static str, &[u8])> = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        let (before, after) = text.split_at(at);
        let (place, rest) = match byte {
            b'=' => (name_at_end(before), &after[1..]),
            b'(' if before.ends_with(b"/") && after.starts_with(IN_PATH) => (Some(r"regex:\(S\(([\w.!~-]+)"), &after[IN_PATH.len()..]),
            _ => continue,
        };
        let value = value(rest);
        if let Some(place) = place.filter(|place| value.len() >= SHORTEST && found.iter().all(|(known, _)| known != place)) {
            found.push((place, value));
        }
    }
    found
}

/// The place for a name that a text ends with, where it begins a part of a URL.
fn name_at_end(text: &[u8]) -> Option<&'static str> {
    NAMES.iter().find_map(|(name, place)| {
        let (before, own) = text.split_at(text.len().checked_sub(name.len())?);
        (own == name.as_bytes() && matches!(before.last(), Some(b';' | b'?' | b'&'))).then_some(*place)
    })
}

/// What belongs to a session at the beginning of a text.
fn value(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"_.!~-".contains(byte)));
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn in_body(body: &str) -> Vec<(&'static str, String)> {
        let headers = HeaderMap::new();
        let all = sessions(&headers, body.as_bytes());
        all.into_iter().map(|(place, value)| (place, String::from_utf8_lossy(value).into_owned())).collect()
    }

    #[test]
    fn where_sessions_are() {
        let found = |place, value: &str| vec![(place, value.to_owned())];
        assert_eq!(in_body("<a href='/x;jsessionid=0A1B2C3D.web-1?y=1'> /y;jsessionid=other123"), found(NAMES[0].1, "0A1B2C3D.web-1"));
        assert_eq!(in_body("/?a=b&amp;x=1&sid=abcdefgh#top"), found(NAMES[6].1, "abcdefgh"));
        assert_eq!(in_body("/(S(lit3py55t21z5v55vlm25s55))/page"), found(r"regex:\(S\(([\w.!~-]+)", "lit3py55t21z5v55vlm25s55"));
        assert_eq!(
            in_body(r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"]}"#),
            found(r#"regex:"sid":"([\w.!~-]+)"#, "lv_VI97HAXpY6yYWAAAC")
        );
        for none in ["", "=", "sid=abcdefgh", "/?reside=abcdefgh", "/?SID=abcdefgh", "/?sid=short", "/?sid=", "(S(abcdefgh", "{\"sid\":\"", "/?sid"] {
            assert_eq!(in_body(none), [], "{none}");
        }
    }

    #[test]
    fn a_redirect_with_a_session() {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static("/shop;jsessionid=0A1B2C3D"))]);
        assert_eq!(sessions(&headers, b""), [("header:location", &b"0A1B2C3D"[..])]);
    }
}
