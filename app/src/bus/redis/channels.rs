//! What a worker is subscribed to, and what it has to be subscribed to.

use super::config::RedisConfig;
use crate::bus::link::Inbox;
use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;
use std::collections::HashSet;
use sticky_core::choice::Fanout;
use sticky_core::ids::ClientId;

/// The most channels in one SUBSCRIBE.
pub(super) const BATCH: usize = 512;

/// The subscriptions of one connection.
#[derive(Default)]
pub(super) struct Channels {
    sessions: HashSet<ClientId>,
}

impl Channels {
    /// Subscribes to everything that is due. The worker's own channel is the last one: who finds it subscribed knows that all
    /// others are.
    pub(super) async fn subscribe_all(
        config: &RedisConfig,
        boot: &str,
        inbox: &dyn Inbox,
        connection: &mut MultiplexedConnection,
    ) -> Result<Self, RedisError> {
        let mut channels = vec![config.presence_channel()];
        let mut sessions = HashSet::new();
        if config.fanout() == Fanout::Broadcast {
            channels.push(config.all_channel());
        } else {
            for id in inbox.sessions() {
                sessions.insert(id);
                channels.push(config.session_channel(&id));
            }
        }
        channels.push(config.beat_channel(boot));
        for batch in channels.chunks(BATCH) {
            connection.subscribe(batch).await?;
        }
        Ok(Self { sessions })
    }

    /// Brings the subscriptions of sessions that changed in line with the registry. Reading the registry here, instead of relying
    /// on the order of the changes, makes an unsubscribe harmless that a new socket has overtaken.
    pub(super) async fn settle(
        &mut self,
        config: &RedisConfig,
        inbox: &dyn Inbox,
        connection: &mut MultiplexedConnection,
        changed: impl Iterator<Item = ClientId>,
    ) -> Result<(), RedisError> {
        if config.fanout() == Fanout::Broadcast {
            return Ok(());
        }
        let (mut join, mut leave) = (Vec::new(), Vec::new());
        for id in changed {
            match (inbox.holds(&id), self.sessions.contains(&id)) {
                (true, false) => {
                    self.sessions.insert(id);
                    join.push(config.session_channel(&id));
                }
                (false, true) => {
                    self.sessions.remove(&id);
                    leave.push(config.session_channel(&id));
                }
                _ => {}
            }
        }
        if !join.is_empty() {
            connection.subscribe(&join[..]).await?;
        }
        if !leave.is_empty() {
            connection.unsubscribe(&leave[..]).await?;
        }
        Ok(())
    }
}
