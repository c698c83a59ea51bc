//! What arrives on the subscription.

use super::config::RedisConfig;
use super::shared::Shared;
use crate::bus::link::{BadMessage, Inbox, Relayed};
use ::redis::aio::{AsyncPushSender, SendError};
use ::redis::{PushInfo, PushKind, Value};
use std::sync::Arc;
use std::time::Instant;
use sticky_core::presence::Presence;
use tokio::sync::Notify;

/// The connection's reader calls it for each push, without a second hop or a queue.
pub(super) struct Listener {
    inbox: Arc<dyn Inbox>,
    link: Arc<Shared>,
    lost: Arc<Notify>,
    presence: Vec<u8>,
    beat: Vec<u8>,
    session: Vec<u8>,
    all: Vec<u8>,
}

impl Listener {
    /// `lost` is notified when the connection breaks.
    pub(super) fn new(config: &RedisConfig, boot: &str, inbox: Arc<dyn Inbox>, link: Arc<Shared>, lost: Arc<Notify>) -> Self {
        let (presence, beat, all) = (config.presence_channel(), config.beat_channel(boot), config.all_channel());
        let (presence, beat, all) = (presence.into_bytes(), beat.into_bytes(), all.into_bytes());
        Self { inbox, link, lost, presence, beat, session: config.session_prefix().into_bytes(), all }
    }

    /// Whoever may publish on a channel can write anything: it is checked as what a client sends.
    fn hear(&self, channel: &[u8], payload: &[u8]) -> Result<(), BadMessage> {
        if channel == self.beat {
            let beat = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
            return if beat.is_some_and(|beat| self.link.pulse.hear(beat)) { Ok(()) } else { Err(BadMessage::NotABeat) };
        }
        if channel == self.presence {
            let presence = Presence::parse(payload).map_err(|_| BadMessage::NotAPresence)?;
            self.link.peers().hear(&presence, Instant::now());
            self.inbox.hear(presence);
            return Ok(());
        }
        let session = channel.strip_prefix(&self.session[..]);
        if session.is_none() && channel != self.all {
            return Ok(());
        }
        let (message, to) = Relayed::parse(payload, self.inbox.max_text())?;
        if session.is_some_and(|session| session != to.as_str().as_bytes()) {
            return Err(BadMessage::OtherSession);
        }
        self.inbox.deliver(&to, &message);
        Ok(())
    }
}

impl AsyncPushSender for Listener {
    fn send(&self, push: PushInfo) -> Result<(), SendError> {
        match (push.kind, push.data.as_slice()) {
            (PushKind::Disconnection, _) => self.lost.notify_one(),
            (PushKind::Message, [Value::BulkString(channel), Value::BulkString(payload)]) => {
                if let Err(why) = self.hear(channel, payload) {
                    self.inbox.bad_message(why);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
