//! `@FILE`: what would be a secret in an argument list is read from a file.

use super::cookie::Offer;
use super::target::Body;
use crate::exit::{Exit, Failure};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::SystemTime;

/// The largest file, in bytes.
const MOST: u64 = 64 << 10;

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
        for (number, line) in self.lines("headers")? {
            let bad = || self.bad("headers", number, "NAME: VALUE");
            let (name, value) = line.split_once(':').ok_or_else(bad)?;
            let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
            let mut value: HeaderValue = value.trim().parse().map_err(|_| bad())?;
            value.set_sensitive(true);
            headers.append(name, value);
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
                Some(offer) if offer.is_refused() => Err(self.bad("cookies", number, "NAME=VALUE that goes over plain http")),
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
        let length = std::fs::metadata(&self.0).map_err(|e| wrong(e.to_string()))?.len();
        if length > MOST {
            return Err(wrong(format!("it has {length} bytes, and {MOST} are the most")));
        }
        std::fs::read_to_string(&self.0).map_err(|e| wrong(e.to_string()))
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
