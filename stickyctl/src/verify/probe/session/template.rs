//! Texts with places for a session's values: `/cart;jsessionid={ID}`.

use super::capture::{Capture, SESSION, is_name};
use super::values::Values;
use std::borrow::Cow;
use std::fmt;

/// A text that may contain `{session}` and the names of captures in braces. `{{NAME}` is the text `{NAME}`; any other brace is just a brace,
/// so that JSON can be written as usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// As it was written.
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Session,
    /// By the index of the capture.
    Captured(usize),
}

/// Where a template's text is put, which decides how values are written in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A path with its query: percent-encoded (RFC 3986 section 2.1).
    Path,
    /// Form data (`application/x-www-form-urlencoded`): percent-encoded.
    Form,
    /// JSON, where values are in strings: with JSON's escapes (RFC 8259 section 7).
    Json,
    /// A header or a plain text: as they are.
    Plain,
}

/// The text names a value that no session has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown value {{{name}}}: {known}; to send it as it is, write {{{{{name}}}")]
pub(crate) struct UnknownName {
    name: String,
    /// The names that are known, as a clause.
    pub(crate) known: String,
}

impl Template {
    /// A text without places for values, whatever braces it has.
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parts: vec![Part::Text(text.clone())], text }
    }

    /// Reads a text that may name the values of `captures`.
    pub(crate) fn read(text: &str, captures: &[Capture]) -> Result<Self, UnknownName> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let doubled = from.starts_with("{{");
            let Some(name) = name_in(&from[usize::from(doubled)..]) else {
                plain.push('{');
                rest = &from[1..];
                continue;
            };
            rest = &from[usize::from(doubled) + name.len() + 2..];
            if doubled {
                plain.push_str(&format!("{{{name}}}"));
                continue;
            }
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            let captured = captures.iter().position(|capture| capture.name == name).map(Part::Captured);
            let part = if name == SESSION { Some(Part::Session) } else { captured };
            parts.push(part.ok_or_else(|| UnknownName { name: name.to_owned(), known: known(captures) })?);
        }
        plain.push_str(rest);
        if !plain.is_empty() || parts.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text with a session's values; `None` if one that it names is missing.
    pub(crate) fn filled(&self, values: &Values, place: Place) -> Option<Cow<'_, str>> {
        if let [Part::Text(text)] = self.parts.as_slice() {
            return Some(Cow::Borrowed(text));
        }
        let mut filled = String::new();
        for part in &self.parts {
            let value = match part {
                Part::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Part::Session => values.session(),
                Part::Captured(index) => values.captured(*index)?,
            };
            // Only the template's own question mark begins a query: those in values are encoded.
            match place {
                Place::Path => encode(&mut filled, value, if self.in_query(part) { "!$'()*,:@" } else { "!$'()*,:@+=" }),
                Place::Form => encode(&mut filled, value, "*"),
                Place::Json => {
                    let quoted = serde_json::Value::from(value).to_string();
                    filled.push_str(&quoted[1..quoted.len() - 1]);
                }
                Place::Plain => filled.push_str(value),
            }
        }
        Some(Cow::Owned(filled))
    }

    /// Whether a question mark comes before a part.
    fn in_query(&self, part: &Part) -> bool {
        self.parts.iter().take_while(|other| !std::ptr::eq(*other, part)).any(|other| matches!(other, Part::Text(text) if text.contains('?')))
    }

    /// Whether it is a JSON object or array, whatever values it gets.
    pub(crate) fn is_json(&self) -> bool {
        // A digit can stand in a string, and for a whole value.
        let text: String = self.parts.iter().map(|part| if let Part::Text(text) = part { text.as_str() } else { "0" }).collect();
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|value| value.is_object() || value.is_array())
    }

    /// The indices of the captures that it names.
    pub(crate) fn captures(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| if let Part::Captured(index) = part { Some(*index) } else { None })
    }

    /// Whether it can be filled only once an answer had the value of a capture.
    pub(crate) fn needs_captures(&self) -> bool {
        self.captures().next().is_some()
    }

    /// Whether it has a place for `{session}`.
    pub(crate) fn has_session(&self) -> bool {
        self.parts.contains(&Part::Session)
    }
}

/// The text as it was written, without any value.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name at the beginning of a text that begins with a brace.
fn name_in(text: &str) -> Option<&str> {
    let name = text.strip_prefix('{')?.split_once('}')?.0;
    is_name(name).then_some(name)
}

fn known(captures: &[Capture]) -> String {
    let names = captures.iter().map(|capture| format!("{{{}}}", capture.name));
    let all: Vec<String> = std::iter::once(format!("{{{SESSION}}}")).chain(names).collect();
    let hint = if captures.is_empty() { ", and --capture adds more" } else { "" };
    format!("the known ones are {}{hint}", all.join(", "))
}

/// Percent-encodes all but unreserved characters and those in `kept`.
fn encode(to: &mut String, value: &str, kept: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.as_bytes().contains(&byte) {
            to.push(char::from(byte));
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::HeaderMap;

    fn captures() -> Vec<Capture> {
        ["SID=header:x-session", "N=json:/n"].map(|flag| flag.parse().unwrap()).into()
    }

    fn values(sid: &str) -> Values {
        let mut values = Values::new(1, 0, 2);
        values.take(
            &captures(),
            &HeaderMap::from_iter([("x-session".parse().unwrap(), http::HeaderValue::from_bytes(sid.as_bytes()).unwrap())]),
            b"",
        );
        values
    }

    fn filled(text: &str, sid: &str, place: Place) -> String {
        Template::read(text, &captures()).unwrap().filled(&values(sid), place).unwrap().into_owned()
    }

    #[test]
    fn values_are_written_as_their_place_takes_them() {
        for (text, sid, place, wanted) in [
            ("/a;jsessionid={SID}?b=c", "A1.node-1", Place::Path, "/a;jsessionid=A1.node-1?b=c"),
            ("/a/{SID}/x?s={SID}&t={SID}", "a+b/=?ä", Place::Path, "/a/a+b%2F=%3F%C3%A4/x?s=a%2Bb%2F%3D%3F%C3%A4&t=a%2Bb%2F%3D%3F%C3%A4"),
            ("/{SID}", "A!-1!2", Place::Path, "/A!-1!2"),
            ("id={SID}&x=1", "a b&c", Place::Form, "id=a%20b%26c&x=1"),
            (r#"{"id": "{SID}", "q": {"a": {}}}"#, r#"a"\b"#, Place::Json, r#"{"id": "a\"\\b", "q": {"a": {}}}"#),
            (r#"{"id":"{SID}"}"#, r#""a""#, Place::Json, r#"{"id":"\"a\""}"#),
            ("Bearer {SID}", "a=/+ä", Place::Plain, "Bearer a=/+ä"),
            ("{{SID} {{ {SID}} { {x y} {", "a", Place::Plain, "{SID} {{ a} { {x y} {"),
        ] {
            assert_eq!(filled(text, sid, place), wanted, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_missing_or_unknown() {
        let template = Template::read("/{session}/{N}", &captures()).unwrap();
        assert!(template.needs_captures() && template.has_session() && template.captures().eq([1]));
        assert_eq!(template.filled(&values("a"), Place::Path), None);
        let own = Template::read("/{session}", &captures()).unwrap();
        assert!(!own.needs_captures() && own.filled(&values("a"), Place::Path).unwrap().len() == 13);
        let why = Template::read("/{sid}", &captures()).unwrap_err().to_string();
        assert_eq!(why, "unknown value {sid}: the known ones are {session}, {SID}, {N}; to send it as it is, write {{sid}");
        assert!(Template::read("{x}", &[]).unwrap_err().to_string().contains("{session}, and --capture adds more"));
        assert_eq!(Template::literal("{x}").filled(&values("a"), Place::Plain).unwrap(), "{x}");
        assert_eq!(Template::read("", &[]).unwrap().filled(&values("a"), Place::Plain).unwrap(), "");
    }
}
