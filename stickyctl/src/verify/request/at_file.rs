//! `@FILE`: secrets come from files, because other users can read an argument list.

use super::cookie_file::{self, CookieError};
use crate::exit::{Exit, Explained};
use crate::patience;
use crate::verify::probe::session::capture::Capture;
use crate::verify::probe::session::shape::{Body, Line};
use crate::verify::probe::session::template::{Template, UnknownName};
use http::{HeaderName, HeaderValue};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::str::{FromStr, Utf8Error};
use std::time::SystemTime;
use sticky_affinity::cookie::Offer;
use sticky_affinity::jar::Place;

/// The largest file, in bytes.
const MOST: u64 = 64 << 10;

/// Headers that a file must not contain, each with what to do instead: verify sets its own, or they would distort what it sees. A request
/// that was copied from a browser has most of them.
const NOT_HERE: &[(&str, &str)] = &[
    ("host", "use --host NAME"),
    ("cookie", "use --cookie @FILE"),
    ("accept-encoding", "remove it: verify does not decompress answers"),
    ("connection", "remove it: each request has its own connection"),
    ("keep-alive", "remove it: each request has its own connection"),
    ("proxy-connection", "remove it: each request has its own connection"),
    ("te", "remove it: it describes a single connection"),
    ("upgrade", "remove it: --ws-url opens a socket"),
    ("content-length", "remove it: it is the length of another body"),
    ("transfer-encoding", "remove it: it describes another body"),
    ("expect", "remove it: verify does not wait for a 100 response"),
    ("if-match", "remove it: the answer would come without the page"),
    ("if-none-match", "remove it: the answer would come without the page"),
    ("if-modified-since", "remove it: the answer would come without the page"),
    ("if-unmodified-since", "remove it: the answer would come without the page"),
    ("range", "remove it: the answer would be only a part of the page"),
    ("sec-websocket-protocol", "use --ws-subprotocol"),
];

/// What to do instead of a header that a file must not contain, by its name in lower case.
fn instead(name: &str) -> Option<&'static str> {
    match name {
        // The notation of browsers for the fields of HTTP/2 (RFC 9113 section 8.3.1).
        ":authority" => Some("use --host NAME"),
        ":method" | ":path" | ":scheme" => Some("remove it: it is not a header"),
        _ if name.starts_with("sec-websocket-") && name != "sec-websocket-protocol" => Some("remove it: each socket has its own"),
        _ => NOT_HERE.iter().find(|(one, _)| *one == name).map(|(_, instead)| *instead),
    }
}

/// The path in `@FILE`.
#[derive(Debug, Clone)]
pub(crate) struct AtFile(PathBuf);

/// Why a file cannot be used. No variant has the file's text, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AtFileError {
    #[error("a secret in an argument list can be read by other users of this machine: put it into a file, and write @FILE")]
    NotAFile,
    #[error("reading {what} from {}: {source}", path.display())]
    Unreadable { what: &'static str, path: PathBuf, source: io::Error },
    #[error("reading {what} from {}: the file is larger than {MOST} bytes", path.display())]
    TooLarge { what: &'static str, path: PathBuf },
    #[error("reading {what} from {}: {source}", path.display())]
    NotText { what: &'static str, path: PathBuf, source: Utf8Error },
    #[error("reading {what} from {}: line {line} does not have the form {form}", path.display())]
    Line { what: &'static str, path: PathBuf, line: usize, form: &'static str },
    #[error("reading cookies from {}: {source}", path.display())]
    Cookies { path: PathBuf, source: CookieError },
    #[error("reading {what} from {}: unknown value in braces: {known}; to send it as it is, double the opening brace", path.display())]
    Unknown { what: &'static str, path: PathBuf, known: String },
    #[error("the file {} contains headers that verify cannot send", path.display())]
    NotHere { path: PathBuf, instead: Vec<String> },
}

impl Explained for AtFileError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::NotHere { instead, .. } => instead.clone(),
            Self::Cookies { source, .. } => source.next_steps(),
            _ => Vec::new(),
        }
    }
}

impl FromStr for AtFile {
    type Err = AtFileError;

    fn from_str(text: &str) -> Result<Self, AtFileError> {
        text.strip_prefix('@').filter(|path| !path.is_empty()).map(|path| Self(path.into())).ok_or(AtFileError::NotAFile)
    }
}

impl AtFile {
    /// Its headers, which may name values of a session.
    pub(super) fn headers(&self, captures: &[Capture]) -> Result<Vec<Line>, AtFileError> {
        let mut headers = Vec::new();
        let mut not_here = Vec::new();
        for (number, line) in self.lines("headers")? {
            let bad = || self.bad("headers", number, "NAME: VALUE");
            // The leading colon of an HTTP/2 field is part of its name.
            let colon = line.get(1..).and_then(|rest| rest.find(':')).ok_or_else(bad)?;
            let (name, value) = (line[..=colon].trim(), &line[colon + 2..]);
            if let Some(instead) = instead(&name.to_ascii_lowercase()) {
                not_here.push(format!("line {}, {name}: {instead}", number + 1));
                continue;
            }
            let name: HeaderName = name.parse().map_err(|_| bad())?;
            let text = value.trim();
            text.parse::<HeaderValue>().map_err(|_| bad())?;
            let value = Template::read(text, captures).map_err(|why| self.unknown("headers", why))?;
            headers.push(Line { name, value });
        }
        if !not_here.is_empty() {
            return Err(AtFileError::NotHere { path: self.0.clone(), instead: not_here });
        }
        Ok(headers)
    }

    /// Its cookies that a browser would send to the site, in any encoding.
    pub(super) fn cookies(&self, site: &Place<'_>) -> Result<Vec<Offer>, AtFileError> {
        let cookies = cookie_file::read(&self.bytes("cookies")?, site, SystemTime::now());
        cookies.map_err(|source| AtFileError::Cookies { path: self.0.clone(), source })
    }

    /// Its text as a body, which may name values of a session.
    pub(super) fn body(&self, what: &'static str, captures: &[Capture]) -> Result<Body, AtFileError> {
        Ok(Body::new(Template::read(self.text(what)?.trim_end(), captures).map_err(|why| self.unknown(what, why))?))
    }

    /// Without the name, which may be a secret in braces.
    fn unknown(&self, what: &'static str, why: UnknownName) -> AtFileError {
        AtFileError::Unknown { what, path: self.0.clone(), known: why.known }
    }

    fn text(&self, what: &'static str) -> Result<String, AtFileError> {
        let bytes = self.bytes(what)?;
        String::from_utf8(bytes).map_err(|e| AtFileError::NotText { what, path: self.0.clone(), source: e.utf8_error() })
    }

    fn bytes(&self, what: &'static str) -> Result<Vec<u8>, AtFileError> {
        let path = || self.0.clone();
        let file = path();
        // A pipe does not tell its length, and a device may have no end.
        let read = patience::read(move || {
            let mut bytes = Vec::new();
            File::open(&file)?.take(MOST + 1).read_to_end(&mut bytes).map(|_| bytes)
        });
        let bytes = read.map_err(|source| AtFileError::Unreadable { what, path: path(), source })?;
        if bytes.len() as u64 > MOST {
            return Err(AtFileError::TooLarge { what, path: path() });
        }
        Ok(bytes)
    }

    /// Its lines, except blank ones, with their indices.
    fn lines(&self, what: &'static str) -> Result<Vec<(usize, String)>, AtFileError> {
        Ok(self.text(what)?.lines().map(|line| line.trim().to_owned()).enumerate().filter(|(_, line)| !line.is_empty()).collect())
    }

    fn bad(&self, what: &'static str, number: usize, form: &'static str) -> AtFileError {
        AtFileError::Line { what, path: self.0.clone(), line: number + 1, form }
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
        let headers = file.headers(&[]).unwrap();
        assert_eq!((headers.len(), headers[0].value.to_string().as_str()), (2, "Bearer secret"));
        std::fs::write(&path, "secret without a name\n").unwrap();
        let why = file.headers(&[]).unwrap_err().to_string();
        assert!(why.contains("line 1") && !why.contains("secret"), "{why}");
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
        let failure = file.headers(&[]).unwrap_err();
        let tries = failure.next_steps();
        assert!(failure.exit() == Exit::Usage && tries.iter().all(|line| !line.contains("secret")), "{failure:?}");
        let lines: Vec<&str> = tries.iter().map(|line| line.split_once(',').unwrap().0).collect();
        assert_eq!(lines, ["1", "2", "3", "5", "6", "7", "8", "9", "10", "11", "12", "14"].map(|n| format!("line {n}")), "{failure:?}");
        for says in
            ["line 1, :authority: use --host", "line 3, Host: use --host", "line 5, Accept-Encoding: remove", "line 7, Cookie: use --cookie @FILE"]
        {
            assert!(tries.iter().any(|line| line.starts_with(says)), "{says}: {failure:?}");
        }
        std::fs::write(&path, "Accept: text/html\nUpgrade-Insecure-Requests: 1\nX-Forwarded-For: 10.0.0.1\nContent-Type: text/plain\n").unwrap();
        assert_eq!(file.headers(&[]).unwrap().len(), 4);
        std::fs::write(&path, ":secret: x\n").unwrap();
        assert!(file.headers(&[]).unwrap_err().to_string().ends_with("line 1 does not have the form NAME: VALUE"));
    }

    #[test]
    fn what_has_no_end_or_is_no_text() {
        let zero: AtFile = "@/dev/zero".parse().unwrap();
        assert!(zero.headers(&[]).unwrap_err().to_string().ends_with("larger than 65536 bytes"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        std::fs::write(&path, "x".repeat(MOST as usize)).unwrap();
        assert_eq!(file.body("a body", &[]).unwrap().text.to_string().len() as u64, MOST);
        // As many bytes, whose end is the middle of a letter.
        std::fs::write(&path, "ä".repeat(MOST as usize)).unwrap();
        assert!(file.body("a body", &[]).unwrap_err().to_string().ends_with("larger than 65536 bytes"));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(file.body("a body", &[]).unwrap_err().to_string().contains("utf-8"));
    }

    #[test]
    fn cookies_and_a_body() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file: AtFile = format!("@{}", path.display()).parse().unwrap();
        std::fs::write(&path, b"login=secret\nCookie: b=\xe4").unwrap();
        let site = Place { host: "shop.example", path: "/", tls: false };
        let names: Vec<Vec<u8>> = file.cookies(&site).unwrap().into_iter().map(|offer| offer.name).collect();
        assert_eq!(names, [b"login".to_vec(), b"b".to_vec()]);
        std::fs::write(&path, "secret\n").unwrap();
        let failure = file.cookies(&site).unwrap_err();
        assert!(failure.to_string().contains("file: line 1 has none") && failure.next_steps().len() == 3, "{failure:?}");
        for (text, kind) in [("{\"user\": \"x\"}\n", "application/json"), ("user=x&password=y\n", "application/x-www-form-urlencoded")] {
            std::fs::write(&path, text).unwrap();
            let body = file.body("a body", &[]).unwrap();
            assert_eq!((body.kind, body.text.to_string().as_str()), (kind, text.trim_end()));
        }
    }
}
