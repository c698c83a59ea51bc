//! The bus: how a message reaches the worker that holds its socket, whichever worker got the request.
//!
//! Two of them: [`memory`], for workers that are threads of one process, and [`redis`], for all others. Either is
//! *directed* (a worker hears the sessions that it holds) or *broadcast* (every worker hears everything, the seed's way).

pub mod memory;
pub mod redis;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;
use sticky_core::topology::Presence;
use sticky_core::trace::TraceId;

/// A message on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relayed {
    /// The session whose sockets shall have it: a whole client id.
    pub to: String,
    /// The text.
    pub text: String,
    /// The trace, where the client asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
}

/// The longest message that is read off the bus, in bytes: twice what the largest `--max-text` needs in JSON.
const MOST_BYTES: usize = 256 * 1024;

impl Relayed {
    /// Reads a message and its session.
    ///
    /// # Errors
    /// Says what is wrong with it, never what is in it.
    pub fn parse(bytes: &[u8]) -> Result<(Self, ClientId), &'static str> {
        if bytes.len() > MOST_BYTES {
            return Err("longer than any message that this app publishes");
        }
        let message: Self = sticky_core::wire::object(bytes).map_err(|_| "not a message of this app")?;
        let to = ClientId::parse(&message.to).map_err(|_| "its client id is malformed")?;
        Ok((message, to))
    }
}

/// Why a message could not be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The bus is not reachable.
    #[error("the relay is away: {0}; nothing was published, try again when /topology says that the bus is ok")]
    Away(String),
}

/// The worker's side: what the bus tells it. Called from the bus's own task or another worker's thread; none of the
/// methods may block.
pub trait Inbox: Send + Sync + 'static {
    /// Writes a message to the sockets of its session; `true` where there is one here.
    fn deliver(&self, to: &ClientId, message: &Relayed) -> bool;
    /// Somebody said that it is there.
    fn hear(&self, presence: Presence);
    /// Something on a channel could not be read.
    fn bad_message(&self, why: &'static str);
    /// The subscription came up (`true`) or was lost.
    fn bus_changed(&self, up: bool);
    /// Whether a socket of this session is here.
    fn holds(&self, id: &ClientId) -> bool;
    /// All sessions that have a socket here.
    fn sessions(&self) -> Vec<ClientId>;
}

/// One worker's link to the bus.
pub trait Bus: Send + Sync + 'static {
    /// `redis` or `memory`.
    fn kind(&self) -> &'static str;
    /// Who hears a message.
    fn fanout(&self) -> Fanout;
    /// Whether the subscription stands.
    fn is_up(&self) -> bool;
    /// The worker hears nothing although the bus answers: only a restart can help.
    fn is_deaf(&self) -> bool {
        false
    }
    /// What keeps the subscription from standing, in words.
    fn trouble(&self) -> Option<String> {
        None
    }
    /// The set of sockets of `id` changed: the bus looks at [`Inbox::holds`] and subscribes or unsubscribes. Resolves when
    /// that is confirmed, to whether messages for `id` will arrive; never waits for a bus that is away.
    fn reconcile<'a>(&'a self, id: ClientId) -> BoxFuture<'a, bool>;
    /// Publishes; resolves to how many workers heard it.
    fn publish<'a>(&'a self, message: &'a Relayed) -> BoxFuture<'a, Result<u64, BusError>>;
    /// Tells everybody, this worker too, that it is there or that it goes. Resolves when that is said, or can't be.
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
            let why = Relayed::parse(bad).unwrap_err();
            assert!(!why.contains("secret"));
        }
    }
}
