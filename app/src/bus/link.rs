//! The interface between a bus and a worker.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sticky_core::choice::Fanout;
use sticky_core::download::{MOST_DATA, Piece};
use sticky_core::ids::{ClientId, IdempotencyKey};
use sticky_core::presence::Presence;
use sticky_core::trace::TraceId;
use sticky_core::wire::object;

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relayed {
    /// The whole client id of the session whose sockets get it.
    pub to: String,
    /// What its client sent; empty if it is a piece of a download.
    pub text: String,
    /// The trace, if the client asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    /// By which a receiver drops a second copy, if the client chose one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// The piece of a download, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Piece>,
}

/// Something on a channel that this app did not write. None of the texts repeats what was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadMessage {
    /// It is longer than what this worker accepts from a client.
    #[error("longer than --max-text allows")]
    TooLong,
    /// It is not a [`Relayed`].
    #[error("not a message of this app")]
    NotAMessage,
    /// It has a piece of a download that none of this app's workers sends.
    #[error("not a piece of this app's download")]
    NotAPiece,
    /// The client id is malformed.
    #[error("a message with a malformed client id")]
    BadClientId,
    /// It is on the channel of one session and addresses another.
    #[error("a message on the channel of another session")]
    OtherSession,
    /// It is not a [`Presence`].
    #[error("not a presence of this app")]
    NotAPresence,
    /// It is on a worker's own channel, and the worker didn't write it.
    #[error("not a beat of this worker")]
    NotABeat,
}

impl Relayed {
    /// Reads a message and its session, with the rules for what a client sends.
    ///
    /// # Errors
    /// [`BadMessage`] if this app did not write it.
    pub(crate) fn parse(bytes: &[u8], max_text: usize) -> Result<(Self, ClientId), BadMessage> {
        // JSON writes a byte as at most six (`\u0000`); the other fields are short, and a piece has no text.
        if bytes.len() > max_text.max(MOST_DATA).saturating_mul(6).saturating_add(1_024) {
            return Err(BadMessage::TooLong);
        }
        let message: Self = object(bytes).map_err(|_| BadMessage::NotAMessage)?;
        if message.text.len() > max_text {
            return Err(BadMessage::TooLong);
        }
        if message.download.as_ref().is_some_and(|piece| !piece.fits() || !message.text.is_empty()) {
            return Err(BadMessage::NotAPiece);
        }
        let to = ClientId::parse(&message.to).map_err(|_| BadMessage::BadClientId)?;
        Ok((message, to))
    }
}

/// What is known of a message that could not be published. Why is in the log and in `/readyz`, and is not a client's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BusError {
    /// It has not been published and will not be.
    #[error("not sent: the relay is down; try again when /topology shows the bus as ok")]
    NotSent,
    /// It was sent to the bus, which didn't confirm it.
    #[error(
        "unknown: the bus did not confirm the message and may still deliver it; use the same Idempotency-Key to send it again without a second copy"
    )]
    Unknown,
}

impl BusError {
    /// The code of the answer.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotSent => "relay-unavailable",
            Self::Unknown => "relay-unknown",
        }
    }
}

/// The worker, as the bus calls it from its own task or another worker's thread. None of the methods may block.
pub(crate) trait Inbox: Send + Sync + 'static {
    /// Queues a message on the sockets of its session; returns whether this worker holds one.
    fn deliver(&self, to: &ClientId, message: &Relayed) -> bool;
    /// A worker announced itself, or said goodbye.
    fn hear(&self, presence: Presence);
    /// A channel carried something that could not be read.
    fn bad_message(&self, why: BadMessage);
    /// The subscription came up (`true`) or was lost.
    fn bus_changed(&self, up: bool);
    /// Whether this worker holds a socket of the session.
    fn holds(&self, id: &ClientId) -> bool;
    /// All sessions of which this worker holds a socket.
    fn sessions(&self) -> Vec<ClientId>;
    /// The longest text that this worker accepts, in bytes.
    fn max_text(&self) -> usize;
}

/// One worker's link to the bus.
pub(crate) trait Bus: Send + Sync + 'static {
    /// `redis` or `memory`.
    fn kind(&self) -> &'static str;
    /// Which workers receive a message.
    fn fanout(&self) -> Fanout;
    /// Whether the subscription is up.
    fn is_up(&self) -> bool;
    /// The worker hears nothing although the bus takes what it publishes: only a restart can help.
    fn is_deaf(&self) -> bool {
        false
    }
    /// What keeps the subscription down, for a log line or `/readyz`.
    fn trouble(&self) -> Option<String> {
        None
    }
    /// The set of sockets of `id` changed: the bus looks at [`Inbox::holds`] and subscribes or unsubscribes. Resolves when
    /// that is confirmed, to whether messages for `id` will arrive; never waits for a bus that is down.
    fn reconcile<'a>(&'a self, id: ClientId) -> BoxFuture<'a, bool>;
    /// Publishes; resolves to the number of workers to whose subscription the bus passed it.
    fn publish<'a>(&'a self, message: &'a Relayed) -> BoxFuture<'a, Result<u64, BusError>>;
    /// Announces this worker to every worker, itself included. Resolves when that is done, or has failed.
    fn announce<'a>(&'a self, presence: Presence) -> BoxFuture<'a, ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_named_and_not_repeated() {
        let id = ClientId::from_random([7; 16]);
        let written = |text: &str| format!(r#"{{"to":"{}","text":"{text}","key":"m-1","later":1}}"#, id.as_str());
        let (good, to) = Relayed::parse(written("x").as_bytes(), 8).unwrap();
        assert_eq!((to, good.key.is_some()), (id, true));
        let (long, longest) = (written("123456789"), " ".repeat(2_000));
        let key = written("x").replace("m-1", "<img>");
        for bad in ["\u{1}", "{}", "[]", r#"{"to":"secret","text":"x"}"#, r#"{"to":1}"#, &long, &longest, &key] {
            let why = Relayed::parse(bad.as_bytes(), 8).unwrap_err().to_string();
            assert!(!why.contains("secret") && !why.contains("img"));
        }
        let piece = |piece: u8, text: &str, data: &str| {
            let to = id.as_str();
            format!(r#"{{"to":"{to}","text":"{text}","download":{{"piece":{piece},"pieces":12,"data":"{data}"}}}}"#)
        };
        let (longest, too_long) = ("\\u0000".repeat(MOST_DATA), "x".repeat(MOST_DATA + 1));
        assert!(Relayed::parse(piece(11, "", &longest).as_bytes(), 8).is_ok_and(|(message, _)| message.download.is_some()));
        for bad in [
            piece(12, "", "x"),
            piece(0, "x", "x"),
            piece(0, "", &too_long),
            piece(0, "", "x").replace("12", "11"),
            piece(0, "", "x").replace("data", "date"),
        ] {
            assert!(Relayed::parse(bad.as_bytes(), 8).is_err(), "{bad}");
        }
        // The longest text in its longest form still fits.
        assert!(Relayed::parse(written(&"\\u0000".repeat(8)).as_bytes(), 8).is_ok());
    }
}
