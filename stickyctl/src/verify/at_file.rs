//! `@FILE`: what would be a secret in an argument list is read from a file.

use super::cookie::Offer;
use super::target::Body;
use crate::exit::{Exit, Failure};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::SystemTime;

/// The largest file, in bytes.
const MOST: u64 = 64 << 10;

/// Headers that a file may not have, each with what to do instead: verify has its own, or they would spoil what it sees. A browser's
/// request, copied whole, has most of them.
const NOT_HERE: &[(&str, &str)] = &[
    ("host", "--host NAME in its place"),
    ("cookie", "--cookie @FILE in its place"),
    ("accept-encoding", "leave it out: answers are read as they come, and nothing is unpacked"),
    ("connection", "leave it out: each request has a connection of its own"),
    ("keep-alive", "leave it out: each request has a connection of its own"),
    ("proxy-connection", "leave it out: each request has a connection of its own"),
    ("te", "leave it out: it speaks of one connection"),
    ("upgrade", "leave it out: --ws-url asks for a socket"),
    ("content-length", "leave it out: it is the length of another body"),
    ("transfer-encoding", "leave it out: it is about another body"),
    ("expect", "leave it out: nobody waits for a 100"),
    ("if-match", "leave it out: the answer would have no page"),
    ("if-none-match", "leave it out: the answer would have no page"),
    ("if-modified-since", "leave it out: the answer would have no page"),
    ("if-unmodified-since", "leave it out: the answer would have no page"),
    ("range", "leave it out: the answer would be a part of the page"),
    ("sec-websocket-protocol", "--ws-subprotocol in its place"),
];

/// What to do instead of a header, in lower case, that has no place in a file.
fn instead(name: &str) -> Option<&'static str> {
    match name {
        // As browsers show those of HTTP/2 (RFC 9113 section 8.3.1).
        ":authority" => Some("--host NAME in its place"),
        ":method" | ":path" | ":scheme" => Some("leave it out: it is no header"),
        _ if name.starts_with("sec-websocket-") && name != "sec-websocket-protocol" => Some("leave it out: each socket makes its own"),
        _ => NOT_HERE.iter().find(|(one, _)| *one == name).map(|(_, instead)| *instead),
    }
}

/// `@FILE`.
#[derive(Debug, Clone)]
pub struct AtFile(PathBuf);

impl FromStr for AtFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_prefix('@')
            .filter(|path| !path.is_empty())
            .map(|path| Self(path.into()))
            .ok_or_else(|| "write @ and a file, which holds it: what stands in an argument list is seen by others".to_owned())
    }
}

impl AtFile {
    /// Its headers, which are secrets.
    pub(super) fn headers(&self) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        let mut not_here = Vec::new();
        for (number, line) in self.lines("headers")? {
            let bad = || self.bad("headers", number, "NAME: VALUE");
            // The colon that HTTP/2's own begin with is part of their name.
            let colon = line.get(1..).and_then(|rest| rest.find(':')).ok_or_else(bad)?;
            let (name, value) = (line[..=colon].trim(), &line[colon + 2..]);
            if let Some(instead) = instead(&name.to_ascii_lowercase()) {
                not_here.push(format!("line {}, {name}: {instead}", number + 1));
                continue;
            }
            let name: HeaderName = name.parse().map_err(|_| bad())?;
            let mut value: HeaderValue = value.trim().parse().map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        if !not_here.is_empty() {
            let what = format!("the headers in {} have some that can't stand there", self.0.display());
            return Err(not_here.into_iter().fold(Failure::new(Exit::Usage, what), Failure::try_this));
        }
        Ok(headers)
    }

    /// Its cookies, which are secrets, for the whole host; over TLS they are Secure.
    pub(super) fn cookies(&self, tls: bool) -> Result<Vec<Offer>, Failure> {
        let attributes = if tls { "Path=/; Secure" } else { "Path=/" };
        let read = |(number, line): (usize, String)| {
            let offer = Some(&line)
                .filter(|line| !line.contains([';', ',']))
                .and_then(|line| Offer::read(&format!("{line}; {attributes}"), SystemTime::now()));
            match offer {
                None => Err(self.bad("cookies", number, "NAME=VALUE")),
                Some(offer) if offer.is_refused() => Err(self.bad("cookies", number, "NAME=VALUE that a browser would send there")),
                Some(offer) => Ok(offer),
            }
        };
        self.lines("cookies")?.into_iter().map(read).collect()
    }

    /// All of it, to be posted.
    pub(super) fn body(&self) -> Result<Body, Failure> {
        Ok(Body::new(self.text("what is posted")?.trim_end().to_owned()))
    }

    fn text(&self, what: &str) -> Result<String, Failure> {
        let wrong = |why: String| Failure::new(Exit::Usage, format!("reading {what} from {}: {why}", self.0.display()));
        let mut bytes = Vec::new();
        // A pipe says nothing of its length, and a device may have no end.
        let read = File::open(&self.0).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes)).map_err(|e| wrong(e.to_string()))?;
        if read as u64 > MOST {
            return Err(wrong(format!("it is larger than {MOST} bytes")));
        }
        String::from_utf8(bytes).map_err(|e| wrong(e.utf8_error().to_string()))
    }

    /// Its lines with their numbers, from 0, without empty ones.
    fn lines(&self, what: &str) -> Result<Vec<(usize, String)>, Failure> {
        Ok(self.text(what)?.lines().map(|line| line.trim().to_owned()).enumerate().filter(|(_, line)| !line.is_empty()).collect())
    }

    /// Not the line itself: it may be a secret.
    fn bad(&self, what: &str, number: usize, form: &str) -> Failure {
        Failure::new(Exit::Usage, format!("reading {what} from {}: line {} is no `{form}`", self.0.display(), number + 1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn headers_are_read_from_a_file_and_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, "Authorization: Bearer secret\n\nX-Test:1\n").unwrap();
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        let headers = file.headers().unwrap();
        assert_eq!((headers.len(), headers["authorization"].is_sensitive()), (2, true));
        std::fs::write(&path, "secret without a name\n").unwrap();
        let failure = file.headers().unwrap_err();
        assert!(failure.what.contains("line 1") && !failure.what.contains("secret"), "{}", failure.what);
        assert!("Authorization: x".parse::<AtFile>().is_err());
    }

    #[test]
    fn a_browsers_headers_copied_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        let copied = ":authority: shop.example\n:method: GET\nHost: shop.example\nAccept: */*\nAccept-Encoding: gzip, br\nConnection: keep-alive\n\
                      Cookie: a=secret\nContent-Length: 3\nTransfer-Encoding: chunked\nSec-WebSocket-Key: secret\n\
                      Sec-WebSocket-Protocol: chat\nUpgrade: websocket\nUpgrade-Insecure-Requests: 1\nIf-None-Match: \"x\"\n";
        std::fs::write(&path, copied).unwrap();
        let failure = file.headers().unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.tries.iter().all(|line| !line.contains("secret")), "{failure:?}");
        let lines: Vec<&str> = failure.tries.iter().map(|line| line.split_once(',').unwrap().0).collect();
        assert_eq!(lines, ["1", "2", "3", "5", "6", "7", "8", "9", "10", "11", "12", "14"].map(|n| format!("line {n}")), "{failure:?}");
        for says in ["line 1, :authority: --host", "line 3, Host: --host", "line 5, Accept-Encoding: leave", "line 7, Cookie: --cookie @FILE"] {
            assert!(failure.tries.iter().any(|line| line.starts_with(says)), "{says}: {failure:?}");
        }
        std::fs::write(&path, "Accept: text/html\nUpgrade-Insecure-Requests: 1\nX-Forwarded-For: 10.0.0.1\nContent-Type: text/plain\n").unwrap();
        assert_eq!(file.headers().unwrap().len(), 4);
        std::fs::write(&path, ":secret: x\n").unwrap();
        assert!(file.headers().unwrap_err().what.ends_with("line 1 is no `NAME: VALUE`"));
    }

    #[test]
    fn what_has_no_end_or_is_no_text() {
        let zero: AtFile = "@/dev/zero".parse().unwrap();
        assert!(zero.headers().unwrap_err().what.ends_with("larger than 65536 bytes"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        std::fs::write(&path, "x".repeat(MOST as usize)).unwrap();
        assert_eq!(file.body().unwrap().bytes.len() as u64, MOST);
        // As many bytes, whose end is the middle of a letter.
        std::fs::write(&path, "ä".repeat(MOST as usize)).unwrap();
        assert!(file.body().unwrap_err().what.ends_with("larger than 65536 bytes"));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(file.body().unwrap_err().what.contains("utf-8"));
    }

    #[test]
    fn cookies_and_a_body() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        std::fs::write(&path, "login=secret\n theme=dark \n__Host-id=1").unwrap();
        let names: Vec<(String, bool)> = file.cookies(true).unwrap().into_iter().map(|offer| (offer.name, offer.secure)).collect();
        assert_eq!(names, [("login", true), ("theme", true), ("__Host-id", true)].map(|(name, secure)| (name.to_owned(), secure)));
        assert!(file.cookies(false).unwrap_err().what.contains("line 3"), "such a name goes over TLS only");
        std::fs::write(&path, "a=b; Path=/\n").unwrap();
        assert!(file.cookies(false).unwrap_err().what.contains("line 1"));
        for (text, kind) in [("{\"user\": \"x\"}\n", "application/json"), ("user=x&password=y\n", "application/x-www-form-urlencoded")] {
            std::fs::write(&path, text).unwrap();
            let body = file.body().unwrap();
            assert_eq!((body.kind, body.bytes.as_ref()), (kind, text.trim_end().as_bytes()));
        }
    }
}
