//! Markers in requests, by which a line of a log tells which request it is about.

use super::ask::AGENT;
use super::session::shape::Filled;
use http::header::{Entry, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_affinity::marker::Token;
use sticky_affinity::told::{By, Logs};

/// The parameter of the query. With a value that no request had before, no cache can answer either.
const PARAMETER: &str = "stickyctl=";

/// How requests are marked, and the logs that have the markers.
#[derive(Debug, Clone)]
pub(crate) struct Marking {
    pub(crate) token: Token,
    /// The logs that are read.
    pub(crate) from: BTreeSet<By>,
    /// Whether markers are in the query too, and not only in `User-Agent`.
    pub(crate) in_query: bool,
    /// Whether an answer may name its pod as well. If one does, no log is needed.
    pub(crate) or_answers: bool,
    /// The longest wait for lines, each time that something depends on them.
    pub(crate) patience: Duration,
}

impl Marking {
    /// The logs of a run that begins, as its record has them.
    pub(super) fn logs(&self) -> Logs {
        Logs { from: self.from.clone(), in_query: self.in_query, ..Logs::default() }
    }
}

/// The marker of one request.
pub(super) struct Mark<'a> {
    pub(super) number: u32,
    pub(super) marking: &'a Marking,
}

impl Mark<'_> {
    /// A request with the marker in it, which is otherwise the same.
    pub(super) fn on(&self, filled: &Filled) -> Filled {
        let mut marked = Filled { path: self.path(&filled.path).into_owned(), ..filled.clone() };
        self.sign(&mut marked.headers);
        marked
    }

    /// A path with the marker in its query, if it is to be there.
    pub(super) fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let token = self.marking.token.as_str();
        if self.marking.in_query { Cow::Owned(with_parameter(&without_parameter(path, token), &self.text())) } else { without_parameter(path, token) }
    }

    /// Appends the marker to `User-Agent`.
    pub(super) fn sign(&self, headers: &mut HeaderMap) {
        match headers.entry(USER_AGENT) {
            Entry::Vacant(none) => drop(none.insert(self.appended(AGENT.as_bytes(), false))),
            Entry::Occupied(mut own) => own.iter_mut().for_each(|value| *value = self.appended(value.as_bytes(), value.is_sensitive())),
        }
    }

    fn appended(&self, agent: &[u8], is_sensitive: bool) -> HeaderValue {
        let text = [agent, b" ", self.text().as_bytes()].concat();
        // Header values stay valid if ASCII is appended.
        let mut value = HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(AGENT));
        value.set_sensitive(is_sensitive);
        value
    }

    fn text(&self) -> String {
        self.marking.token.marker(self.number)
    }
}

/// A path with the parameter first in its query: a redirect may have put the marker of an earlier request into a later parameter, and the first
/// marker of a line counts.
pub(super) fn with_parameter(path: &str, value: &str) -> String {
    match path.split_once('?') {
        None | Some((_, "")) => format!("{}?{PARAMETER}{value}", path.trim_end_matches('?')),
        Some((path, query)) => format!("{path}?{PARAMETER}{value}&{query}"),
    }
}

/// A path without the marker of an earlier request, which a redirect may have passed on.
fn without_parameter<'a>(path: &'a str, token: &str) -> Cow<'a, str> {
    let is_old = |pair: &str| pair.strip_prefix(PARAMETER).is_some_and(|value| value.starts_with(token));
    let Some((place, query)) = path.split_once('?').filter(|(_, query)| query.split('&').any(is_old)) else { return Cow::Borrowed(path) };
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_old(pair)).collect();
    Cow::Owned(if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn marking(in_query: bool) -> Marking {
        Marking { token: Token::from_seed(7), from: BTreeSet::new(), in_query, or_answers: false, patience: Duration::ZERO }
    }

    #[test]
    fn the_marker_is_first_in_the_query_and_there_once() {
        let marking = marking(true);
        let mark = Mark { number: 17, marking: &marking };
        let (own, old) = (marking.token.marker(17), marking.token.marker(3));
        for (path, marked) in [
            ("/".to_owned(), format!("/?stickyctl={own}")),
            ("/?".to_owned(), format!("/?stickyctl={own}")),
            ("/a;b=1?x=1&y".to_owned(), format!("/a;b=1?stickyctl={own}&x=1&y")),
            (format!("/a/?stickyctl={old}"), format!("/a/?stickyctl={own}")),
            (format!("/a/?x=1&stickyctl={old}"), format!("/a/?stickyctl={own}&x=1")),
            (format!("/login?next=%2F%3Fstickyctl%3D{old}"), format!("/login?stickyctl={own}&next=%2F%3Fstickyctl%3D{old}")),
            ("/?stickyctl=mine".to_owned(), format!("/?stickyctl={own}&stickyctl=mine")),
        ] {
            assert_eq!((mark.path(&path).as_ref(), marking.token.find(&marked)), (marked.as_str(), Some(17)));
        }
        let off = self::marking(false);
        let mark = Mark { number: 17, marking: &off };
        for (path, marked) in [("/?x=1", "/?x=1".to_owned()), (&format!("/?stickyctl={old}"), "/".to_owned())] {
            assert_eq!(mark.path(path), marked);
        }
    }

    #[test]
    fn an_agent_keeps_its_text() {
        let marking = marking(true);
        let mark = Mark { number: 2, marking: &marking };
        let filled = |headers| Filled { method: Method::GET, path: "/".to_owned(), headers, body: None };
        let agent = |headers| mark.on(&filled(headers)).headers.get(USER_AGENT).map(|value| (value.as_bytes().to_vec(), value.is_sensitive()));
        let own = marking.token.marker(2);
        assert_eq!(agent(HeaderMap::new()), Some((format!("{AGENT} {own}").into_bytes(), false)));
        let mut given = HeaderValue::from_bytes(b"M\xfcller/1").unwrap_or_else(|_| HeaderValue::from_static(""));
        given.set_sensitive(true);
        assert_eq!(agent(HeaderMap::from_iter([(USER_AGENT, given)])), Some(([b"M\xfcller/1 ", own.as_bytes()].concat(), true)));
    }
}
