//! A cookie jar: what answers set, and what is sent back.

use crate::cookie::SetCookie;
use crate::http::Answer;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar(Vec<SetCookie>);

impl Jar {
    /// Stores the cookies of an answer. A cookie replaces the one with the same name and path.
    pub fn take(&mut self, answer: &Answer) {
        for cookie in SetCookie::all(answer) {
            self.0.retain(|old| (&old.name, old.attribute("path")) != (&cookie.name, cookie.attribute("path")));
            self.0.push(cookie);
        }
    }

    /// The `Cookie` header with all cookies; empty without any.
    #[must_use]
    pub fn header(&self) -> String {
        header(self.0.iter())
    }

    /// The `Cookie` header that a browser sends to this host and path over plain http.
    #[must_use]
    pub fn header_to(&self, host: &str, path: &str) -> String {
        header(self.0.iter().filter(|cookie| cookie.goes_to(host, path)))
    }

    /// The names of all cookies, in the order of [`Self::header`].
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|cookie| cookie.name.as_str()).collect()
    }

    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }
}

fn header<'a>(cookies: impl Iterator<Item = &'a SetCookie>) -> String {
    cookies.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
}
