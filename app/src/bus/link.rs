//! The interface between a bus and a worker.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::topology::Presence;
use sticky_core::trace::TraceId;
use sticky_core::wire::object;

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relayed {
    /// The whole client id of the session whose sockets get it.
    pub to: String,
    pub text: String,
    /// The trace, if the client asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// The longest message that is read off the bus, in bytes: twice what the largest `--max-text` needs in JSON.
const MOST_BYTES: usize = 256 * 1024;

/// Something on a channel that this app did not write. None of the texts repeats what was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadMessage {
    /// It is longer than any message that this app publishes.
    #[error("longer than any message that this app publishes")]
    TooLong,
    /// It is not a [`Relayed`].
    #[error("not a message of this app")]
    NotAMessage,
    /// The client id is malformed.
    #[error("a message with a malformed client id")]
    BadClientId,
    /// It is not a [`Presence`].
    #[error("not a presence of this app")]
    NotAPresence,
}

impl Relayed {
    /// Reads a message and its session.
    ///
    /// # Errors
    /// [`BadMessage`] if this app did not write it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<(Self, ClientId), BadMessage> {
        if bytes.len() > MOST_BYTES {
            return Err(BadMessage::TooLong);
        }
        let message: Self = object(bytes).map_err(|_| BadMessage::NotAMessage)?;
        let to = ClientId::parse(&message.to).map_err(|_| BadMessage::BadClientId)?;
        Ok((message, to))
    }
}

/// Why a message could not be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BusError {
    /// The bus is not reachable.
    #[error("the relay is down: {0}; nothing was published, try again when /topology shows the bus as ok")]
    Away(String),
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
}

/// One worker's link to the bus.
pub(crate) trait Bus: Send + Sync + 'static {
    /// `redis` or `memory`.
    fn kind(&self) -> &'static str;
    /// Which workers receive a message.
    fn fanout(&self) -> Fanout;
    /// Whether the subscription is up.
    fn is_up(&self) -> bool;
    /// The worker hears nothing although the bus answers: only a restart can help.
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
    /// Publishes; resolves to the number of workers that received it.
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
        let good = format!(r#"{{"to":"{}","text":"x"}}"#, id.as_str());
        assert_eq!(Relayed::parse(good.as_bytes()).unwrap().1, id);
        let long = vec![b' '; MOST_BYTES + 1];
        for bad in [&b"\xff"[..], b"{}", br#"{"to":"secret","text":"x"}"#, br#"{"to":1}"#, &long] {
            let why = Relayed::parse(bad).unwrap_err().to_string();
            assert!(!why.contains("secret"));
        }
    }
}
