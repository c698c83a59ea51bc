//! The path of one message, as reported by the front door and the workers on it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The id that the page gave a message, which joins what arrives by HTTP with what arrives on the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TraceId(String);

/// A text that is not a trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a trace id is 1 to 32 characters of letters, digits, `-` and `_`")]
pub struct MalformedTraceId;

impl TraceId {
    /// Reads an id: 1 to 32 of `A-Za-z0-9_-`.
    ///
    /// # Errors
    /// [`MalformedTraceId`] for any other text.
    pub fn parse(text: &str) -> Result<Self, MalformedTraceId> {
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if fits { Ok(Self(text.to_owned())) } else { Err(MalformedTraceId) }
    }
}

impl TryFrom<String> for TraceId {
    type Error = MalformedTraceId;
    fn try_from(text: String) -> Result<Self, MalformedTraceId> {
        Self::parse(&text)
    }
}

/// What happened on a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A client's POST request.
    Post,
    /// The HTTP response to it.
    Answer,
    /// A client's frame on its socket.
    Frame,
    /// A worker's frame on a socket.
    Push,
    /// A worker published the message on the bus.
    Publish,
    /// The bus delivered it to a worker that holds a socket.
    Deliver,
    /// There was no socket to deliver to.
    Miss,
}

/// One step of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Where it came from: `door`, `bus`, or a `pod:worker`.
    pub from: String,
    /// Where it went; `None` for a miss.
    pub to: Option<String>,
    /// In lower case on the wire, as in `publish`.
    pub kind: Kind,
    /// Microseconds since `by` first saw this message: comparable only between hops of one `by`.
    pub at_us: u64,
    /// Who reports the hop: `door`, or a `pod:worker`.
    pub by: String,
}

/// The hops that one reporter saw of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Chosen by the client; all traces of one message have the same.
    pub id: TraceId,
    /// In the order in which they happened.
    pub hops: Vec<Hop>,
}

impl Trace {
    /// A trace without hops.
    #[must_use]
    pub const fn new(id: TraceId) -> Self {
        Self { id, hops: Vec::new() }
    }

    /// Adds what `by` saw `at` after it first saw the message.
    pub fn hop(&mut self, from: &str, to: Option<&str>, kind: Kind, at: Duration, by: &str) {
        self.hops.push(Hop {
            from: from.to_owned(),
            to: to.map(str::to_owned),
            kind,
            at_us: u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
            by: by.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_on_the_wire() {
        let mut trace = Trace::new(TraceId::parse("m41").unwrap());
        trace.hop("app-2:0", None, Kind::Miss, Duration::from_micros(22), "app-2:0");
        assert_eq!(
            serde_json::to_string(&trace).unwrap(),
            r#"{"id":"m41","hops":[{"from":"app-2:0","to":null,"kind":"miss","at_us":22,"by":"app-2:0"}]}"#
        );
    }

    #[test]
    fn ids_are_bounded() {
        let (longest, too_long) = ("x".repeat(32), "x".repeat(33));
        assert!(TraceId::parse(&longest).is_ok());
        for bad in ["", "a b", "é", &too_long] {
            assert_eq!(TraceId::parse(bad), Err(MalformedTraceId));
        }
    }
}
