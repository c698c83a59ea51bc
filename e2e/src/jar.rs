//! A cookie jar for one site: enough of RFC 6265 for a session that is a browser's.

use crate::http::Answer;

/// Cookies by name, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Jar(Vec<(String, String)>);

impl Jar {
    /// Takes what an answer sets.
    pub fn take(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let Some((name, value)) = line.to_str().ok().and_then(|line| line.split(';').next()).and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            self.0.retain(|(n, _)| n != name.trim());
            self.0.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }

    /// The `Cookie` header's value; empty without cookies.
    #[must_use]
    pub fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The value of one cookie.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}
