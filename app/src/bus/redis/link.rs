//! One worker's link to Redis.

use super::config::{RedisConfig, describe};
use super::keeper::{Keeper, Reconcile};
use super::shared::Shared;
use crate::bus::link::{Bus, BusError, Inbox, Relayed};
use ::redis::{RedisError, RedisResult};
use futures_util::future::{BoxFuture, FutureExt, ready};
use std::sync::Arc;
use sticky_core::choice::Fanout;
use sticky_core::identity::Identity;
use sticky_core::ids::ClientId;
use sticky_core::presence::Presence;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// One worker's link to Redis.
pub(crate) struct RedisBus {
    config: RedisConfig,
    link: Arc<Shared>,
    changes: mpsc::UnboundedSender<Reconcile>,
    _keeper: DropGuard,
}

impl RedisBus {
    /// Starts connecting on the current runtime, and doesn't wait for it: the keeper keeps trying in the background.
    pub(crate) fn start(config: RedisConfig, inbox: Arc<dyn Inbox>, identity: &Identity) -> Self {
        let (changes, inbound) = mpsc::unbounded_channel();
        let link = Arc::new(Shared::default());
        let stop = CancellationToken::new();
        let keeper = Keeper {
            config: config.clone(),
            inbox,
            link: link.clone(),
            name: format!("sticky-app:{}:{}:{}", identity.pod, identity.worker, identity.boot),
            boot: identity.boot.clone(),
            changes: inbound,
            abandoned: Vec::new(),
            missing: Vec::new(),
        };
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = keeper.run() => {}
                () = stopped.cancelled() => {}
            }
        });
        Self { config, link, changes, _keeper: stop.drop_guard() }
    }
}

impl Bus for RedisBus {
    fn kind(&self) -> &'static str {
        "redis"
    }
    fn fanout(&self) -> Fanout {
        self.config.fanout()
    }
    fn is_up(&self) -> bool {
        self.link.is_up()
    }

    fn is_deaf(&self) -> bool {
        self.link.pulse.is_deaf(self.link.pulse.now())
    }

    fn trouble(&self) -> Option<String> {
        self.link.trouble()
    }

    fn reconcile<'a>(&'a self, id: ClientId) -> BoxFuture<'a, bool> {
        let (done, confirmed) = oneshot::channel();
        if self.changes.send((id, done)).is_err() {
            return ready(false).boxed();
        }
        async move { confirmed.await.unwrap_or(false) }.boxed()
    }

    fn publish<'a>(&'a self, message: &'a Relayed) -> BoxFuture<'a, Result<u64, BusError>> {
        async move {
            let Some(mut publisher) = self.link.publisher_soon().await else { return Err(BusError::NotSent) };
            let channel = match self.config.fanout() {
                Fanout::Directed => self.config.channel_of(&message.to),
                Fanout::Broadcast => self.config.all_channel(),
            };
            let payload = sticky_core::wire::json(message);
            ::redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(&mut publisher).await.map_err(|error| outcome(&error))
        }
        .boxed()
    }

    fn announce<'a>(&'a self, presence: Presence) -> BoxFuture<'a, ()> {
        async move {
            let Some(mut publisher) = self.link.publisher() else { return };
            let payload = sticky_core::wire::json(&presence);
            let sent: RedisResult<()> = ::redis::cmd("PUBLISH").arg(self.config.presence_channel()).arg(payload).query_async(&mut publisher).await;
            if let Err(error) = sent {
                tracing::debug!(error = describe(&error), "could not announce the presence");
            }
        }
        .boxed()
    }
}

/// What is known of a message after an error: Redis refused it, or gave no answer and may have passed it on.
fn outcome(error: &RedisError) -> BusError {
    tracing::debug!(error = describe(error), "a message was not confirmed");
    if error.code().is_some() { BusError::NotSent } else { BusError::Unknown }
}
