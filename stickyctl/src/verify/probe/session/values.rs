//! The values of a session beside its cookies: one that it has from the start, and those that `--capture` reads from its first answer.

use super::capture::Capture;
use http::HeaderMap;

/// The longest captured value, in bytes; a longer one counts as missing, because a part of it would be another value.
const LONGEST: usize = 4 << 10;
/// The length of a session's own value, in characters.
const LENGTH: usize = 12;

/// The values of one session. Captured ones are secrets: they are sent, and never shown.
#[derive(Clone)]
pub(crate) struct Values {
    session: String,
    /// By the index of the capture; none if no answer had it yet.
    captured: Vec<Option<String>>,
}

impl Values {
    /// The values of a session before its first answer. Its own one is derived from the run's seed and the session's number, below 2^32.
    pub(crate) fn new(seed: u64, number: u64, captures: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed.rotate_left(17) ^ (number << 32) ^ number);
        let letter = |_| char::from_digit(rng.u32(0..36), 36).unwrap_or('0');
        Self { session: (0..LENGTH).map(letter).collect(), captured: vec![None; captures] }
    }

    /// The value of `{session}`: lower-case letters and digits.
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    /// The value of a capture, by its index.
    pub(crate) fn captured(&self, index: usize) -> Option<&str> {
        self.captured.get(index)?.as_deref()
    }

    /// Takes what the captures find in an answer; the last answer that has a value wins.
    pub(crate) fn take(&mut self, captures: &[Capture], headers: &HeaderMap, body: &[u8]) {
        for (place, capture) in self.captured.iter_mut().zip(captures) {
            // Nothing else can stand in a header.
            let fits = |value: &String| value.len() <= LONGEST && !value.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
            if let Some(value) = capture.source.whole(headers, body).filter(fits) {
                *place = Some(value);
            }
        }
    }

    /// A text of the site with the names of captures instead of their values.
    pub(crate) fn hidden(&self, captures: &[Capture], text: &str) -> String {
        let known = self.captured.iter().zip(captures).filter_map(|(value, capture)| Some((value.as_deref()?, capture)));
        known.fold(text.to_owned(), |text, (value, capture)| text.replace(value, &format!("{{{}}}", capture.name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeSet;

    fn captures(flags: &[&str]) -> Vec<Capture> {
        flags.iter().map(|flag| flag.parse().unwrap()).collect()
    }

    #[test]
    fn each_session_has_a_value_of_its_own() {
        let all: BTreeSet<String> = (1..=20).flat_map(|seed| (0..500).map(move |number| Values::new(seed, number, 0).session().to_owned())).collect();
        assert_eq!(all.len(), 20 * 500);
        assert!(all.iter().all(|value| value.len() == LENGTH && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())));
        assert_eq!(Values::new(7, 3, 0).session(), Values::new(7, 3, 0).session());
    }

    #[test]
    fn the_last_answer_that_has_a_value_wins() {
        let captures = captures(&["SID=header:x-session", "N=json:/n"]);
        let mut values = Values::new(1, 0, captures.len());
        let headers = |value: &str| HeaderMap::from_iter([("x-session".parse().unwrap(), value.parse().unwrap())]);
        values.take(&captures, &headers("a"), b"no json");
        assert_eq!((values.captured(0), values.captured(1), values.captured(2)), (Some("a"), None, None));
        values.take(&captures, &HeaderMap::new(), br#"{"n": 3}"#);
        values.take(&captures, &headers("  "), br#"{"n": "a\r\nb"}"#);
        assert_eq!((values.captured(0), values.captured(1)), (Some("a"), Some("3")), "neither a blank nor a line break is a value");
        values.take(&captures, &headers(&"x".repeat(LONGEST + 1)), b"");
        assert_eq!(values.captured(0), Some("a"));
        values.take(&captures, &headers(&"x".repeat(LONGEST)), b"");
        assert_eq!(values.captured(0).map(str::len), Some(LONGEST));
    }

    #[test]
    fn a_text_of_the_site_without_them() {
        let captures = captures(&["SID=header:x-session"]);
        let mut values = Values::new(1, 0, captures.len());
        assert_eq!(values.hidden(&captures, "to /a/secret"), "to /a/secret");
        values.take(&captures, &HeaderMap::from_iter([("x-session".parse().unwrap(), "secret".parse().unwrap())]), b"");
        assert_eq!(values.hidden(&captures, "to /a/secret"), "to /a/{SID}");
    }
}
