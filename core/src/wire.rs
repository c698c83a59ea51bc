//! HTTP bodies and WebSocket frames.

use crate::download::Piece;
use crate::ids::{IdempotencyKey, MalformedKey};
use crate::trace::{Trace, TraceId};
use serde::{Deserialize, Serialize};

/// What a client sends, checked: the body of a POST, and a text frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The text, at most `--max-text` bytes.
    pub text: String,
    /// The trace id of a frame; a POST has it in the header [`crate::names::header::TRACE`].
    pub trace: Option<TraceId>,
    /// The message's key; a POST can have it in the header [`crate::names::header::IDEMPOTENCY_KEY`] instead.
    pub key: Option<IdempotencyKey>,
}

/// The message as it is written. Fields that are not known are ignored.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    text: String,
    /// What to do with it; the only op is `echo`, which is also the default.
    #[serde(default)]
    op: Option<String>,
    #[serde(default)]
    trace: Option<String>,
    #[serde(default)]
    idempotency_key: Option<String>,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not JSON, or not an object of this shape.
    #[error("the message is not the JSON object {{\"text\": string, \"op\": \"echo\"}}: {0}")]
    BadJson(String),
    /// An `op` other than `echo`.
    #[error("unknown op `{0}`; the only op is `echo`")]
    UnknownOp(String),
    /// The text is longer than the limit.
    #[error("the text has {len} bytes; the limit is {max} (--max-text)")]
    TooLarge {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The trace id is malformed.
    #[error("a trace id is 1 to 32 characters of letters, digits, `-` and `_`")]
    BadTrace,
    /// The key is malformed, or the header and the body disagree.
    #[error("{MalformedKey}; the header and the body can't name different ones")]
    BadKey,
}

impl Refusal {
    /// The error's code and the HTTP status that goes with it.
    #[must_use]
    pub const fn code(&self) -> (&'static str, u16) {
        match self {
            Self::BadJson(_) => ("bad-json", 400),
            Self::UnknownOp(_) => ("unknown-op", 422),
            Self::TooLarge { .. } => ("too-large", 413),
            Self::BadTrace => ("bad-trace", 400),
            Self::BadKey => ("bad-idempotency-key", 400),
        }
    }
}

impl Message {
    /// Reads and checks one message.
    ///
    /// # Errors
    /// A [`Refusal`] that says which rule it broke.
    pub fn parse(bytes: &[u8], max_text: usize) -> Result<Self, Refusal> {
        let written: Written = object(bytes).map_err(|e| Refusal::BadJson(e.to_string()))?;
        if written.text.len() > max_text {
            return Err(Refusal::TooLarge { len: written.text.len(), max: max_text });
        }
        match written.op.as_deref() {
            None | Some("echo") => {}
            Some(other) => return Err(Refusal::UnknownOp(other.chars().take(40).collect())),
        }
        let trace = written.trace.as_deref().map(TraceId::parse).transpose().map_err(|_| Refusal::BadTrace)?;
        let key = written.idempotency_key.as_deref().map(IdempotencyKey::parse).transpose().map_err(|_| Refusal::BadKey)?;
        Ok(Self { text: written.text, trace, key })
    }
}

/// The body of an answer over HTTP, and a frame that carries a text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Text<'a> {
    /// `[identity]  text`.
    pub text: String,
    /// The number of sockets that a local delivery reached. For a repeated key, those that it would reach now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<usize>,
    /// The number of workers to whose subscription the bus passed the message. It is not a receipt: a worker drops a message
    /// whose socket has just closed and one whose key it has seen, and a connection that has just broken still counts until
    /// the bus or its worker notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receivers: Option<u64>,
    /// In an answer over HTTP, the names of the cookies that reached the app, in order; never their values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookies: Option<&'a [String]>,
    /// In a frame, the piece of a download that it brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<&'a Piece>,
    /// In a frame, the key that the message's client gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<&'a IdempotencyKey>,
    /// The path of the message, if the client asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<&'a Trace>,
}

impl<'a> Text<'a> {
    /// The echo of `text` by `identity`, with two spaces between them.
    #[must_use]
    pub fn echo(identity: &str, text: &str, idempotency_key: Option<&'a IdempotencyKey>, trace: Option<&'a Trace>) -> Self {
        Self { text: format!("[{identity}]  {text}"), idempotency_key, trace, ..Self::default() }
    }
}

/// The first frame of a socket.
#[derive(Debug, Clone, Serialize)]
pub struct Hello<'a> {
    /// The identity. The name is older than the identity's form; clients rely on it.
    pub websocket_pid: &'a str,
    /// `pod:worker`; left out if identities are not exposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<&'a str>,
    /// `off` if the bus is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<&'static str>,
}

/// The bus came back, or went down, while the socket was open.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RelayState {
    /// `on` or `off`.
    pub relay: &'static str,
}

/// `{"error": {"code", "message"}}`, over HTTP and on sockets.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorBody<'a> {
    error: ErrorDetail<'a>,
}

#[derive(Debug, Clone, Serialize)]
struct ErrorDetail<'a> {
    /// For programs; it never changes.
    code: &'a str,
    message: &'a str,
}

impl<'a> ErrorBody<'a> {
    /// The body for `code` and `message`.
    #[must_use]
    pub const fn new(code: &'a str, message: &'a str) -> Self {
        Self { error: ErrorDetail { code, message } }
    }
}

/// Bytes that are not the JSON object that was expected.
#[derive(Debug, thiserror::Error)]
pub enum BadObject {
    /// They don't begin with `{`.
    #[error("expected an object")]
    NotAnObject,
    /// They are not JSON, or not of the expected shape.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Reads a JSON object. serde alone would also accept an array for a struct.
///
/// # Errors
/// [`BadObject`] where the bytes are not an object of this shape.
pub fn object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadObject> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(BadObject::NotAnObject);
    }
    Ok(serde_json::from_slice(bytes)?)
}

/// The JSON form of a plain value; it can't fail for structs of strings, numbers and options.
pub fn json<T: Serialize>(value: &T) -> String {
    // This can't fail for structs of strings, numbers and options; still, an empty object is better than a panic.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Message, Refusal> {
        Message::parse(text.as_bytes(), 8)
    }

    #[test]
    fn both_fields_are_optional() {
        assert_eq!(parse("{}").unwrap(), Message::default());
        assert_eq!(parse(r#"{"text":"hi","op":"echo","else":1}"#).unwrap().text, "hi");
        assert!(parse(r#"{"id":7,"idempotency_key":"m-1"}"#).unwrap().key.is_some(), "the name collides with no common field");
    }

    #[test]
    fn each_rule_has_its_code() {
        let code = |text: &str| parse(text).unwrap_err().code();
        assert_eq!(code("{"), ("bad-json", 400));
        assert_eq!(code("[]"), ("bad-json", 400));
        assert_eq!(code(r#"{"text":1}"#), ("bad-json", 400));
        assert_eq!(code(r#"{"op":"shout"}"#), ("unknown-op", 422));
        assert_eq!(code(r#"{"text":"123456789"}"#), ("too-large", 413));
        assert_eq!(code(r#"{"trace":"a b"}"#), ("bad-trace", 400));
        assert_eq!(code(r#"{"idempotency_key":"a b"}"#), ("bad-idempotency-key", 400));
    }

    #[test]
    fn the_limit_counts_bytes_and_is_inclusive() {
        assert!(parse(r#"{"text":"12345678"}"#).is_ok());
        assert_eq!(parse(r#"{"text":"ééééé"}"#).unwrap_err(), Refusal::TooLarge { len: 10, max: 8 });
    }

    #[test]
    fn the_echo_has_two_spaces() {
        assert_eq!(json(&Text::echo("app-1", "hi", None, None)), r#"{"text":"[app-1]  hi"}"#);
    }
}
